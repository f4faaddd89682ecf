import type { Turn } from "@chatkeep/protocol";

import type { Effect, ThreadEvent } from "./events.ts";
import { appended, prepended } from "./messages.ts";
import {
  IDLE,
  type KeptQuestion,
  type Question,
  type ThreadModel,
  loadedOf,
  nextQuestion,
  runningTurn,
  takenUp,
} from "./model.ts";
import { PAGE, type Side } from "./read.ts";
import { arrived, readFailed, readOf, requestRead, turnFound } from "./reading.ts";
import {
  type Step,
  chain,
  failed,
  letGo,
  liveTurn,
  mark,
  next,
  queued,
  setQuestion,
  step,
  withSide,
  withTurn,
} from "./step.ts";

/** Says what an event changes in a conversation, and what is to be done. Reads no clock, storage or network. */
export function reduce(model: ThreadModel, event: ThreadEvent): Step {
  switch (event.type) {
    case "open":
      return opened(model);
    case "found":
      return event.exists
        ? requestRead({ ...model, exists: true }, "newer")
        : next({ ...model, status: model.status === "ready" ? "ready" : "new", failedReadings: 0 });
    case "created":
      return step({ ...model, exists: true });
    case "read":
      return readOf(model, event.read);
    case "read-failed":
      return readFailed(model, event);
    case "load":
      return load(model, event.side, "loading");
    case "side-read": {
      const { side, edge, page } = event;
      const loaded = loadedOf(model);
      // Begun anew meanwhile: the page would not meet what is loaded.
      const meets = (side === "older" ? loaded.list[0] : loaded.list.at(-1))?.seq === edge;
      const messages =
        side === "older" ? prepended(loaded, page) : appended(loaded, page, page.messages.length >= PAGE);
      return step(withSide(meets ? { ...model, messages } : model, side, IDLE));
    }
    case "side-failed": {
      const { side, kind } = event;
      const attempt = model.sides[side].failures;
      const now = withSide(model, side, { state: "failed", failures: attempt + 1 });
      return kind === "passing" ? step(now, { type: "wait", for: side, attempt }) : step(now);
    }
    case "turn-found":
      return turnFound(model, event.turn);
    case "waited":
      if (event.for === "busy") return next({ ...model, busy: false });
      if (event.for !== "reading")
        // A person may have pressed Retry since, which then waits itself.
        return event.attempt === model.sides[event.for].failures - 1
          ? load(model, event.for, "again")
          : step(model);
      return (event.attempt ?? model.failedReadings - 1) === model.failedReadings - 1
        ? sought(model)
        : step(model);

    case "ask":
      return ask(model, { ...event, replaces: null });
    case "continue": {
      const { id, replyId, text } = event;
      const { list, hasNewer } = loadedOf(model);
      const index = list.findIndex((message) => message.id === replyId);
      const following = list[index + 1]?.id ?? replyId;
      const isLast = index === list.length - 1 && !hasNewer;
      const replaces = isLast ? null : { id: following, parentId: replyId };
      if (index < 0) return step(model);
      // An answer that is not complete goes on from its last words; one that is, is asked to.
      const isComplete = list[index]?.status === "complete";
      const asked = isComplete ? { text, parts: [] } : { text: "", parts: [{ type: "step" } as const] };
      return ask(model, { id, contextText: null, ...asked, replaces });
    }
    case "edit": {
      const { id, questionId, text } = event;
      const stored = loadedOf(model).list.find((message) => message.id === questionId);
      const pending = model.questions.find((question) => question.id === questionId);
      const edited = stored ?? pending;
      if (edited === undefined) return step(model);
      // Not read back yet, what it follows is not known; or it is another tab's version, on its way in its place.
      const unread = pending?.replaces ?? { id: questionId };
      const replaces = stored === undefined ? unread : { id: questionId, parentId: stored.parentId };
      const parts = edited.parts.filter(({ type }) => type === "file");
      return ask(model, { id, text, contextText: edited.contextText, parts, replaces });
    }
    case "retry":
      return chain(
        mark(model, event.questionId, (question) =>
          question.delivery === "failed" ? { ...question, delivery: "queued", failure: null } : question,
        ),
        next,
      );
    case "started":
      return started(model, event.questionId, event.turn);
    case "regenerating": {
      const live = liveTurn(event.turn, event.turn.replyId ?? "");
      const turns = [...model.turns.filter(({ turnId }) => turnId !== live.turnId), live];
      return step(
        { ...model, turns, outcome: "generating" },
        { type: "follow", turn: live },
        { type: "report-activity" },
      );
    }
    case "busy":
      return chain(mark({ ...model, sending: null, busy: true }, event.questionId, queued), (now) =>
        requestRead(now, "newer"),
      );
    case "not-kept":
      return chain(
        kept(setQuestion({ ...model, sending: null }, event.questionId, queued), event.questions, true),
        next,
      );
    case "not-sent":
      return chain(
        mark({ ...model, sending: null, outcome: "not_sent" }, event.questionId, failed(event.failure)),
        next,
      );

    case "progress":
      return step(withTurn(model, event.turnId, { answer: event.answer }));
    case "connection":
      return step(withTurn(model, event.turnId, { connection: event.connection }));
    case "ended":
      return ended(withTurn(model, event.turnId, { answer: event.answer, ended: true }), event.turnId);
    case "stop": {
      const turn = runningTurn(model);
      if (turn !== undefined)
        return step(withTurn(model, turn.turnId, { stopping: true }), { type: "stop", turnId: turn.turnId });
      const { sending } = model;
      if (sending !== null) return step({ ...model, sending: { ...sending, stopping: true } });
      return step({ ...model, stopNext: nextQuestion(model) !== undefined });
    }
    case "stop-failed":
      return step(withTurn(model, event.turnId, { stopping: false }));

    case "saved":
      return requestRead(
        { ...setQuestion(model, event.questionId, (one) => ({ ...one, delivery: "saved" })), unread: true },
        "newer",
      );
    case "reask":
      return chain(mark(withoutTurnsOf(model, event.questionId), event.questionId, queued), next);
    case "refused":
      return mark(model, event.questionId, failed(event.failure));
    case "cleared": {
      // Nothing of it comes back from here.
      const gone = model.questions.filter(({ delivery }) => delivery !== "sending");
      const questions = model.questions.filter(({ delivery }) => delivery === "sending");
      return chain(step({ ...model, questions }, ...gone.map(letGo)), (now) => requestRead(now, "latest"));
    }
    case "kept":
      return chain(kept(model, event.questions, event.letGo), next);
    case "go-to": {
      const going = { ...model, goingTo: event.seq };
      const holds = loadedOf(model).list.some(({ seq }) => seq === event.seq);
      if (holds && model.reading === null) return step(arrived(going));
      return requestRead(going, { around: event.seq });
    }
    case "to-latest":
      return loadedOf(model).hasNewer
        ? requestRead({ ...model, target: null }, "latest")
        : step({ ...model, target: null });
  }
}

