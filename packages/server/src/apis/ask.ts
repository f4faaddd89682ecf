import { randomUUID } from "node:crypto";

import {
  type Answer,
  ChatkeepError,
  type ConversationInit,
  type History,
  type Owner,
  type Question,
  type StartedTurn,
  type TurnEvent,
  type TurnState,
  createFold,
  isChatkeepError,
  isNotice,
} from "@chatkeep/protocol";

import { unsavedTurnState } from "./unsaved.ts";

/** A question to a history. */
export interface Asking {
  readonly history: Pick<History, "createConversation" | "startTurn" | "getTurn">;
  readonly owner: Owner;
  /** The id of the conversation, or which one to get or create. */
  readonly conversation: string | ConversationInit;
  readonly question: Question;
  /** Aborting detaches the reader; the turn goes on. */
  readonly signal: AbortSignal;
}

/** A turn that an API began. */
export interface Begun extends StartedTurn {
  readonly asking: Asking;
}

/**
 * Begins a turn in a conversation, which is created if it does not exist. While the database is down it begins the turn
 * without the conversation, so that the outage policy decides whether to answer.
 */
export async function beginTurn(asking: Asking): Promise<Begun> {
  const { history, owner, question, signal } = asking;
  const init = asking.conversation;
  if (typeof init === "string") {
    return { ...(await history.startTurn(owner, init, question, { signal })), asking };
  }
  const made = await history.createConversation(owner, init).catch((error: unknown) => {
    if (isChatkeepError(error, "unavailable")) return undefined;
    throw error;
  });
  const id = made?.conversation.id ?? init.id ?? randomUUID();
  try {
    return { ...(await history.startTurn(owner, id, question, { signal })), asking };
  } catch (error) {
    // The database came back between the two calls.
    if (made !== undefined || !isChatkeepError(error, "conversation_not_found")) throw error;
    const { conversation } = await history.createConversation(owner, init);
    return { ...(await history.startTurn(owner, conversation.id, question, { signal })), asking };
  }
}

/** Reads a turn to its end and returns it settled. */
export async function settledTurn({ turn, events, asking }: Begun): Promise<TurnState> {
  const { history, owner, question, signal } = asking;
  const answer = await foldEvents(events);
  signal.throwIfAborted();
  if (!answer.persisted) return unsavedTurnState({ owner, question, turn, answer });
  return history.getTurn(owner, turn.conversationId, turn.id);
}

/**
 * Folds the whole answer. Errors: `unavailable` once text waits to be committed during an outage: a reply that is no
 * stream cannot tell so, and a retry attaches to the turn.
 */
export async function foldEvents(events: AsyncIterable<TurnEvent>): Promise<Answer> {
  const fold = createFold();
  for await (const { chunk } of events) {
    fold.push(chunk);
    if (isNotice(chunk) && fold.answer().waiting) {
      const detail =
        "The answer cannot be saved at the moment. Nothing is lost: send the question again with its id.";
      throw new ChatkeepError("unavailable", detail, { retryAfter: 2 });
    }
  }
  return fold.answer();
}

/** The fields that an API adds to an answer that is not complete, or not saved. Old clients ignore them. */
export function endingOf({ turn }: TurnState): Ending {
  return {
    ...(turn.status === "complete" || turn.status === "waiting"
      ? {}
      : { status: turn.status, error: turn.error }),
    ...(turn.persisted ? {} : { persisted: false }),
  };
}

interface Ending {
  status?: string;
  error?: object | null;
  persisted?: boolean;
}

/** The client's id of a question, from its `Idempotency-Key`: for APIs that have no field for it. */
export function questionId(request: Request): string | undefined {
  return request.headers.get("idempotency-key") ?? undefined;
}
