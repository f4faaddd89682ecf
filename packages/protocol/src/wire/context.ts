import type { Context, ContextRecord } from "../context.ts";
import { type WireMessage, messageFromWire, messageToWire } from "./message.ts";

export interface WireContext {
  messages: { message: WireMessage; recalled: boolean; tokens: number }[];
  summary: { text: string; from_seq: number; to_seq: number } | null;
  tokens: number;
  token_budget: number;
}

export function contextToWire({ messages, summary, tokens, tokenBudget }: Context): WireContext {
  return {
    messages: messages.map((one) => ({ ...one, message: messageToWire(one.message) })),
    summary:
      summary === null ? null : { text: summary.text, from_seq: summary.fromSeq, to_seq: summary.toSeq },
    tokens,
    token_budget: tokenBudget,
  };
}

export function contextFromWire({ messages, summary, tokens, token_budget }: WireContext): Context {
  return {
    messages: messages.map((one) => ({ ...one, message: messageFromWire(one.message) })),
    summary:
      summary === null ? null : { text: summary.text, fromSeq: summary.from_seq, toSeq: summary.to_seq },
    tokens,
    tokenBudget: token_budget,
  };
}

export interface WireContextRecord {
  latest: readonly number[];
  recalled: readonly number[];
  summary: { from_seq: number; to_seq: number } | null;
  tokens: number;
  token_budget: number;
}

export function contextRecordToWire({ summary, tokenBudget, ...rest }: ContextRecord): WireContextRecord {
  return {
    ...rest,
    summary: summary === null ? null : { from_seq: summary.fromSeq, to_seq: summary.toSeq },
    token_budget: tokenBudget,
  };
}

export function contextRecordFromWire({ summary, token_budget, ...rest }: WireContextRecord): ContextRecord {
  return {
    ...rest,
    summary: summary === null ? null : { fromSeq: summary.from_seq, toSeq: summary.to_seq },
    tokenBudget: token_budget,
  };
}
