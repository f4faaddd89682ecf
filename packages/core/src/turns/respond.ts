import { setImmediate as afterOthers } from "node:timers/promises";

import { type Failure, ResponderError, type ResponderEvent } from "@chatkeep/protocol";

import type { LiveTurn, SettledStatus } from "./live.ts";
import type { TurnLog } from "./log.ts";

/** Why a responder was aborted; the reason of its signal. */
export class TurnEnded extends Error {
  override readonly name = "AbortError";
  readonly status: SettledStatus;
  readonly failure: Failure | null;
  constructor(status: SettledStatus, failure: Failure | null) {
    super(`The turn was ${status}.`);
    this.status = status;
    this.failure = failure;
  }
}

/** How an answer ended. */
export interface Ending {
  readonly status: SettledStatus;
  readonly error: Failure | null;
}

export interface RespondOptions {
  readonly turn: LiveTurn;
  readonly log: TurnLog;
  /** Builds the context and calls the responder. */
  readonly open: () => Promise<AsyncIterator<ResponderEvent>>;
  /** Milliseconds without a word after which the answer has failed. */
  readonly idleTimeout: number;
  readonly onError: (error: unknown) => void;
}

/** Milliseconds after which a responder that never waits lets others run: alone it would hold up every turn of the node. */
const SLICE = 5;

/**
 * Hands what the responder yields to the turn, until it ends, fails, is stopped or says nothing for too long. Never
 * rejects. Does not wait for a responder that ignores its signal: what it yields after the abort is dropped.
 */
export async function respond({ turn, log, open, idleTimeout, onError }: RespondOptions): Promise<Ending> {
  const { stopping } = turn;
  const { signal } = stopping;
  let stop: (reason: unknown) => void = () => undefined;
  const onAbort = (): void => stop(signal.reason);
  signal.addEventListener("abort", onAbort);
  // A race with one lasting promise would keep a reaction on it for every event.
  const orStopped = <T>(work: PromiseLike<T> | T): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      stop = reject;
      Promise.resolve(work).then(resolve, reject);
    });
  /** It waits for the database to take what it said: an outage of minutes is no silence of its own. */
  let isHeldUp = false;
  const timer = setTimeout(() => {
    if (isHeldUp) timer.refresh();
    else stopping.abort(new TurnEnded("failed", idleFailure(idleTimeout)));
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
      if (turn.push(next.value)) {
        isEmpty = false;
        timer.refresh();
      }
      log.wake(turn);
      const drained = turn.drained();
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
    return isEmpty ? { status: "failed", error: EMPTY } : { status: "complete", error: null };
  } catch (error) {
    if (!signal.aborted) {
      onError(error);
      stopping.abort(new TurnEnded("failed", failureOf(error)));
    }
    const { status, failure } = signal.reason as TurnEnded;
    return { status, error: failure };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    if (signal.aborted) leave(events);
  }
}

/** Tells a responder that nobody listens any more, whatever it does then. */
function leave(events: AsyncIterator<ResponderEvent> | undefined): void {
  void Promise.resolve()
    .then(() => events?.return?.())
    .then(undefined, () => undefined);
}

const EMPTY: Failure = { code: "empty_answer", detail: "The assistant gave no answer. Try again." };

function idleFailure(idleTimeout: number): Failure {
  const detail = `The assistant said nothing for ${Math.round(idleTimeout / 1000)} seconds. Try again.`;
  return { code: "model_timeout", detail };
}

/** What a person is told: the responder's own words where it chose them, else none of the error's. */
function failureOf(error: unknown): Failure {
  try {
    if (error instanceof ResponderError) {
      const { code, detail } = error.failure;
      if (typeof code === "string" && typeof detail === "string") return { code, detail };
    }
  } catch {
    // What was thrown throws when it is looked at.
  }
  return { code: "model_error", detail: "The assistant failed before its answer was complete. Try again." };
}
