import { setImmediate as afterOthers } from "node:timers/promises";

import { type Failure, ResponderError, type ResponderEvent } from "@chatkeep/protocol";

import type { LiveTurn, TurnEnded } from "./live.ts";
import type { TurnLog } from "./log.ts";
import { lastModelFailure } from "./model-failure.ts";
import type { Ending } from "./turn.ts";

export interface RespondOptions {
  readonly live: LiveTurn;
  readonly log: TurnLog;
  /** Builds the context and calls the responder. */
  readonly open: () => Promise<AsyncIterator<ResponderEvent>>;
  /** Whether it may have nothing to add to what was said before. */
  readonly mayBeEmpty: boolean;
  /** Milliseconds without an event after which the answer fails. */
  readonly idleTimeout: number;
  readonly onError: (error: unknown) => void;
}

/** Milliseconds after which a responder that never waits yields to other work. */
const SLICE = 5;

/**
 * Passes what the responder yields to the turn, until it ends, fails, is stopped or yields nothing for too long. Never
 * rejects. Does not wait for a responder that ignores its signal: what it yields after the abort is dropped.
 */
export async function respond(options: RespondOptions): Promise<Ending> {
  const { live, log, open, mayBeEmpty, idleTimeout, onError } = options;
  const { signal } = live;
  let stop: (reason: unknown) => void = () => undefined;
  const onAbort = (): void => stop(signal.reason);
  signal.addEventListener("abort", onAbort);
  // Promise.race with one lasting promise would add a reaction to it for every event.
  const orStopped = <T>(work: PromiseLike<T> | T): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      stop = reject;
      // It may have been aborted while nothing was awaited here.
      if (signal.aborted) reject(signal.reason);
      Promise.resolve(work).then(resolve, reject);
    });
  /** Whether it waits for the database, which is no silence of its own. */
  let isHeldUp = false;
  const timer = setTimeout(() => {
    if (isHeldUp) timer.refresh();
    else live.abort(idleEnding(idleTimeout));
  }, idleTimeout);
  let events: AsyncIterator<ResponderEvent> | undefined;
  let isEmpty = true;
  let sliceBegan = performance.now();
  try {
    signal.throwIfAborted();
    events = await orStopped(open());
    for (;;) {
      const next = await orStopped(events.next());
      signal.throwIfAborted();
      if (next.done === true) break;
      if (live.push(next.value)) {
        isEmpty &&= isAside(next.value);
        timer.refresh();
      }
      log.wake(live);
      const drained = live.drained();
      if (drained !== undefined) {
        isHeldUp = true;
        await orStopped(drained);
        isHeldUp = false;
        timer.refresh();
      }
      if (performance.now() - sliceBegan > SLICE) {
        await afterOthers();
        sliceBegan = performance.now();
      }
    }
    if (isEmpty && live.answer().parts.length === 0) {
      // No stored message is empty.
      if (mayBeEmpty && live.push({ type: "step" })) log.wake(live);
      else throw lastModelFailure() ?? new ResponderError(EMPTY, { cause: new Error(HINT) });
    }
    return { status: "complete", error: null };
  } catch (error) {
    if (!signal.aborted) {
      onError(error);
      live.abort({ status: "failed", error: failureOf(error) });
    }
    return (signal.reason as TurnEnded).ending;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    if (signal.aborted) leave(events);
  }
}

/** Whether an event says something of an answer, and is no part of it. */
function isAside(event: ResponderEvent): boolean {
  return typeof event !== "string" && (event.type === "model" || event.type === "intent");
}

/** Ends a responder's iterator, and ignores what it does then. */
function leave(events: AsyncIterator<ResponderEvent> | undefined): void {
  void Promise.resolve()
    .then(() => events?.return?.())
    .then(undefined, () => undefined);
}

const EMPTY: Failure = { code: "empty_answer", detail: "The assistant gave no answer. Try again." };

/** For the operator. */
const HINT =
  "The responder yielded nothing. If it yields `textStream` of the AI SDK, the model may have failed: return the result of `streamText` itself, whose errors are kept.";

function idleEnding(idleTimeout: number): Ending {
  const detail = `The assistant said nothing for ${Math.round(idleTimeout / 1000)} seconds. Try again.`;
  return { status: "failed", error: { code: "model_timeout", detail } };
}

/** The text for the person who asked: the responder's own if it chose one, never that of another error. */
function failureOf(error: unknown): Failure {
  try {
    if (error instanceof ResponderError) {
      const { code, detail } = error.failure;
      if (typeof code === "string" && typeof detail === "string") return { code, detail };
    }
  } catch {
    // A thrown value can throw again when it is read.
  }
  return { code: "model_error", detail: "The assistant failed before its answer was complete. Try again." };
}