function opened(model: ThreadModel): Step {
  const { status, questions } = model;
  const fresh = status === "ready" || status === "new" ? model : { ...model, status: "loading" as const };
  const followed = model.turns.flatMap((turn): Effect[] => (turn.ended ? [] : [{ type: "follow", turn }]));
  const unsaved = questions.some(({ delivery }) => delivery === "unsaved");
  const save: Effect[] = unsaved ? [{ type: "save" }] : [];
  return chain(step(fresh, ...followed, ...save), sought);
}

/** Reads the page at one side, unless that is being done. */
function load(model: ThreadModel, side: Side, state: "loading" | "again"): Step {
  const { list, hasOlder, hasNewer } = loadedOf(model);
  const edge = (side === "older" ? list[0] : list.at(-1))?.seq;
  const exists = side === "older" ? hasOlder : hasNewer;
  const { state: now } = model.sides[side];
  if (edge === undefined || !exists || now === "loading" || now === "again") return step(model);
  return step(withSide(model, side, { state }), { type: "read-side", side, edge });
}

/** Reads a conversation that exists, or looks for the scope's. */
function sought(model: ThreadModel): Step {
  const { exists, origin } = model;
  if (exists) return requestRead(model, "newer");
  return origin.kind === "scope" ? step(model, { type: "find", scope: origin.scope.id }) : next(model);
}

