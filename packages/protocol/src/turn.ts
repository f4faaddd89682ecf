import type { Chunk } from "./chunk.ts";
import type { JsonObject } from "./json.ts";
import type { Failure, Message } from "./message.ts";
import type { Part } from "./part.ts";

/** `running`, and the four ways in which a turn is settled. A settled turn never changes again. */
export const TURN_STATUSES = ["running", "complete", "stopped", "interrupted", "failed"] as const;
/** `running`, and the four ways in which a turn is settled. */
export type TurnStatus = (typeof TURN_STATUSES)[number];

/** One user message and all that the responder says to it. */
export interface Turn {
  readonly id: string;
  readonly conversationId: string;
  readonly status: TurnStatus;
  /** The question. */
  readonly messageId: string;
  /** The answer's message, there from the beginning with status `streaming`. */
  readonly replyId: string | null;
  /** `false` only when an outage made us answer without saving (policy `best-effort`). */
  readonly persisted: boolean;
  readonly error: Failure | null;
  readonly createdAt: string;
  readonly settledAt: string | null;
}

/** A turn with its question and its answer so far. */
export interface TurnState {
  readonly turn: Turn;
  readonly message: Message;
  readonly reply: Message | null;
}

/** What a caller asks. Either `content` or `parts`; 1 to 10,000 code points of text, not blank. */
export interface Question {
  /**
   * Default `user`. `tool`: results (`tool-result` parts and nothing else) of calls that the last answer left
   * to the client; what is answered then goes on with that answer.
   */
  readonly role?: "user" | "tool" | undefined;
  /** The client's id for the message: a retry with it never asks twice. */
  readonly id?: string | undefined;
  /**
   * The message that it follows: `null` for the beginning, default the head. With the parent of an earlier question
   * it is a new version of that.
   */
  readonly parent?: string | null | undefined;
  readonly content?: string | undefined;
  readonly parts?: readonly Part[] | undefined;
  /** What the person had selected. */
  readonly contextText?: string | null | undefined;
  readonly metadata?: JsonObject | null | undefined;
}

/**
 * One numbered piece of a turn's stream: 1 is its `start`, and the last is followed by nothing. A piece that
 * repeats the number before it is a notice whether more waits to be committed (`waiting` of a
 * `message-metadata` chunk): given in an outage, and not stored.
 */
export interface TurnEvent {
  readonly seq: number;
  readonly chunk: Chunk;
}

/** A turn that has been begun, or was already running or settled under the same client message id. */
export interface StartedTurn {
  readonly turn: Turn;
  /** Every event from the first, until the turn is settled. Leaving the loop detaches; it stops nothing. */
  readonly events: AsyncIterable<TurnEvent>;
}

/** How to follow a turn. */
export interface FollowOptions {
  /** The last event already seen (default 0: from the beginning). */
  readonly after?: number | undefined;
  /** Aborting detaches this reader; the turn goes on. */
  readonly signal?: AbortSignal | undefined;
}
