import { type Answer, type Chunk, type TurnEvent, createFold } from "@chatkeep/protocol";

import type { Breaker } from "../database/breaker.ts";
import { DELTA, EVENT, createCheckedEncoder } from "./encode.ts";
import { type Ending, type NewTurn, startChunk } from "./turn.ts";
import { addUsage } from "./usage.ts";

/** A turn that runs on this node: what its responder yielded, and what of it may be shown. */
export interface LiveTurn {
  readonly turn: NewTurn;
  /** `false` in an outage: the answer is shown at once, not saved, and held in memory as a whole. */
  readonly persisted: boolean;
  /** Which attempt of the turn it is, from 1. */
  readonly attempt: number;
  /** Aborts the responder. */
  readonly signal: AbortSignal;
  /** Aborted by {@link LiveTurn.steer}. */
  readonly steered: AbortSignal;
  /** Asks the responder to end its answer for the next question. */
  steer(): void;
  /** Aborts the responder; the first ending counts. */
  abort(ending: Ending): void;
  /** Adds what the responder yielded. Returns whether it adds to the answer. Errors: `ResponderError`. */
  push(given: unknown): boolean;
  /** Resolves when little enough waits to be committed that the responder may go on; `undefined` if it may now. */
  drained(): Promise<void> | undefined;
  /** Resolves when all that was pushed so far is committed; rejects once the responder is aborted. */
  committed(): Promise<void>;
  /** Resolves when all that was pushed so far is committed, whether or not the responder is aborted. */
  flushed(): Promise<void>;
  hasPending(): boolean;
  /** Whether the first words of the answer wait. */
  isSilent(): boolean;
  /** Removes and returns the next events to commit: at least one, otherwise at most `bytes`. */
  take(bytes: number): { readonly events: TurnEvent[]; readonly bytes: number };
  /** Shows committed events. */
  show(events: readonly TurnEvent[]): void;
  /** The answer as far as it is shown. */
  answer(): Answer;
  /**
   * Adds the last chunks. Returns the whole answer and all events that are not committed; {@link LiveTurn.answer} stays as
   * it was until the turn is closed.
   */
  end(lastChunks: (answer: Answer) => Chunk[]): { readonly answer: Answer; readonly events: TurnEvent[] };
  /**
   * `settled`: readers end after what is shown. `lost`: the turn is not run here any more, or not for this owner, and
   * readers go on from the log, which checks the owner. `left`: it goes on elsewhere, because this node ends; readers are
   * told to come back there.
   */
  close(how: Exclude<LiveState, "running">): void;
  state(): LiveState;
  /** Whether text has waited to be committed for so long that readers are told. */
  isLate(): boolean;
  /** The shown events after a number; `undefined` if they, or the one with this number, are in the log only. */
  shownAfter(seq: number): readonly TurnEvent[] | undefined;
  /** Waits for a change. */
  subscribe(signal: AbortSignal | undefined): Wait;
}

type LiveState = "running" | "settled" | "lost" | "left";

/** A reader that waits for news. */
export interface Wait extends Disposable {
  /** Resolves when there may be something new, or when it is time to look anyway. */
  next(): Promise<void>;
}

/** The reason with which a responder is aborted. */
export class TurnEnded extends Error {
  override readonly name = "AbortError";
  readonly ending: Ending;

  constructor(ending: Ending) {
    super(`The turn was ${ending.status}.`);
    this.ending = ending;
  }
}

/** Events held for readers of a saved turn, about 4 kB. A slower reader reads the log and costs no memory. */
const HELD = 16;
/** Bytes that may wait to be committed before the responder has to wait. */
const MOST_PENDING = 1024 * 1024;
/** The share of the breaker's timeout after which waiting text is late. With a look every 500 ms, readers are told within 2 s. */
const LATE = 0.7;
const LOOK = 500;

/** The state that earlier attempts of a turn left. */
export interface Earlier {
  readonly events: readonly TurnEvent[];
  /** The number of the attempt that begins. */
  readonly attempt: number;
  /** Whether the turn may have killed the node before. */
  readonly isSuspect: boolean;
}

