import type { Entry } from "./entry.ts";
import type { Connection } from "./follow.ts";

/**
 * What is known of a conversation's stored messages: `new` before its first question, `loading`, `ready`;
 * `failed` when they could not be read (it may hold much: never shown as empty), `missing` when it does not
 * exist or is not this owner's.
 */
export type ThreadStatus = "new" | "loading" | "ready" | "failed" | "missing";

/** Whether more messages exist on one side than those read, are on their way, or could not be read. */
export type MoreMessages = "none" | "more" | "loading" | "failed";

/** The last boundary that a person who cannot see the page is told of. */
export type Outcome = "none" | "generating" | "complete" | "stopped" | "interrupted" | "failed" | "not_sent";

/** A conversation as it is shown. */
export interface ThreadState {
  readonly conversationId: string;
  readonly status: ThreadStatus;
  /** The sentence why the messages could not be read. */
  readonly failure: string | null;
  /** Oldest first. */
  readonly entries: readonly Entry[];
  /** Whether older messages than these exist. */
  readonly older: MoreMessages;
  /** Whether newer messages than these exist: the middle of the conversation is shown, not its end. */
  readonly newer: MoreMessages;
  /** The message that was gone to; a new object each time, also for the same message. */
  readonly target: { readonly id: string } | null;
  /** The answer that is being made; `replyId` is `null` until the server has taken the question. */
  readonly running: {
    readonly replyId: string | null;
    readonly stopping: boolean;
    /** `waiting`: words wait to be saved, and are shown once they are. */
    readonly connection: Connection | "waiting";
  } | null;
  readonly outcome: Outcome;
}
