import type { Delivery } from "./entry.ts";
import { newId } from "./identifier.ts";
import type { Origin } from "./scope.ts";
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
  add(asked: AskedQuestion): Question;
  /** Changes it; a `failure` is forgotten unless it is given again. */
  mark(id: string, change: QuestionChange): void;
  remove(id: string): void;
  /** Takes up what another tab has kept or let go of, except of a question that is being sent here. */
  sync(): void;
}

/** What a person asks. */
type AskedQuestion = Pick<UnsentQuestion, "text" | "contextText" | "replaces">;

/** What changes of a question on its way. */
type QuestionChange = Pick<Question, "delivery"> & Partial<Pick<Question, "failure" | "shown" | "replaces">>;

/** What {@link createQuestions} takes. */
export interface QuestionsOptions {
  readonly conversationId: string;
  readonly origin: Origin;
  readonly unsent: UnsentQuestions;
  /** Told after each change. */
  readonly onChange: () => void;
}

/**
 * Keeps questions until they are stored. What was kept from before a reload is taken up: it was under way, so
 * it is sent again under its id (once is once), unless sending had been given up.
 */
export function createQuestions(options: QuestionsOptions): Questions {
  const { conversationId, origin, unsent, onChange } = options;
  let list: readonly Question[] = unsent.list(conversationId).map(takenUp);

  const keep = ({ delivery, ...question }: Question): void => {
    if (delivery === "saved") unsent.remove(conversationId, question.id);
    else unsent.put(conversationId, question);
  };

  return {
    list: () => list,
    get: (id) => list.find((question) => question.id === id),
    first: (delivery) => list.find((question) => question.delivery === delivery),
    add(asked) {
      const fresh = { delivery: "queued", failure: null, shown: null } as const;
      const question: Question = { ...asked, ...fresh, id: newId(), origin };
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
    sync() {
      const kept = new Map(unsent.list(conversationId).map((question) => [question.id, question]));
      const stays = ({ id, delivery }: Question): boolean =>
        kept.has(id) || delivery === "sending" || delivery === "saved";
      const staying = list.filter(stays);
      const known = new Set(staying.map(({ id }) => id));
      list = [
        ...staying.map((question) => renewed(question, kept.get(question.id))),
        ...[...kept.values()].filter(({ id }) => !known.has(id)).map(takenUp),
      ];
      onChange();
    },
  };
}

function takenUp(question: UnsentQuestion): Question {
  const { shown, failure } = question;
  return { ...question, delivery: shown !== null ? "unsaved" : failure === null ? "queued" : "failed" };
}

/** The question as another tab has marked it, unless it is being sent here. */
function renewed(question: Question, kept: UnsentQuestion | undefined): Question {
  const { delivery, failure, shown } = question;
  if (kept === undefined || delivery === "sending" || delivery === "saved") return question;
  const same = kept.failure === failure && (kept.shown === null) === (shown === null);
  return same ? question : takenUp(kept);
}
