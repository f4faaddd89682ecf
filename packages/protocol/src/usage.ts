import type { ChatkeepError } from "./errors.ts";

/** The usage of one model on one day. */
export interface UsageDay {
  /** The day on which the answers were stored, in UTC: `2026-11-29`. */
  readonly day: string;
  /** Empty if it is not known. */
  readonly model: string;
  /** The number of answers whose model reported its usage. */
  readonly answers: number;
  readonly inputTokens: number;
  /** Of the input tokens, those that the provider had cached. */
  readonly cachedTokens: number;
  readonly outputTokens: number;
  /** Of the output tokens, those of reasoning. */
  readonly reasoningTokens: number;
  readonly totalTokens: number;
  /** US dollars, where the price of the model is known. */
  readonly cost: number;
}

/** A budget of an owner, with its used amount. */
export interface Budget {
  /** Tokens in all, or US dollars. */
  readonly unit: "tokens" | "cost";
  /** In UTC. */
  readonly period: "day" | "month";
  readonly limit: number;
  readonly used: number;
  /** 0 once it is used up. */
  readonly left: number;
  /** When the next period begins, ISO 8601. */
  readonly renewsAt: string;
}

/** The usage and budgets of one owner. */
export interface OwnerUsage {
  /** By day and model, the latest day first. */
  readonly days: readonly UsageDay[];
  /** Empty without a budget. */
  readonly budgets: readonly Budget[];
}

/** Which usage to read. */
export interface UsageQuery {
  /** The number of days, today included: 1 to 366 (default 30). */
  readonly days?: number | undefined;
}

/** The most that one owner's answers may use; 0 is no limit. */
export interface BudgetLimits {
  readonly tokensPerDay: number;
  readonly tokensPerMonth: number;
  /** US dollars. */
  readonly costPerDay: number;
  /** US dollars. */
  readonly costPerMonth: number;
}

/** The budget that a `rate_limited` error of a history on PostgreSQL is about; `undefined` for other limits. */
export function budgetOf(error: ChatkeepError): Budget | undefined {
  return error.code === "rate_limited" ? (error as { budget?: Budget }).budget : undefined;
}
