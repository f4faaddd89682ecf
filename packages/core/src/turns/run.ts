import {
  type Failure,
  type Responder,
  ResponderError,
  type ResponderEvent,
  type ResponderRequest,
} from "@chatkeep/protocol";

import type { LiveTurn, SettledStatus } from "./live.ts";

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

/** What {@link runResponder} takes. */
export interface RunOptions {
  readonly responder: Responder;
  readonly request: ResponderRequest;
  readonly turn: LiveTurn;
  /** Milliseconds without an event after which the answer has failed. */
  readonly patience: number;
  /** Told what was thrown, for the operator's log. */
  readonly onError: (error: unknown) => void;
}

/** How an answer ended. */
export interface Ending {
  readonly status: SettledStatus;
  readonly error: Failure | null;
}

/**
 * Runs the responder to its end and hands what it yields to the turn. Never throws. Does not wait for a
 * responder that ignores its signal: what it yields after the abort is dropped.
 */
export async function runResponder(options: RunOptions): Promise<Ending> {
  const { turn, patience } = options;
  const { stopping } = turn;
  const { signal } = stopping;
  let reject: (reason: unknown) => void = () => undefined;
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort);
  /** It waits for the database to take what it said: an outage of minutes is no silence of its own. */
  let isHeldUp = false;
  const timer = setTimeout(() => {
    if (isHeldUp) timer.refresh();
    else stopping.abort(new TurnEnded("failed", timeoutFailure(patience)));
  }, patience);
  let iterator: AsyncIterator<ResponderEvent> | undefined;
  let empty = true;
  try {
    signal.throwIfAborted();
    iterator = options.responder(options.request)[Symbol.asyncIterator]();
    for (;;) {
      // A race with one lasting promise would keep a reaction on it for every event.
      const next = await new Promise<IteratorResult<ResponderEvent>>((resolve, fail) => {
        reject = fail;
        (iterator as AsyncIterator<ResponderEvent>).next().then(resolve, fail);
      });
      signal.throwIfAborted();
      if (next.done === true) break;
      turn.push(next.value);
      empty &&= !saysSomething(next.value);
      isHeldUp = true;
      await turn.room();
      isHeldUp = false;
      timer.refresh();
    }
    return empty ? { status: "failed", error: EMPTY } : { status: "complete", error: null };
  } catch (error) {
    if (error instanceof TurnEnded) {
      iterator?.return?.().catch(() => undefined);
      return { status: error.status, error: error.failure };
    }
    options.onError(error);
    return { status: "failed", error: failureOf(error) };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

/** Whether an event leaves something in the answer: a message without any part is none. */
function saysSomething(event: ResponderEvent): boolean {
  if (typeof event === "string") return event !== "";
  if (event.type === "text" || event.type === "reasoning") return event.text !== "";
  return event.type !== "model" && event.type !== "intent";
}

const EMPTY: Failure = { code: "empty_answer", detail: "The assistant gave no answer. Try again." };

function timeoutFailure(patience: number): Failure {
  const detail = `The assistant said nothing for ${Math.round(patience / 1000)} seconds. Try again.`;
  return { code: "model_timeout", detail };
}

/** What a person is told: the responder's own words where it chose them, else none of the error's. */
function failureOf(error: unknown): Failure {
  if (error instanceof ResponderError) return error.failure;
  return { code: "model_error", detail: "The assistant failed before its answer was complete. Try again." };
}
