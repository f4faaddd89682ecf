import type { Budget, UsageDay } from "@chatkeep/protocol";
import type { Log } from "@chatkeep/server";

import type { Environment } from "./environment.ts";
import { type OwnerOptions, ownerOf, withHistory } from "./owner-data.ts";
import { StartError } from "./start-error.ts";

const COLUMNS: readonly (readonly [head: string, value: (day: UsageDay) => string])[] = [
  ["day", ({ day }) => day],
  ["model", ({ model }) => model || "-"],
  ["answers", ({ answers }) => String(answers)],
  ["input", ({ inputTokens }) => String(inputTokens)],
  ["cached", ({ cachedTokens }) => String(cachedTokens)],
  ["output", ({ outputTokens }) => String(outputTokens)],
  ["reasoning", ({ reasoningTokens }) => String(reasoningTokens)],
  ["cost", ({ cost }) => `$${cost.toFixed(4)}`],
];

/** `chatkeep usage`: a table of tokens and cost; for one owner, also the rest of their budgets. */
export async function runUsage(
  environment: Environment,
  { days: given, ...who }: OwnerOptions & { readonly days?: string | undefined },
  log: Log,
): Promise<string> {
  const days = given === undefined ? 30 : Number(given);
  if (!Number.isInteger(days) || days < 1 || days > 366) {
    throw new StartError("--days must be a whole number from 1 to 366.");
  }
  const isOfAll = who.user === undefined && who.session === undefined;
  // No file is read.
  return withHistory({ ...environment, objects: undefined }, log, async (history) => {
    const { days: used, budgets } = isOfAll
      ? { days: await history.sumUsage({ days }), budgets: [] }
      : await history.getUsage(ownerOf(environment, who, "usage"), { days });
    return [tableOf(used), ...budgets.map(budgetSentence)].join("\n");
  });
}

function tableOf(days: readonly UsageDay[]): string {
  if (days.length === 0) return "No answer reported its usage in these days.";
  const rows = [
    COLUMNS.map(([head]) => head),
    ...days.map((day) => COLUMNS.map(([, value]) => value(day).replaceAll(/\p{Cc}/gu, " "))),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lineOf = (row: readonly string[]): string =>
    row
      .map((text, column) => (column < 2 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!)))
      .join("  ");
  return rows.map(lineOf).join("\n");
}

function budgetSentence({ unit, period, limit, left, renewsAt }: Budget): string {
  const amount = (value: number): string => (unit === "tokens" ? `${value} tokens` : `$${value.toFixed(2)}`);
  return `${amount(left)} of ${amount(limit)} a ${period} are left until ${renewsAt}.`;
}