function ask(
  model: ThreadModel,
  asked: Pick<KeptQuestion, "id" | "text" | "contextText" | "parts" | "replaces">,
): Step {
  const { id, text, contextText, parts, replaces } = asked;
  const question: Question = {
    id,
    text,
    contextText,
    parts,
    replaces,
    failure: null,
    token: null,
    origin: model.origin,
    delivery: "queued",
  };
  const begun = step({ ...model, questions: [...model.questions, question] }, { type: "keep", question });
  const shown = loadedOf(model).hasNewer ? chain(begun, (now) => requestRead(now, "latest")) : begun;
  return chain(shown, next);
}

function started(model: ThreadModel, questionId: string, turn: Turn): Step {
  const delivery = turn.persisted ? "saved" : "unsaved";
  const stop = model.sending?.stopping === true;
  const live = { ...liveTurn(turn, turn.replyId ?? `${turn.id}-reply`), stopping: stop };
  const known = model.turns.some(({ turnId }) => turnId === turn.id);
  const now: ThreadModel = {
    ...setQuestion(model, questionId, (question) => ({ ...question, delivery })),
    status: model.status === "new" ? "ready" : model.status,
    turns: known ? model.turns : [...model.turns, live],
    sending: null,
    outcome: "generating",
  };
  const effects: Effect[] = turn.persisted ? [{ type: "let-go", questionId }] : [];
  effects.push({ type: "follow", turn: live }, { type: "report-activity" });
  if (stop) effects.push({ type: "stop", turnId: turn.id });
  return step(now, ...effects);
}

/** What the store has of an ended turn replaces what was followed; what it has not is kept for it. */
function ended(model: ThreadModel, turnId: string): Step {
  const turn = model.turns.find((each) => each.turnId === turnId);
  if (turn === undefined) return step(model);
  const { questionId, persisted, answer } = turn;
  const { status, token } = answer;
  const outcome = status === "running" ? "interrupted" : status;
  const now: ThreadModel = { ...model, outcome };
  if (persisted) return requestRead({ ...now, unread: true }, "newer");
  if (status === "running" || token === null) return next(now);
  return chain(
    chain(
      mark(now, questionId, (question) => ({ ...question, delivery: "unsaved", token })),
      (then) => step(then, { type: "save" }),
    ),
    next,
  );
}

/** Takes up what another tab has kept or let go of, except of a question that is being sent here. */
function kept(model: ThreadModel, questions: readonly KeptQuestion[], anyLetGo: boolean): Step {
  const byId = new Map(questions.map((question) => [question.id, question]));
  const own = ({ delivery }: Question): boolean => delivery === "sending" || delivery === "saved";
  const staying = model.questions.filter((question) => byId.has(question.id) || own(question));
  const known = new Set(staying.map(({ id }) => id));
  const renewed = staying.map((question): Question => {
    const other = byId.get(question.id);
    if (other === undefined || own(question)) return question;
    const same = other.failure === question.failure && other.token === question.token;
    return same ? question : takenUp(other);
  });
  const fresh = questions.filter(({ id }) => !known.has(id)).map(takenUp);
  const now = { ...model, questions: [...renewed, ...fresh] };
  return anyLetGo ? requestRead(now, "newer") : step(now);
}

function withoutTurnsOf(model: ThreadModel, questionId: string): ThreadModel {
  return { ...model, turns: model.turns.filter((turn) => turn.questionId !== questionId) };
}
