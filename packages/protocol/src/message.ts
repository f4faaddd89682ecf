import type { Citation } from "./citation.ts";
import type { Feedback } from "./feedback.ts";
import type { Json, JsonObject } from "./json.ts";
import type { Part } from "./part.ts";

/** The roles of a message. */
export const ROLES = ["system", "user", "assistant", "tool"] as const;
/** One of {@link ROLES}. */
export type Role = (typeof ROLES)[number];

/**
 * The states of a message: `streaming` while its turn runs; `stopped` by a person, `interrupted` if its node died or
 * ended and no other continued it, `failed` by its responder. Each keeps the partial text.
 */
export const MESSAGE_STATUSES = ["complete", "streaming", "stopped", "interrupted", "failed"] as const;
/** One of {@link MESSAGE_STATUSES}. */
export type MessageStatus = (typeof MESSAGE_STATUSES)[number];

/** Tokens and cost of an answer. */
export interface Usage {
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly totalTokens: number | null;
  /** Of the input tokens, those that the provider had cached. */
  readonly cachedTokens?: number;
  /** Of the output tokens, those of reasoning. */
  readonly reasoningTokens?: number;
  /** US dollars, where the price of the model is known. */
  readonly cost?: number;
}

/** Why an answer failed: a code, and a sentence that a person can act on. Never a stack trace or SQL. */
export interface Failure {
  /** `model_error`, `model_timeout`, `interrupted`, … */
  readonly code: string;
  readonly detail: string;
}

/** One entry of a conversation. */
export interface Message {
  /** The client's id where it gave one, else a UUID; unique within the conversation. */
  readonly id: string;
  /** 1, 2, 3, … over all branches of the conversation: allocated under its row lock in commit order, without gaps, never reused. */
  readonly seq: number;
  readonly conversationId: string;
  /** The owner's subject; `null` for an anonymous session. */
  readonly userId: string | null;
  /** The message that this one follows; `null` for the first. */
  readonly parentId: string | null;
  /** Messages with the same parent are versions of each other. `index` starts at 1 and follows the order of arrival. */
  readonly versions: { readonly index: number; readonly count: number };
  readonly turnId: string | null;
  readonly role: Role;
  readonly status: MessageStatus;
  /** The stored content. `content`, `toolCalls`, `toolCallId` and `citations` are derived from it. */
  readonly parts: readonly Part[];
  readonly content: string;
  readonly toolCalls: Json | null;
  readonly toolCallId: string | null;
  readonly citations: readonly Citation[] | null;
  /** The text that the person had selected when asking. */
  readonly contextText: string | null;
  /** The intent that the responder recognized, e.g. `create_todo`. */
  readonly intent: string | null;
  /** Whether the responder carried out the intent. */
  readonly processed: boolean | null;
  readonly model: string | null;
  readonly usage: Usage | null;
  readonly error: Failure | null;
  readonly metadata: JsonObject | null;
  /** The owner's feedback on this answer. */
  readonly feedback: Feedback | null;
  /** ISO 8601, milliseconds, UTC. For display only: nothing is ordered by it. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A message to store. Give `parts`, or `content` with the other shorthands. */
export interface MessageInput {
  /** The client's id: 1 to 128 printable ASCII characters without a space. A retry with it stores nothing twice. */
  readonly id?: string | undefined;
  readonly role: Role;
  readonly parts?: readonly Part[] | undefined;
  readonly content?: string | undefined;
  readonly toolCalls?: Json | undefined;
  readonly toolCallId?: string | undefined;
  readonly citations?: readonly Citation[] | undefined;
  readonly contextText?: string | null | undefined;
  readonly intent?: string | null | undefined;
  readonly processed?: boolean | null | undefined;
  readonly model?: string | null | undefined;
  readonly usage?: Usage | null | undefined;
  readonly metadata?: JsonObject | null | undefined;
  /**
   * When it was written elsewhere, as an ISO 8601 instant; default: now. Over HTTP this and the next two need a server
   * key. Nothing is ordered by it, but a conversation with a `createdAt` of its own: see {@link ConversationInit}.
   */
  readonly createdAt?: string | null | undefined;
  /** Of an answer that was cut off elsewhere: `stopped`, `interrupted` or `failed`. Default `complete`. */
  readonly status?: Exclude<MessageStatus, "streaming"> | null | undefined;
  /** Why an answer failed elsewhere. */
  readonly error?: Failure | null | undefined;
}

/** Options of `History.appendMessages`. */
export interface AppendOptions {
  /** The message that the first one follows: `null` for the beginning; default the head. */
  readonly parent?: string | null | undefined;
  /** Append only if this message is the head; otherwise `conflict`. */
  readonly expectedHead?: string | undefined;
}

/** One version of a message. */
export interface MessageVersion {
  readonly id: string;
  readonly role: Role;
  /** The first 200 code points at most. */
  readonly preview: string | null;
  readonly createdAt: string;
}

/** Which messages to list. At most one of `before`, `after`, `around` and `offset`. */
export interface MessageQuery {
  /** The last message of the branch to list; default the head. */
  readonly leaf?: string | undefined;
  /** `all`: messages of all branches in order of arrival. Takes `before` or `after`, but not `leaf`. */
  readonly branches?: "all" | undefined;
  /** 1 to 100 (default 50). */
  readonly limit?: number | undefined;
  /** The latest messages with a smaller `seq`. */
  readonly before?: number | undefined;
  /** The earliest messages with a greater `seq`. */
  readonly after?: number | undefined;
  /** A window around this `seq`: half of `limit` up to and including it, half after it. */
  readonly around?: number | undefined;
  /** How many of the newest messages to skip. */
  readonly offset?: number | undefined;
  /** With `url`, files that were sent as `data:` URLs have an address in place of their bytes, and no bytes are read. */
  readonly files?: "url" | undefined;
}

/** A window of a branch, oldest first. */
export interface MessagePage {
  readonly messages: readonly Message[];
  /** The number of messages in the whole branch, or in all branches. */
  readonly total: number;
  /** Whether there are older messages than this window. */
  readonly hasMore: boolean;
}

/** Whether a message continues the answer before it because its turn began with results of the client's tools. */
export function continuesAnswer(message: Message, before: Message | undefined): boolean {
  return (
    message.role === "assistant" &&
    before?.role === "tool" &&
    before.turnId !== null &&
    before.turnId === message.turnId
  );
}
