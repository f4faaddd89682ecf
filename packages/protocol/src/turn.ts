import type { Chunk } from "./chunk.ts";
import type { JsonObject } from "./json.ts";
import type { Failure, Message } from "./message.ts";
import type { Part } from "./part.ts";

/**
 * `queued` until its question is asked, `running`, or one of the settled states. `waiting`: the answer ends with calls that wait for a person, by an approval or a
 * client's tool; its message is `complete`. It becomes `complete` when the conversation goes on, or `interrupted` when the
 * time to answer is over. Any other settled turn never changes.
 */
export const TURN_STATUSES = [
  "queued",
  "running",
  "waiting",
  "complete",
  "stopped",
  "interrupted",
  "failed",
] as const;
/** One of {@link TURN_STATUSES}. */
export type TurnStatus = (typeof TURN_STATUSES)[number];

/** How a question is handled while another turn runs; see {@link Question.whenBusy}. */
export const WHEN_BUSY = ["reject", "queue", "steer"] as const;

/** One user message and everything that the responder answers. */
export interface Turn {
  readonly id: string;
  readonly conversationId: string;
  readonly status: TurnStatus;
  /** The question's id. */
  readonly messageId: string;
  /** The answer's id. The message exists from the start, with status `streaming`. */
  readonly replyId: string | null;
  /** `false` only for an answer given unsaved during an outage (policy `best-effort`). */
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

/** A question. Give `content` or `parts`: 1 to 10,000 code points of text, not blank. */
export interface Question {
  /**
   * Default `user`. `tool`: `tool-result` and `approval` parts only, for calls that the last answer left to the client; the
   * new answer continues that answer. A single part `step` continues an answer that leaves no calls, from its last words.
   */
  readonly role?: "user" | "tool" | undefined;
  /** The client's id for the message. A retry with it never asks twice. */
  readonly id?: string | undefined;
  /**
   * The message that the question follows: `null` for the beginning; default the head. With the parent of an earlier
   * question it becomes a version of that question.
   */
  readonly parent?: string | null | undefined;
  readonly content?: string | undefined;
  readonly parts?: readonly Part[] | undefined;
  /** The text that the person had selected. */
  readonly contextText?: string | null | undefined;
  readonly metadata?: JsonObject | null | undefined;
  /**
   * While another turn runs: `reject` (default) throws `turn_in_progress`. `queue` stores the question, which begins its
   * turn after that one and those queued before it. `steer` queues it before the others, and asks the responder to end
   * its answer early; see `ResponderRequest.steered`. Results of tools are never queued.
   */
  readonly whenBusy?: (typeof WHEN_BUSY)[number] | undefined;
}

/** A question that waits for another turn to end. */
export interface QueuedQuestion {
  /** The client's id for the message. */
  readonly id: string;
  /** The turn that will answer it. */
  readonly turnId: string;
  /** The message that it will follow; absent: the head at that time. */
  readonly parent?: string | null;
  readonly parts: readonly Part[];
  /** The text of `parts`. */
  readonly content: string;
  readonly contextText: string | null;
  readonly metadata: JsonObject | null;
  /** Whether it was queued with `steer`, and so comes before others. */
  readonly steers: boolean;
  /** Whether it waits for its owner to send it again with its id, or delete it: an answer was stopped, or it could not begin. */
  readonly held: boolean;
  readonly createdAt: string;
}

/**
 * One numbered event of a turn's stream. Event 1 is the `start` chunk. An event that repeats the number before it is a
 * notice, not stored: during an outage a `message-metadata` chunk tells whether text waits to be committed
 * (`waiting`), and before event 1 such a chunk says that the question is `queued`.
 */
export interface TurnEvent extends SeenEvent {
  readonly chunk: Chunk;
}

/** An event that a reader has seen. */
export interface SeenEvent {
  readonly seq: number;
  /** The attempt of the turn during which it was read, from 2 on; absent in the first. */
  readonly attempt?: number | undefined;
}

/** A turn that a call began, or that already existed under the same client message id. */
export interface StartedTurn {
  readonly turn: Turn;
  /** All events from the first until the turn is settled. Leaving the loop detaches the reader and stops nothing. */
  readonly events: AsyncIterable<TurnEvent>;
}

/** How to follow a turn. */
export interface FollowOptions {
  /**
   * The last event already seen, or its number. Default 0: start with the first. With the event itself, the
   * error `events_expired` reports that a failover lost it and another attempt wrote other words under its number.
   */
  readonly after?: number | SeenEvent | undefined;
  /** Aborting detaches this reader; the turn goes on. */
  readonly signal?: AbortSignal | undefined;
}
