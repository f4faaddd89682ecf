import type { Message } from "./message.ts";

/** A summary of the messages from `fromSeq` to `toSeq`. */
export interface Summary {
  readonly text: string;
  readonly fromSeq: number;
  readonly toSeq: number;
}

/** A message of a context. */
export interface ContextMessage {
  readonly message: Message;
  /** Whether it is older than the latest turns and was recalled because it matches the question. */
  readonly recalled: boolean;
  /** Tokens of its text and parts, by the context's tokenizer. */
  readonly tokens: number;
}

/** The part of a conversation's history that a responder gets, without the question. */
export interface Context {
  /** Oldest first: recalled turns, then the latest turns. Whole turns only, each once. */
  readonly messages: readonly ContextMessage[];
  /** A summary of what is older than the latest turns; `null` where summaries are off. */
  readonly summary: Summary | null;
  /** Tokens of the whole context, without the question. */
  readonly tokens: number;
  /** The maximum of `tokens`. */
  readonly tokenBudget: number;
}

/** Options of `History.getContext`. */
export interface ContextQuery {
  /** The question to recall older messages for. Default: none; nothing is recalled. */
  readonly question?: string | undefined;
}

/** The record of a context that is stored with its turn. */
export interface ContextRecord {
  /** The `seq` of the messages of the latest turns. */
  readonly latest: readonly number[];
  /** The `seq` of the recalled messages. */
  readonly recalled: readonly number[];
  readonly summary: { readonly fromSeq: number; readonly toSeq: number } | null;
  readonly tokens: number;
  readonly tokenBudget: number;
}
