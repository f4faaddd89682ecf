import type { Budget, OwnerUsage, UsageDay } from "../usage.ts";

export interface WireUsageDay {
  day: string;
  model: string;
  answers: number;
  input_tokens: number;
  cached_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  total_tokens: number;
  cost: number;
}

export interface WireBudget {
  unit: "tokens" | "cost";
  period: "day" | "month";
  limit: number;
  used: number;
  left: number;
  renews_at: string;
}

export interface WireOwnerUsage {
  days: WireUsageDay[];
  budgets: WireBudget[];
}

/** The usage of all owners together. It names none of them. */
export interface WireUsageTotals {
  days: (WireUsageDay & { owners: number })[];
}

export function usageDayToWire(day: UsageDay): WireUsageDay {
  return {
    day: day.day,
    model: day.model,
    answers: day.answers,
    input_tokens: day.inputTokens,
    cached_tokens: day.cachedTokens,
    output_tokens: day.outputTokens,
    reasoning_tokens: day.reasoningTokens,
    total_tokens: day.totalTokens,
    cost: day.cost,
  };
}

export function usageDayFromWire(wire: WireUsageDay): UsageDay {
  return {
    day: wire.day,
    model: wire.model,
    answers: wire.answers,
    inputTokens: wire.input_tokens,
    cachedTokens: wire.cached_tokens,
    outputTokens: wire.output_tokens,
    reasoningTokens: wire.reasoning_tokens,
    totalTokens: wire.total_tokens,
    cost: wire.cost,
  };
}

export function budgetToWire({ renewsAt, ...budget }: Budget): WireBudget {
  return { ...budget, renews_at: renewsAt };
}

export function ownerUsageToWire({ days, budgets }: OwnerUsage): WireOwnerUsage {
  return { days: days.map(usageDayToWire), budgets: budgets.map(budgetToWire) };
}

export function ownerUsageFromWire({ days, budgets }: WireOwnerUsage): OwnerUsage {
  return {
    days: days.map(usageDayFromWire),
    budgets: budgets.map(({ renews_at: renewsAt, ...budget }) => ({ ...budget, renewsAt })),
  };
}
