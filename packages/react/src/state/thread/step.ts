import type { Turn } from "@chatkeep/protocol";

import type { Effect } from "./events.ts";
import {
  type LiveTurn,
  NO_ANSWER,
  type Question,
  type SideState,
  type ThreadModel,
  nextQuestion,
  runningTurn,
} from "./model.ts";

/** What a conversation is after an event, and what is to be done. */
export interface Step {
  readonly model: ThreadModel;
  readonly effects: readonly Effect[];
}

/** A step with these effects. */
export function step(model: ThreadModel, ...effects: readonly Effect[]): Step {
  return { model, effects };
}

/** Both steps, one after the other. */
export function chain(first: Step, then: (model: ThreadModel) => Step): Step {
  const second = then(first.model);
  return { model: second.model, effects: [...first.effects, ...second.effects] };
}

/** Sends the next question if nothing is in its way: one turn at a time runs in a conversation. */
export function next(model: ThreadModel): Step {
  const question = nextQuestion(model);
  // In an outage nothing can be read back, and a question may be answered all the same.
  const unread = model.unread && model.failedReadings === 0;
  const blocked = model.sending !== null || model.busy || unread || runningTurn(model) !== undefined;
  if (question === undefined || blocked) return step(model);
  const sent: Question = { ...question, delivery: "sending" };
  return step(
    {
      ...setQuestion(model, question.id, () => sent),
      sending: { questionId: question.id, stopping: model.stopNext },
      stopNext: false,
      outcome: "none",
    },
    { type: "send", question: sent },
  );
}

/** Changes a question here alone. */
export function setQuestion(
  model: ThreadModel,
  questionId: string,
  change: (question: Question) => Question,
): ThreadModel {
  const questions = model.questions.map((one) => (one.id === questionId ? change(one) : one));
  return { ...model, questions };
}

/** Changes a question, here and where the browser keeps it. */
export function mark(model: ThreadModel, questionId: string, change: (question: Question) => Question): Step {
  const now = setQuestion(model, questionId, change);
  const question = now.questions.find(({ id }) => id === questionId);
  return question === undefined ? step(now) : step(now, { type: "keep", question });
}

/** Waits to be sent. */
export function queued(question: Question): Question {
  return { ...question, delivery: "queued", failure: null, token: null };
}

/** Could not be sent, for this reason. */
export function failed(failure: string): (question: Question) => Question {
  return (question) => ({ ...question, delivery: "failed", failure, token: null });
}

/** Removes it from the browser's storage. */
export function letGo({ id }: Question): Effect {
  return { type: "let-go", questionId: id };
}

/** A turn of which nothing has arrived. */
export function liveTurn(turn: Turn, replyId: string): LiveTurn {
  return {
    turnId: turn.id,
    questionId: turn.messageId,
    replyId,
    persisted: turn.persisted,
    answer: { ...NO_ANSWER },
    connection: "live",
    stopping: false,
    ended: false,
  };
}

/** Changes a turn. */
export function withTurn(model: ThreadModel, turnId: string, change: Partial<LiveTurn>): ThreadModel {
  const turns = model.turns.map((turn) => {
    if (turn.turnId !== turnId) return turn;
    return { ...turn, ...change, persisted: turn.persisted && (change.answer?.persisted ?? true) };
  });
  return { ...model, turns };
}

/** Changes what is known of one side. */
export function withSide(
  model: ThreadModel,
  side: keyof ThreadModel["sides"],
  change: Partial<SideState>,
): ThreadModel {
  return { ...model, sides: { ...model.sides, [side]: { ...model.sides[side], ...change } } };
}
