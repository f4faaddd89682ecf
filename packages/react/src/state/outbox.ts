import type { TextStorage } from "./storage.ts";

/** A question that the server has not yet confirmed. */
export interface UnsentQuestion {
  /** The client message id: sending again with it asks nothing twice. */
  readonly id: string;
  readonly text: string;
  readonly contextText: string | null;
  /** The sentence why sending was given up; `null` while it still may be under way. */
  readonly failure: string | null;
  /** Orders the questions of a conversation; counted, not timed. */
  readonly place: number;
}

/** Questions on their way: kept until the server has confirmed them, so that a reload loses no text. */
export interface Outbox {
  /** The unsent questions of a conversation, in the order in which they were asked. */
  list(conversationId: string): UnsentQuestion[];
  put(conversationId: string, question: UnsentQuestion): void;
  remove(conversationId: string, questionId: string): void;
}

/**
 * Keeps each question under its own key, `chatkeep-outbox:<conversation id>:<question id>`: two tabs that
 * write at once cannot overwrite each other's.
 */
export function createOutbox(storage: TextStorage): Outbox {
  const prefix = (conversationId: string): string => `chatkeep-outbox:${conversationId}:`;
  return {
    list: (conversationId) =>
      storage
        .keys(prefix(conversationId))
        .flatMap((key) => parse(storage.get(key)))
        .sort((a, b) => a.place - b.place),
    put: (conversationId, question) =>
      storage.set(prefix(conversationId) + question.id, JSON.stringify(question)),
    remove: (conversationId, questionId) => storage.remove(prefix(conversationId) + questionId),
  };
}

/** None when another program wrote something else under the key. */
function parse(text: string | null): UnsentQuestion[] {
  try {
    const value = JSON.parse(text ?? "null") as Partial<UnsentQuestion> | null;
    if (typeof value?.id !== "string" || typeof value.text !== "string") return [];
    const { id, text: question, contextText = null, failure = null, place = 0 } = value;
    return [{ id, text: question, contextText, failure, place }];
  } catch {
    return [];
  }
}
