import type { Delivery } from "./entry.ts";
import { newId } from "./identifier.ts";
import type { UnsentQuestion, UnsentQuestions } from "./unsent.ts";

/** A question on its way to the store; a new object whenever something of it changes. */
export interface Question extends UnsentQuestion {
  readonly delivery: Delivery;
}

/** The questions of a conversation that are not yet read back from the store, in the order of asking. */
export interface Questions {
  list(): readonly Question[];
  get(id: string): Question | undefined;
  /** The first with this delivery. */
  first(delivery: Delivery): Question | undefined;
  /** A new one, `queued`. */
  add(text: string, contextText: string | null): Question;
  /** Changes it; a `failure` is forgotten unless it is given again. */
  mark(id: string, change: QuestionChange): void;
  remove(id: string): void;
}

/** What changes of a question on its way. */
type QuestionChange = Pick<Question, "delivery"> & Partial<Pick<Question, "failure" | "shown">>;

/** What {@link createQuestions} takes. */
export interface QuestionsOptions {
  readonly conversationId: string;
  readonly unsent: UnsentQuestions;
  /** Told after each change. */
  readonly onChange: () => void;
}

/**
 * Keeps questions until they are stored. What was kept from before a reload is taken up: it was under way, so
 * it is sent again under its id (once is once), unless sending had been given up.
 */
export function createQuestions(options: QuestionsOptions): Questions {
  const { conversationId, unsent, onChange } = options;
  let list: readonly Question[] = unsent
    .list(conversationId)
    .map(({ id, text, contextText, failure, shown }) => ({
      id,
      text,
      contextText,
      failure,
      shown,
      delivery: shown !== null ? "unsaved" : failure === null ? "queued" : "failed",
    }));

  const keep = ({ delivery, ...question }: Question): void => {
    if (delivery === "saved") unsent.remove(conversationId, question.id);
    else unsent.put(conversationId, question);
  };

  return {
    list: () => list,
    get: (id) => list.find((question) => question.id === id),
    first: (delivery) => list.find((question) => question.delivery === delivery),
    add(text, contextText) {
      const question: Question = {
        id: newId(),
        text,
        contextText,
        delivery: "queued",
        failure: null,
        shown: null,
      };
      list = [...list, question];
      keep(question);
      onChange();
      return question;
    },
    mark(id, change) {
      list = list.map((question) => {
        if (question.id !== id) return question;
        const marked: Question = { ...question, failure: null, ...change };
        keep(marked);
        return marked;
      });
      onChange();
    },
    remove(id) {
      list = list.filter((question) => question.id !== id);
      unsent.remove(conversationId, id);
      onChange();
    },
  };
}
