import type { ShownAnswer } from "@chatkeep/protocol";

import type { TextStorage } from "./storage.ts";

/** A question that is not known to be saved. */
export interface UnsentQuestion {
  /** The client message id: sending again with it asks nothing twice. */
  readonly id: string;
  readonly text: string;
  readonly contextText: string | null;
  /** The sentence why sending was given up; `null` while it still may be under way. */
  readonly failure: string | null;
  /** The answer that was shown to it during an outage without being saved. */
  readonly shown: ShownAnswer | null;
}

/** Keeps questions until they are known to be saved, so that a reload loses no text. */
export interface UnsentQuestions {
  /** The conversations that have any. */
  conversations(): string[];
  /** Those of a conversation, in the order in which they were asked. */
  list(conversationId: string): UnsentQuestion[];
  put(conversationId: string, question: UnsentQuestion): void;
  remove(conversationId: string, questionId: string): void;
}

const PREFIX = "chatkeep-unsent:";

/**
 * Keeps each question under a key of its own, `chatkeep-unsent:<conversation id>:<question id>`: of two tabs
 * that write at once neither overwrites what the other keeps.
 */
export function createUnsentQuestions(storage: TextStorage): UnsentQuestions {
  const keyOf = (conversationId: string, questionId: string): string =>
    `${PREFIX}${conversationId}:${questionId}`;
  const read = (conversationId: string): KeptQuestion[] =>
    storage
      .keys(keyOf(conversationId, ""))
      .flatMap((key) => parse(storage.get(key)))
      .sort((a, b) => a.place - b.place);

  return {
    conversations() {
      const ids = storage.keys(PREFIX).map((key) => key.slice(PREFIX.length, key.lastIndexOf(":")));
      return [...new Set(ids)];
    },
    list: read,
    put(conversationId, question) {
      const kept = read(conversationId);
      const place = kept.find(({ id }) => id === question.id)?.place ?? (kept.at(-1)?.place ?? 0) + 1;
      storage.set(keyOf(conversationId, question.id), JSON.stringify({ ...question, place }));
    },
    remove: (conversationId, questionId) => storage.remove(keyOf(conversationId, questionId)),
  };
}

/** `place` orders the questions of a conversation; counted, not timed. */
type KeptQuestion = UnsentQuestion & { readonly place: number };

/** None when another program wrote something else under the key. */
function parse(text: string | null): KeptQuestion[] {
  try {
    const value = JSON.parse(text ?? "null") as Partial<KeptQuestion> | null;
    if (typeof value?.id !== "string" || typeof value.text !== "string") return [];
    const { id, text: question, contextText = null, failure = null, shown = null, place = 0 } = value;
    return [{ id, text: question, contextText, failure, shown, place }];
  } catch {
    return [];
  }
}
