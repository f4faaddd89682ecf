import type { Message } from "./message.ts";

/** What stands for the messages from one number to another. */
export interface Summary {
  readonly text: string;
  readonly fromSeq: number;
  readonly toSeq: number;
}

/** A message of a context. */
export interface ContextMessage {
  readonly message: Message;
  /** Whether it is older than the latest turns and was taken because it fits the question. */
  readonly recalled: boolean;
  /** Tokens of its text and parts, by the tokenizer of the context. */
  readonly tokens: number;
}

/** What a responder is given of a conversation's history, apart from the question. */
export interface Context {
  /** Oldest first: recalled turns, then the latest ones; whole turns only, none twice. */
  readonly messages: readonly ContextMessage[];
  /** Of what is older than the latest turns; `null` when nobody summarizes. */
  readonly summary: Summary | null;
  /** All of it, the question not counted. */
  readonly tokens: number;
  /** What `tokens` may come to. */
  readonly tokenBudget: number;
}

/** What to make a context for. */
export interface ContextQuery {
  /** The question that it is for. Default: none, so that nothing is recalled. */
  readonly question?: string | undefined;
}

/** What of a context a turn keeps. */
export interface ContextRecord {
  /** Numbers of the messages that were sent. */
  readonly latest: readonly number[];
  /** Numbers of those that were recalled. */
  readonly recalled: readonly number[];
  readonly summary: { readonly fromSeq: number; readonly toSeq: number } | null;
  readonly tokens: number;
  readonly tokenBudget: number;
}
