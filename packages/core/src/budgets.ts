import { type Budget, type BudgetLimits, ChatkeepError } from "@chatkeep/protocol";

import { instant } from "./database/values.ts";

/** A row of `read_budgets`. */
export type BudgetRow = Pick<Budget, "unit" | "period" | "used"> & { most: number; renews_at: string };

export function budgetFromRow({ unit, period, most, used, renews_at: renewsAt }: BudgetRow): Budget {
  return { unit, period, limit: most, used, left: Math.max(0, most - used), renewsAt: instant(renewsAt) };
}

/** The error for a used-up budget. `row` is the JSON from `check_budgets`; `budgetOf` reads the budget from the error. */
export function budgetError(row: string, cause: unknown): ChatkeepError {
  const budget = budgetFromRow(JSON.parse(row) as BudgetRow);
  const { unit, period, limit, renewsAt } = budget;
  const error = new ChatkeepError(
    "rate_limited",
    `The budget of ${limit} ${unit === "tokens" ? "tokens" : "US dollars"} a ${period} is used up. It is renewed at ${renewsAt}.`,
    { retryAfter: Math.max(1, Math.ceil((Date.parse(renewsAt) - Date.now()) / 1000)), cause },
  );
  return Object.assign(error, { budget });
}

/** Budgets, each optional. */
export type GivenLimits = { readonly [Limit in keyof BudgetLimits]?: BudgetLimits[Limit] | undefined };

type BudgetColumn = "tokens_per_day" | "tokens_per_month" | "cost_per_day" | "cost_per_month";

const COLUMNS: Readonly<Record<keyof BudgetLimits, BudgetColumn>> = {
  tokensPerDay: "tokens_per_day",
  tokensPerMonth: "tokens_per_month",
  costPerDay: "cost_per_day",
  costPerMonth: "cost_per_month",
};

/** Limits by the names of their columns; those that are not given are left out. Errors: `invalid_request`. */
export function budgetColumns(limits: GivenLimits): Partial<Record<BudgetColumn, number>> {
  const given = Object.entries(COLUMNS).flatMap(([name, column]) => {
    const limit = limits[name as keyof BudgetLimits];
    if (limit === undefined) return [];
    const isTokens = name.startsWith("tokens");
    if (!(limit >= 0 && limit <= Number.MAX_SAFE_INTEGER) || (isTokens && !Number.isInteger(limit))) {
      throw new ChatkeepError(
        "invalid_request",
        `\`${column}\` must be a ${isTokens ? "whole number" : "number"} of at least 0.`,
        { pointer: `/${column}` },
      );
    }
    return [[column, limit] as const];
  });
  return Object.fromEntries(given);
}

/** The default budgets as SQL functions take them; `null` if there are none. */
export function budgetDefaults(limits: Partial<BudgetLimits> = {}): object | null {
  const columns = budgetColumns(limits);
  return Object.values(columns).some((limit) => limit > 0) ? columns : null;
}
