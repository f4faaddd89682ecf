import type { Delivery } from "./entry.ts";
import { newId } from "./identifier.ts";
import type { Outbox } from "./outbox.ts";

/** A question on its way to the store; a new object whenever something of it changes. */
export interface Question {
  /** The client message id, made once: every attempt to send carries it. */
  readonly id: string;
  readonly text: string;
  readonly contextText: string | null;
  readonly delivery: Delivery;
  /** The sentence why sending was given up. */
  readonly failure: string | null;
}

/** The questions of a conversation that are not yet read back from the store, in the order of asking. */
export interface Questions {
  list(): readonly Question[];
  get(id: string): Question | undefined;
  /** A new one, `queued`. */
  add(text: string, contextText: string | null): Question;
  mark(id: string, delivery: Delivery, failure?: string): void;
  remove(id: string): void;
}

/** What {@link createQuestions} takes. */
export interface QuestionsOptions {
  readonly conversationId: string;
  readonly outbox: Outbox;
  /** Told after each change. */
  readonly onChange: () => void;
}

/**
 * Keeps questions until they are stored. What the outbox holds from before a reload is taken up: it was under
 * way, so it is sent again under its id (once is once), unless sending had been given up.
 */
export function createQuestions(options: QuestionsOptions): Questions {
  const { conversationId, outbox, onChange } = options;
  let place = 0;
  let list: Question[] = outbox
    .list(conversationId)
    .map(({ id, text, contextText, failure, place: kept }) => {
      place = Math.max(place, kept);
      return { id, text, contextText, failure, delivery: failure === null ? "queued" : "failed" };
    });

  const keep = (question: Question): void => {
    const { id, text, contextText, failure } = question;
    const unsent = question.delivery !== "saved" && question.delivery !== "unsaved";
    if (unsent) outbox.put(conversationId, { id, text, contextText, failure, place: ++place });
    else outbox.remove(conversationId, id);
  };

  return {
    list: () => list,
    get: (id) => list.find((question) => question.id === id),
    add(text, contextText) {
      const question: Question = { id: newId(), text, contextText, delivery: "queued", failure: null };
      list = [...list, question];
      keep(question);
      onChange();
      return question;
    },
    mark(id, delivery, failure) {
      list = list.map((question) => {
        if (question.id !== id) return question;
        const marked = { ...question, delivery, failure: failure ?? null };
        keep(marked);
        return marked;
      });
      onChange();
    },
    remove(id) {
      list = list.filter((question) => question.id !== id);
      outbox.remove(conversationId, id);
      onChange();
    },
  };
}
