import {
  type History,
  type Owner,
  type UsageDay,
  type WireUsageDay,
  usageDayFromWire,
} from "@chatkeep/protocol";

import { checkRange, ownerId } from "./arguments.ts";
import { type BudgetRow, type GivenLimits, budgetColumns, budgetFromRow } from "./budgets.ts";
import type { Database } from "./database/database.ts";
import { unescapeText } from "./database/values.ts";

/** The usage of one model on one day by all owners. */
export interface UsageTotal extends UsageDay {
  /** The number of owners who used the model. */
  readonly owners: number;
}

/** The counts of usage, and the budgets. */
export interface UsageCounters extends Pick<History, "getUsage"> {
  /**
   * Sets an owner's own budgets. An omitted budget is the default; 0 is no limit. Errors: `invalid_request` for a
   * negative number.
   */
  setBudgets(owner: Owner, own: GivenLimits): Promise<void>;
  /**
   * Adds up the usage of all owners in the last `days` (default 30, today included), by day and model, the latest day first.
   * Reads a counter for each owner, day and model. Errors: `unavailable`.
   */
  sumUsage(query?: { readonly days?: number | undefined }): Promise<UsageTotal[]>;
}

export interface UsageOptions {
  readonly database: Database;
  /** The budgets of owners who have none of their own, as `budgetDefaults` gives them. */
  readonly defaults: object | null;
}

/** The most days that are read at once. */
const MOST_DAYS = 366;

interface OwnerUsageRow {
  days: WireUsageDay[];
  budgets: BudgetRow[];
}

export function createUsage({ database, defaults }: UsageOptions): UsageCounters {
  return {
    async getUsage(owner, { days } = {}) {
      const [row] = await database.call("get_usage", {
        owner: ownerId(owner),
        days: checkRange(days, "days", 1, MOST_DAYS, 30),
        defaults,
      });
      const usage = row!.get_usage as OwnerUsageRow;
      return { days: usage.days.map(dayOf), budgets: usage.budgets.map(budgetFromRow) };
    },

    async setBudgets(owner, own) {
      await database.call("set_budgets", {
        owner: ownerId(owner),
        owner_kind: owner.kind,
        tokens_per_day: null,
        tokens_per_month: null,
        cost_per_day: null,
        cost_per_month: null,
        ...budgetColumns(own),
      });
    },

    async sumUsage({ days } = {}) {
      const [row] = await database.call("sum_usage", {
        days: checkRange(days, "days", 1, MOST_DAYS, 30),
      });
      const found = row!.sum_usage as (WireUsageDay & { owners: number })[];
      return found.map((wire) => ({ ...dayOf(wire), owners: wire.owners }));
    },
  };
}

function dayOf(wire: WireUsageDay): UsageDay {
  return { ...usageDayFromWire(wire), model: unescapeText(wire.model) };
}
