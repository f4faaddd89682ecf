import type { Turn } from "@chatkeep/protocol";

import type { Effect } from "./events.ts";
import { merged, ofPage } from "./messages.ts";
import { IDLE, type LiveTurn, type Question, type ThreadModel, loadedOf, runningTurn } from "./model.ts";
import type { Read, Wanted } from "./read.ts";
import { type Step, chain, letGo, liveTurn, next, step } from "./step.ts";

/** One reading at a time, and each begins after it was asked for. */
export function requestRead(model: ThreadModel, wanted: Wanted): Step {
  if (model.reading !== null) {
    const readNext = wanted === "newer" ? (model.readNext ?? wanted) : wanted;
    return step({ ...model, readNext });
  }
  const ended = model.turns.filter((turn) => turn.persisted && turn.ended).map(({ turnId }) => turnId);
  const asked = model.messages === null && wanted === "newer" ? "latest" : wanted;
  return step({ ...model, reading: { wanted: asked, ended } }, { type: "read", wanted: asked });
}

/** What the store now tells better than this page is forgotten. */
export function readOf(model: ThreadModel, read: Read): Step {
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
    sides: read.kind === "page" ? { older: IDLE, newer: IDLE } : model.sides,
    turns: model.turns.filter((turn) => !told(turn)),
    questions: model.questions.filter((question) => !isGone(question)),
    failedReadings: 0,
    unread: model.turns.some((turn) => turn.persisted && turn.ended && !told(turn)),
  };
  const effects: Effect[] = model.questions.filter(isGone).map(letGo);
  if (unread && !now.unread) effects.push({ type: "report-activity" });
  return chain(step(now, ...effects), afterReading);
}

/** A reading that failed: whether the conversation is gone, and whether it is read again. */
export function readFailed(
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
  // What a person waits for comes by itself: an answer that ended, or a history that could not be read yet.
  const again: Effect[] =
    unread || now.status === "failed" ? [{ type: "wait", for: "reading", attempt }] : [];
  return chain(step({ ...now, failedReadings: attempt + 1 }, ...again), afterReading);
}

/** The running turn of another page was looked up. */
export function turnFound(model: ThreadModel, turn: Turn | null): Step {
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
export function arrived(model: ThreadModel): ThreadModel {
  const { goingTo, reading } = model;
  if (goingTo === null || reading !== null) return model;
  const message = loadedOf(model).list.find(({ seq }) => seq >= goingTo);
  return { ...model, goingTo: null, target: message === undefined ? model.target : { id: message.id } };
}

/** What was in a question's way is known now: its end is waited for, or the question is sent in a moment. */
function settleBusy(model: ThreadModel): Step {
  if (!model.busy) return next(model);
  if (runningTurn(model) !== undefined) return step({ ...model, busy: false });
  return step(model, { type: "wait", for: "busy", attempt: 0 });
}