/** Creates the state of a turn whose answer has at most `most` UTF-16 units. */
export function createLiveTurn(
  turn: NewTurn,
  persisted: boolean,
  most: number,
  { isOpen, timeout }: Breaker,
  earlier: Earlier | undefined,
): LiveTurn {
  const before = earlier?.events ?? [{ seq: 1, chunk: startChunk(turn, persisted) }];
  const stopping = new AbortController();
  const steering = new AbortController();
  const encoder = createCheckedEncoder(most);
  const fold = createFold();
  for (const { chunk } of before) {
    fold.push(chunk);
    encoder.resume(chunk);
  }
  /** What the earlier attempts used, which the responder does not know. */
  const usedBefore = fold.answer().usage;
  const total = (chunk: Chunk): Chunk => (usedBefore === null ? chunk : addUsage(chunk, usedBefore));
  const readers = new Set<() => void>();
  let last = before.at(-1)!.seq;
  let pending: { event: TurnEvent; bytes: number }[] = [];
  let pendingBytes = 0;
  let takenBytes = 0;
  let waitingSince: number | undefined;
  let room: PromiseWithResolvers<void> | undefined;
  /** Who waits for an event to be committed, in order. */
  const committing: { readonly seq: number; readonly resolve: () => void }[] = [];
  let held: TurnEvent[] = before.slice(-1);
  let state: LiveState = "running";
  /** What is shown while the end is being committed: the fold is ahead of it then. */
  let visible: Answer | undefined;

  const wake = (): void => {
    for (const listener of readers) listener();
  };

  const show = (events: readonly TurnEvent[]): void => {
    takenBytes = 0;
    waitingSince = pending.length > 0 ? performance.now() : undefined;
    if (pendingBytes < MOST_PENDING) {
      room?.resolve();
      room = undefined;
    }
    if (visible === undefined) for (const { chunk } of events) fold.push(chunk);
    held.push(...events);
    while (committing.length > 0 && committing[0]!.seq <= held.at(-1)!.seq) committing.shift()!.resolve();
    if (held.length > 2 * HELD && persisted) held = held.slice(-HELD);
    wake();
  };

  const write = (chunk: Chunk, bytes: number): void => {
    if (!persisted) return show([{ seq: ++last, chunk }]);
    const waiting = pending.at(-1);
    const joined = waiting && joinDeltas(waiting.event.chunk, chunk);
    const added = joined === undefined ? bytes : bytes - EVENT;
    if (joined === undefined) pending.push({ event: { seq: ++last, chunk: total(chunk) }, bytes });
    else pending[pending.length - 1] = { event: { seq: last, chunk: joined }, bytes: waiting!.bytes + added };
    pendingBytes += added;
    waitingSince ??= performance.now();
  };

  const flushed = (): Promise<void> => {
    if (held.at(-1)!.seq === last) return Promise.resolve();
    return new Promise((resolve) => committing.push({ seq: last, resolve }));
  };

  return {
    turn,
    persisted,
    attempt: earlier?.attempt ?? 1,
    signal: stopping.signal,
    steered: steering.signal,
    steer: () => steering.abort(),
    abort: (ending) => stopping.abort(new TurnEnded(ending)),
    push(given) {
      const pieces = encoder.encode(given);
      for (const { chunk, bytes } of pieces) write(chunk, bytes);
      return pieces.some(({ chunk }) => chunk.type !== "message-metadata");
    },
    drained() {
      if (pendingBytes + takenBytes < MOST_PENDING) return undefined;
      room ??= Promise.withResolvers<void>();
      return room.promise;
    },
    committed: () =>
      new Promise((resolve, reject) => {
        const { signal } = stopping;
        const onAbort = (): void => reject(signal.reason as TurnEnded);
        if (signal.aborted) return onAbort();
        signal.addEventListener("abort", onAbort, { once: true });
        void flushed().then(() => {
          signal.removeEventListener("abort", onAbort);
          resolve();
        });
      }),
    flushed,
    hasPending: () => pending.length > 0,
    isSilent: () => held.length === 1 && pending.length > 0,
    take(bytes) {
      let count = 0;
      let taken = 0;
      while (count < pending.length && (count === 0 || taken + pending[count]!.bytes <= bytes)) {
        taken += pending[count]!.bytes;
        count += 1;
      }
      takenBytes = taken;
      pendingBytes -= taken;
      return { events: pending.splice(0, count).map(({ event }) => event), bytes: taken };
    },
    show,
    answer: () => visible ?? fold.answer(),
    end(lastChunks) {
      for (const { chunk, bytes } of encoder.end()) write(chunk, bytes);
      if (persisted) visible = fold.answer();
      for (const { event } of pending) fold.push(event.chunk);
      const answer = fold.answer();
      for (const chunk of lastChunks(answer)) write(chunk, EVENT);
      const events = pending.map(({ event }) => event);
      pending = [];
      return { answer, events };
    },
    close(how) {
      state = how;
      visible = undefined;
      waitingSince = undefined;
      wake();
    },
    state: () => state,
    isLate: () =>
      waitingSince !== undefined && (isOpen() || performance.now() - waitingSince > timeout * LATE),
    shownAfter(seq) {
      const first = held[0]!.seq;
      const isBeyond = persisted && seq > held.at(-1)!.seq;
      return seq + 1 < first || isBeyond ? undefined : held.slice(seq + 1 - first);
    },
    subscribe: (signal) => createWait(readers, signal, () => LOOK),
  };
}

/** Joins two deltas of one text that wait together: fewer rows under load. `undefined` if they are not of one text, or too long. */
function joinDeltas(before: Chunk, chunk: Chunk): Chunk | undefined {
  if (before.type !== "text-delta" || chunk.type !== "text-delta" || before.id !== chunk.id) return undefined;
  if (before.delta.length + chunk.delta.length > DELTA) return undefined;
  if (before.providerMetadata !== undefined || chunk.providerMetadata !== undefined) return undefined;
  return { ...chunk, delta: before.delta + chunk.delta };
}

/**
 * Creates a wait that ends when its listener is called, when the signal aborts, and every `timeout()` milliseconds. One
 * timer a reader: one for each event would be 20,000 a second with 1,000 readers.
 */
export function createWait(
  listeners: Set<() => void>,
  signal: AbortSignal | undefined,
  timeout: () => number,
): Wait {
  /** Whether there was news while the reader did not wait. */
  let isDue = false;
  let resolveNext: (() => void) | undefined;
  const wake = (): void => {
    isDue = true;
    resolveNext?.();
  };
  const tick = (): void => {
    timer = setTimeout(tick, timeout()).unref();
    wake();
  };
  let timer = setTimeout(tick, timeout()).unref();
  listeners.add(wake);
  signal?.addEventListener("abort", wake);
  return {
    async next() {
      if (!isDue) {
        const { promise, resolve } = Promise.withResolvers<void>();
        resolveNext = resolve;
        // Only a reader that waits keeps the process alive.
        timer.ref();
        await promise;
        timer.unref();
      }
      isDue = false;
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      listeners.delete(wake);
      signal?.removeEventListener("abort", wake);
    },
  };
}
