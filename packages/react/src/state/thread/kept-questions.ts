import type { OutboxEntry, OutboxStorage } from "@chatkeep/protocol";

import type { Origin } from "../scope.ts";
import type { TextStorage } from "../storage.ts";
import { type KeptQuestion, isReply, partsOf } from "./model.ts";

/** Keeps questions in the browser until they are known to be saved, so that a reload loses no text. */
export interface KeptQuestions {
  /** The conversations that have any. */
  conversations(): string[];
  /** Those of a conversation, in the order in which they were asked. */
  list(conversationId: string): KeptQuestion[];
  put(conversationId: string, question: KeptQuestion): void;
  remove(conversationId: string, questionId: string): void;
  /** A question as a history takes it. */
  asked(question: Pick<KeptQuestion, "id" | "text" | "contextText" | "parts">): OutboxEntry["question"];
  /** These questions as the storage of the conversation's outbox. */
  storage(conversationId: string): OutboxStorage;
  /** Where a conversation comes from that has any; `stored` where nothing else is known. */
  originOf(conversationId: string): Origin;
  /** Makes other tabs read the conversation, which has changed without a question. */
  announce(conversationId: string): void;
  /** Moves the questions to another conversation. */
  move(fromId: string, toId: string): void;
  /** The conversation that a key of the storage belongs to; `null` for a key of something else. */
  conversationOf(key: string): string | null;
}

const PREFIX = "chatkeep-unsent:";

/**
 * Keeps each question under a key of its own, `chatkeep-unsent:<conversation id>:<question id>`: of two tabs
 * that write at once neither overwrites what the other keeps.
 */
export function createKeptQuestions(storage: TextStorage): KeptQuestions {
  const keyOf = (conversationId: string, questionId: string): string =>
    `${PREFIX}${conversationId}:${questionId}`;
  const list = (conversationId: string): NumberedQuestion[] =>
    storage
      .keys(keyOf(conversationId, ""))
      .flatMap((key) => parse(storage.get(key)))
      .sort((a, b) => a.number - b.number);
  const put = (conversationId: string, question: KeptQuestion): void => {
    const kept = list(conversationId);
    const number = kept.find(({ id }) => id === question.id)?.number ?? (kept.at(-1)?.number ?? 0) + 1;
    const { id, text, contextText, parts, failure, token, replaces, origin } = question;
    const value: NumberedQuestion = {
      id,
      text,
      contextText,
      parts,
      failure,
      token,
      replaces,
      origin,
      number,
    };
    storage.set(keyOf(conversationId, id), JSON.stringify(value));
  };
  const remove = (conversationId: string, questionId: string): void =>
    storage.remove(keyOf(conversationId, questionId));

  return {
    conversations: () => [...new Set(storage.keys(PREFIX).map(conversationOf))],
    conversationOf: (key) => (key.startsWith(PREFIX) ? conversationOf(key) : null),
    list,
    put,
    remove,
    asked,
    storage: (conversationId) => ({
      load: () =>
        list(conversationId).map(({ token, replaces, ...kept }): OutboxEntry => {
          const parent = replaces === null ? {} : { parent: replaces.parentId };
          const question = { ...asked(kept), ...parent };
          return { conversationId, question, ...(token === null ? {} : { token }) };
        }),
      put({ question: { id }, token = null }) {
        const kept = list(conversationId).find((each) => each.id === id);
        // Another tab may have let go of it meanwhile.
        if (kept !== undefined) put(conversationId, { ...kept, token });
      },
      remove: (questionId) => remove(conversationId, questionId),
    }),
    originOf(conversationId) {
      const origin = list(conversationId)[0]?.origin ?? { kind: "stored" };
      // It may have been created before the reload.
      return origin.kind === "new" ? { ...origin, kind: "stored" } : origin;
    },
    announce(conversationId) {
      const key = keyOf(conversationId, "");
      storage.set(key, "null");
      storage.remove(key);
    },
    move(fromId, toId) {
      for (const question of list(fromId)) {
        put(toId, { ...question, origin: { kind: "stored" } });
        remove(fromId, question.id);
      }
    },
  };
}

function conversationOf(key: string): string {
  return key.slice(PREFIX.length, key.lastIndexOf(":"));
}

/** `number` orders the questions of a conversation; counted, not timed. */
type NumberedQuestion = KeptQuestion & { readonly number: number };

/** None when another program wrote something else under the key. */
function parse(text: string | null): NumberedQuestion[] {
  try {
    const value = JSON.parse(text ?? "null") as Partial<NumberedQuestion> | null;
    if (typeof value?.id !== "string" || typeof value.text !== "string") return [];
    const { id, text: question, contextText = null, parts = [], failure = null, token = null } = value;
    // An earlier release kept an id here.
    const replaces = typeof value.replaces === "object" ? value.replaces : null;
    const { number = 0, origin = { kind: "stored" } } = value;
    return [{ id, text: question, contextText, parts, failure, token, replaces, origin, number }];
  } catch {
    return [];
  }
}

const asked: KeptQuestions["asked"] = (question) => {
  const { id, text, contextText } = question;
  const body = question.parts.length === 0 ? { content: text } : { parts: partsOf(question) };
  return { id, ...(isReply(question) && { role: "tool" as const }), ...body, contextText };
};
