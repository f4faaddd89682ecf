import type { ShownAnswer } from "@chatkeep/protocol";

import type { Origin } from "./scope.ts";
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
  /** The stored question that it is asked in place of; that one is taken back before this one is sent. */
  readonly replaces: string | null;
  /** Where its conversation came from when it was asked, which may not be created yet. */
  readonly origin: Origin;
}

/** Keeps questions until they are known to be saved, so that a reload loses no text. */
export interface UnsentQuestions {
  /** The conversations that have any. */
  conversations(): string[];
  /** Those of a conversation, in the order in which they were asked. */
  list(conversationId: string): UnsentQuestion[];
  put(conversationId: string, question: UnsentQuestion): void;
  /** Where a conversation comes from that has any; `stored` where nothing else is known. */
  originOf(conversationId: string): Origin;
  /** They are of another conversation than was thought. */
  move(fromId: string, toId: string): void;
  remove(conversationId: string, questionId: string): void;
  /** The conversation that a key of the storage belongs to; `null` for a key of something else. */
  conversationOf(key: string): string | null;
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

  const put = (conversationId: string, question: UnsentQuestion): void => {
    const kept = read(conversationId);
    const place = kept.find(({ id }) => id === question.id)?.place ?? (kept.at(-1)?.place ?? 0) + 1;
    storage.set(keyOf(conversationId, question.id), JSON.stringify({ ...question, place }));
  };

  return {
    conversations: () => [...new Set(storage.keys(PREFIX).map(conversationOf))],
    conversationOf: (key) => (key.startsWith(PREFIX) ? conversationOf(key) : null),
    list: read,
    put,
    originOf(conversationId) {
      const origin = read(conversationId)[0]?.origin ?? { kind: "stored" };
      // It may have been created before the reload.
      return origin.kind === "new" ? { ...origin, kind: "stored" } : origin;
    },
    move(fromId, toId) {
      for (const question of read(fromId)) {
        put(toId, { ...question, origin: { kind: "stored" } });
        storage.remove(keyOf(fromId, question.id));
      }
    },
    remove: (conversationId, questionId) => storage.remove(keyOf(conversationId, questionId)),
  };
}

function conversationOf(key: string): string {
  return key.slice(PREFIX.length, key.lastIndexOf(":"));
}

/** `place` orders the questions of a conversation; counted, not timed. */
type KeptQuestion = UnsentQuestion & { readonly place: number };

/** None when another program wrote something else under the key. */
function parse(text: string | null): KeptQuestion[] {
  try {
    const value = JSON.parse(text ?? "null") as Partial<KeptQuestion> | null;
    if (typeof value?.id !== "string" || typeof value.text !== "string") return [];
    const { id, text: question, contextText = null, failure = null, shown = null, replaces = null } = value;
    const { place = 0, origin = { kind: "stored" } } = value;
    return [{ id, text: question, contextText, failure, shown, replaces, origin, place }];
  } catch {
    return [];
  }
}
