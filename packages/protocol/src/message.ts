import type { Citation } from "./citation.ts";
import type { Json, JsonObject } from "./json.ts";
import type { Part } from "./part.ts";

/** Who speaks in a message. */
export const ROLES = ["system", "user", "assistant", "tool"] as const;
/** Who speaks in a message. */
export type Role = (typeof ROLES)[number];

/**
 * How a message stands: `streaming` while its turn runs; `stopped` by a person, `interrupted` by a
 * node's death or a deploy, `failed` by its responder: in each the partial text is kept.
 */
export const MESSAGE_STATUSES = ["complete", "streaming", "stopped", "interrupted", "failed"] as const;
/** How a message stands. */
export type MessageStatus = (typeof MESSAGE_STATUSES)[number];

/** What an answer cost. */
export interface Usage {
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly totalTokens: number | null;
  /** US dollars, where the price of the model is known. */
  readonly cost?: number;
}

/** Why an answer failed: a code and the sentence that a person can act on. Never a stack, never SQL. */
export interface Failure {
  /** `model_error`, `model_timeout`, `interrupted`, … */
  readonly code: string;
  readonly detail: string;
}

/** One entry of a conversation. */
export interface Message {
  /** The client's id where it gave one, else a UUID; unique within the conversation. */
  readonly id: string;
  /** 1, 2, 3, … within the conversation, of all branches: allocated under its row lock, without a gap, in commit order, and never twice. */
  readonly seq: number;
  readonly conversationId: string;
  /** The owner's subject; `null` for an anonymous session. */
  readonly userId: string | null;
  /** The message that this one follows; `null` for the first. */
  readonly parentId: string | null;
  /** Messages with the same parent are versions of each other: which of them this is, from 1 on in the order of arrival. */
  readonly versions: { readonly index: number; readonly count: number };
  readonly turnId: string | null;
  readonly role: Role;
  readonly status: MessageStatus;
  /** The one source of truth; `content`, `toolCalls`, `toolCallId` and `citations` are derived from it. */
  readonly parts: readonly Part[];
  readonly content: string;
  readonly toolCalls: Json | null;
  readonly toolCallId: string | null;
  readonly citations: readonly Citation[] | null;
  /** What the person had selected when asking. */
  readonly contextText: string | null;
  /** What the responder took the question for, e.g. `create_todo`. */
  readonly intent: string | null;
  /** Whether what was asked for was done. */
  readonly processed: boolean | null;
  readonly model: string | null;
  readonly usage: Usage | null;
  readonly error: Failure | null;
  readonly metadata: JsonObject | null;
  /** ISO 8601, milliseconds, UTC. For people to read: nothing is ordered by it. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What a caller gives of a message. Either `parts`, or `content` with the other shorthands. */
export interface MessageInput {
  /** The client's id: 1 to 128 printable ASCII characters without a space. The same id again stores nothing twice. */
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
}

/** Where messages are appended. */
export interface AppendOptions {
  /** The message that the first of them follows: `null` for the beginning, default the head. */
  readonly parent?: string | null | undefined;
  /** Append only if the conversation's head is this message, else `conflict`. */
  readonly expectedHead?: string | undefined;
}

/** One version of a message. */
export interface MessageVersion {
  readonly id: string;
  readonly role: Role;
  /** Its beginning: at most 200 code points. */
  readonly preview: string | null;
  readonly createdAt: string;
}

/** Which messages to page: at most one of `before`, `after`, `around` and `offset`. */
export interface MessageQuery {
  /** The last message of the branch to list; default the head. */
  readonly leaf?: string | undefined;
  /** 1 to 100 (default 50). */
  readonly limit?: number | undefined;
  /** Only messages with a smaller `seq`: the latest of them. */
  readonly before?: number | undefined;
  /** Only messages with a greater `seq`: the earliest of them. */
  readonly after?: number | undefined;
  /** A window with this `seq` in its middle: half of `limit` up to and with it, half behind it. */
  readonly around?: number | undefined;
  /** How many of the newest to leave out. */
  readonly offset?: number | undefined;
}

/** A window of a branch, oldest first. */
export interface MessagePage {
  readonly messages: readonly Message[];
  /** How many messages the branch holds: not the length of this page. */
  readonly total: number;
  /** Whether older messages than this window's exist. */
  readonly hasMore: boolean;
}

/** Whether a message continues the answer before it: its turn began with results of the client's tools. */
export function continuesAnswer(message: Message, before: Message | undefined): boolean {
  return (
    message.role === "assistant" &&
    before?.role === "tool" &&
    before.turnId !== null &&
    before.turnId === message.turnId
  );
}
