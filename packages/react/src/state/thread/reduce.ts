import type { Turn } from "@chatkeep/protocol";

import type { Effect, ThreadEvent } from "./events.ts";
import { appended, merged, ofPage, prepended } from "./messages.ts";
import {
  type KeptQuestion,
  type LiveTurn,
  type Question,
  NO_ANSWER,
  type ThreadModel,
  loadedOf,
  nextQuestion,
  runningTurn,
  takenUp,
} from "./model.ts";
import { PAGE, type Read, type Wanted } from "./read.ts";

/** What a conversation is after an event, and what is to be done. */
export interface Step {
  readonly model: ThreadModel;
  readonly effects: readonly Effect[];
}

/** Says what an event changes in a conversation, and what is to be done. Reads no clock, storage or network. */
export function reduce(model: ThreadModel, event: ThreadEvent): Step {
  switch (event.type) {
    case "open":
      return opened(model);
    case "found":
      return event.exists
        ? requestRead({ ...model, exists: true }, "newer")
        : next({ ...model, status: model.status === "ready" ? "ready" : "new" });
    case "find-failed":
      return next({ ...model, status: "failed", failure: event.failure });
    case "created":
      return step({ ...model, exists: true });
    case "read":
      return readOf(model, event.read);
    case "read-failed":
      return readFailed(model, event);
    case "load": {
      const { list, hasOlder, hasNewer } = loadedOf(model);
      const { side } = event;
      const edge = (side === "older" ? list[0] : list.at(-1))?.seq;
      const exists = side === "older" ? hasOlder : hasNewer;
      if (edge === undefined || !exists || model.sides[side] === "loading") return step(model);
      return step(withSide(model, side, "loading"), { type: "read-side", side, edge });
    }
    case "side-read": {
      const { side, edge, page } = event;
      const loaded = loadedOf(model);
      // Begun anew meanwhile: the page would not meet what is loaded.
      const meets = (side === "older" ? loaded.list[0] : loaded.list.at(-1))?.seq === edge;
      const messages =
        side === "older" ? prepended(loaded, page) : appended(loaded, page, page.messages.length >= PAGE);
      return step(withSide(meets ? { ...model, messages } : model, side, "idle"));
    }
    case "side-failed":
      return step(withSide(model, event.side, "failed"));
    case "turn-found":
      return turnFound(model, event.turn);
    case "waited":
      return event.for === "reading" ? requestRead(model, "newer") : next({ ...model, busy: false });

    case "ask":
      return ask(model, { ...event, replaces: null });
    case "continue": {
      const { id, replyId, text } = event;
      const { list, hasNewer } = loadedOf(model);
      const index = list.findIndex((message) => message.id === replyId);
      const following = list[index + 1]?.id ?? replyId;
      const isLast = index === list.length - 1 && !hasNewer;
      const replaces = isLast ? null : { id: following, parentId: replyId };
      return index < 0 ? step(model) : ask(model, { id, text, contextText: null, replaces });
    }
    case "edit": {
      const { id, questionId, text } = event;
      const stored = loadedOf(model).list.find((message) => message.id === questionId);
      // Or another tab's version of it, on its way in its place.
      const pending = model.questions.find((question) => question.id === questionId);
      const replaces =
        stored === undefined ? pending?.replaces : { id: questionId, parentId: stored.parentId };
      const contextText = (stored ?? pending)?.contextText ?? null;
      return replaces === undefined ? step(model) : ask(model, { id, text, contextText, replaces });
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

function step(model: ThreadModel, ...effects: readonly Effect[]): Step {
  return { model, effects };
}

function chain(first: Step, then: (model: ThreadModel) => Step): Step {
  const second = then(first.model);
  return { model: second.model, effects: [...first.effects, ...second.effects] };
}

function opened(model: ThreadModel): Step {
  const { status, exists, origin, questions } = model;
  const fresh = status === "ready" || status === "new" ? model : { ...model, status: "loading" as const };
  const followed = model.turns.flatMap((turn): Effect[] => (turn.ended ? [] : [{ type: "follow", turn }]));
  const unsaved = questions.some(({ delivery }) => delivery === "unsaved");
  const save: Effect[] = unsaved ? [{ type: "save" }] : [];
  const begun = step(fresh, ...followed, ...save);
  if (exists) return chain(begun, (now) => requestRead(now, "newer"));
  if (origin.kind === "scope") return chain(begun, (now) => step(now, { type: "find" }));
  return chain(begun, next);
}

/** One reading at a time, and each begins after it was asked for. */
function requestRead(model: ThreadModel, wanted: Wanted): Step {
  if (model.reading !== null) {
    const readNext = wanted === "newer" ? (model.readNext ?? wanted) : wanted;
    return step({ ...model, readNext });
  }
  const ended = model.turns.filter((turn) => turn.persisted && turn.ended).map(({ turnId }) => turnId);
  const asked = model.messages === null && wanted === "newer" ? "latest" : wanted;
  return step({ ...model, reading: { wanted: asked, ended } }, { type: "read", wanted: asked });
}

/** What the store now tells better than this page is forgotten. */
function readOf(model: ThreadModel, read: Read): Step {
  const { reading, unread } = model;
  const messages =
    read.kind === "page" ? ofPage(read.page, read.hasNewer) : merged(loadedOf(model), read.messages);
  const stored = new Set(messages.list.map(({ id }) => id));
  // Not stored although its turn had ended: it was deleted elsewhere.
  const told = (turn: LiveTurn): boolean =>
    reading?.ended.includes(turn.turnId) === true ||
    (turn.ended && !turn.persisted && stored.has(turn.replyId));
  const answered = new Set(model.turns.filter(told).map(({ questionId }) => questionId));
  const isGone = ({ id }: Question): boolean => stored.has(id) || answered.has(id);
  const now: ThreadModel = {
    ...model,
    exists: true,
    status: "ready",
    failure: null,
    messages,
    sides: read.kind === "page" ? { older: "idle", newer: "idle" } : model.sides,
    turns: model.turns.filter((turn) => !told(turn)),
    questions: model.questions.filter((question) => !isGone(question)),
    failedReadings: 0,
    unread: model.turns.some((turn) => turn.persisted && turn.ended && !told(turn)),
  };
  const effects: Effect[] = model.questions.filter(isGone).map(letGo);
  if (unread && !now.unread) effects.push({ type: "report-activity" });
  return chain(step(now, ...effects), afterReading);
}

function readFailed(
  model: ThreadModel,
  { kind, failure }: { readonly kind: "gone" | "passing" | "final"; readonly failure: string },
): Step {
  const { status, unread, failedReadings: attempt } = model;
  let now: ThreadModel = { ...model, failure };
  if (kind === "gone") {
    // One whose first question never arrived is not missing: it was never begun.
    const saved = model.questions.every(({ delivery }) => delivery === "saved");
    const begun = status === "ready" || (status !== "new" && saved);
    now = { ...now, exists: begun, status: begun ? "missing" : "new" };
  } else if (status !== "ready") now = { ...now, status: "failed" };
  if (kind !== "passing") {
    const report: Effect[] = unread ? [{ type: "report-activity" }] : [];
    return chain(step({ ...now, unread: false }, ...report), afterReading);
  }
  const again: Effect[] = unread ? [{ type: "wait", for: "reading", attempt }] : [];
  return chain(step({ ...now, failedReadings: attempt + 1 }, ...again), afterReading);
}

function afterReading(model: ThreadModel): Step {
  const { readNext, endedTurn } = model;
  const read = { ...model, reading: null, readNext: null };
  if (readNext !== null) return requestRead(read, readNext);
  const now = arrived(read);
  const running = loadedOf(now).list.findLast(({ status }) => status === "streaming")?.turnId ?? null;
  const followed = now.turns.some(({ turnId }) => turnId === running);
  if (
    running !== null &&
    !followed &&
    running !== endedTurn &&
    running !== now.lookedUp &&
    now.status === "ready"
  )
    return step({ ...now, lookedUp: running }, { type: "look-up", turnId: running });
  return settleBusy(now);
}

/** The message that was asked for is there, or no message that comes after it is. */
function arrived(model: ThreadModel): ThreadModel {
  const { goingTo, reading } = model;
  if (goingTo === null || reading !== null) return model;
  const message = loadedOf(model).list.find(({ seq }) => seq >= goingTo);
  return { ...model, goingTo: null, target: message === undefined ? model.target : { id: message.id } };
}

function turnFound(model: ThreadModel, turn: Turn | null): Step {
  const now = { ...model, lookedUp: null };
  if (turn === null) return settleBusy(now);
  if (turn.status === "running" && turn.replyId !== null) {
    const live = liveTurn(turn, turn.replyId);
    const following = { ...now, turns: [...now.turns, live], outcome: "generating" as const };
    return chain(step(following, { type: "follow", turn: live }), settleBusy);
  }
  // Settled since it was listed: what was read of its answer is from before its end.
  return requestRead({ ...now, endedTurn: turn.id }, "newer");
}

/** What was in a question's way is known now: its end is waited for, or the question is sent in a moment. */
function settleBusy(model: ThreadModel): Step {
  if (!model.busy) return next(model);
  if (runningTurn(model) !== undefined) return step({ ...model, busy: false });
  return step(model, { type: "wait", for: "busy", attempt: 0 });
}

function ask(
  model: ThreadModel,
  asked: Pick<KeptQuestion, "id" | "text" | "contextText" | "replaces">,
): Step {
  const { id, text, contextText, replaces } = asked;
  const question: Question = {
    id,
    text,
    contextText,
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

/** Sends the next question if nothing is in its way: one turn at a time runs in a conversation. */
function next(model: ThreadModel): Step {
  const question = nextQuestion(model);
  const blocked = model.sending !== null || model.busy || model.unread || runningTurn(model) !== undefined;
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

function liveTurn(turn: Turn, replyId: string): LiveTurn {
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

function withTurn(model: ThreadModel, turnId: string, change: Partial<LiveTurn>): ThreadModel {
  const turns = model.turns.map((turn) => {
    if (turn.turnId !== turnId) return turn;
    return { ...turn, ...change, persisted: turn.persisted && (change.answer?.persisted ?? true) };
  });
  return { ...model, turns };
}

function withSide(
  model: ThreadModel,
  side: keyof ThreadModel["sides"],
  state: "idle" | "loading" | "failed",
): ThreadModel {
  return { ...model, sides: { ...model.sides, [side]: state } };
}

function withoutTurnsOf(model: ThreadModel, questionId: string): ThreadModel {
  return { ...model, turns: model.turns.filter((turn) => turn.questionId !== questionId) };
}

function setQuestion(
  model: ThreadModel,
  questionId: string,
  change: (question: Question) => Question,
): ThreadModel {
  const questions = model.questions.map((one) => (one.id === questionId ? change(one) : one));
  return { ...model, questions };
}

/** Changes a question, here and where the browser keeps it. */
function mark(model: ThreadModel, questionId: string, change: (question: Question) => Question): Step {
  const now = setQuestion(model, questionId, change);
  const question = now.questions.find(({ id }) => id === questionId);
  return question === undefined ? step(now) : step(now, { type: "keep", question });
}

function queued(question: Question): Question {
  return { ...question, delivery: "queued", failure: null, token: null };
}

function failed(failure: string): (question: Question) => Question {
  return (question) => ({ ...question, delivery: "failed", failure, token: null });
}

function letGo({ id }: Question): Effect {
  return { type: "let-go", questionId: id };
}
