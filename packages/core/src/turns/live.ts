import {
  type Answer,
  type Chunk,
  type TurnEvent,
  type TurnStatus,
  createEncoder,
  createFold,
} from "@chatkeep/protocol";

import { type NewTurn, startChunk } from "./begin.ts";
import { checkEvent } from "./check.ts";
import { deltaOf, joinDeltas, splitDelta } from "./deltas.ts";
import type { TurnKey } from "./key.ts";

/** How a turn can be settled. */
export type SettledStatus = Exclude<TurnStatus, "running">;

/** A turn that runs on this node: what its responder gave, and what of it may be shown. */
export interface LiveTurn {
  readonly key: TurnKey;
  /** `false`: an outage keeps it from being saved. It is shown at once, and held here as a whole. */
  readonly persisted: boolean;
  /** Aborts the responder. */
  readonly stopping: AbortController;
  /** Takes what the responder gave; false when that leaves nothing in the answer. Errors: `ResponderError` for what cannot be stored. */
  push(given: unknown): boolean;
  /** Resolves when little enough waits to be committed that the responder may go on; `undefined` when it may now. */
  drained(): Promise<void> | undefined;
  hasPending(): boolean;
  /** Whether its first words wait: somebody looks at an empty answer. */
  isSilent(): boolean;
  /** Events to commit, at least one and otherwise at most `bytes`; they are the caller's now. */
  take(bytes: number): { readonly events: TurnEvent[]; readonly bytes: number };
  /** Shows events that are committed. */
  show(events: readonly TurnEvent[]): void;
  /** The answer as far as it is shown. */
  answer(): Answer;
  /** Ends what the responder says, and gives the whole answer. Readers see no more of it before {@link show}. */
  finish(): Answer;
  /** Gives up what is not shown. */
  drop(): void;
  /** Numbers the last chunks; all that is not committed yet. */
  end(chunks: readonly Chunk[]): TurnEvent[];
  /**
   * `settled`: readers end after what is shown. `lost`: this node runs the turn no more, or not for this owner, and the
   * log tells the rest to whom it may.
   */
  close(how: "settled" | "lost"): void;
  state(): "running" | "settled" | "lost";
  /** Whether words have waited to be committed for longer than a reader is left in the dark. */
  isLate(): boolean;
  /** The events after a number that are shown; `undefined` when they are in the log only. */
  shownAfter(seq: number): readonly TurnEvent[] | undefined;
  /** Calls `listener` whenever something of this changes, until the returned function is called. */
  subscribe(listener: () => void): () => void;
}

/** Events held for readers of a saved turn (16, about 4 kB); a slower reader reads the log, so it costs no memory. */
const HELD = 16;
/** Bytes that may wait before the responder has to. */
const MOST_PENDING = 1024 * 1024;
/** Bytes that an event takes besides its text. */
const EVENT = 100;
/** Milliseconds after which words that wait are late. With a reader's tick of 500 ms it is told within 2 s. */
const LATE = 1250;

/** The state of a turn that runs here; an answer has at most `most` UTF-16 units. */
export function createLiveTurn(turn: NewTurn, persisted: boolean, most: number): LiveTurn {
  const start: TurnEvent = { seq: 1, chunk: startChunk(turn, persisted) };
  const encoder = createEncoder();
  const fold = createFold();
  fold.push(start.chunk);
  const readers = new Set<() => void>();
  let left = most;
  let last = 1;
  let pending: { event: TurnEvent; bytes: number }[] = [];
  let pendingBytes = 0;
  let takenBytes = 0;
  let waitingSince: number | undefined;
  let room: PromiseWithResolvers<void> | undefined;
  let held: TurnEvent[] = [start];
  let state: "running" | "settled" | "lost" = "running";
  /** What may be shown while the rest waits to be settled. */
  let visible: Answer | undefined;

  const wake = (): void => {
    for (const listener of readers) listener();
  };

  const makeRoom = (): void => {
    if (pendingBytes + takenBytes >= MOST_PENDING) return;
    room?.resolve();
    room = undefined;
  };

  const show = (events: readonly TurnEvent[]): void => {
    takenBytes = 0;
    waitingSince = pending.length > 0 ? performance.now() : undefined;
    makeRoom();
    if (visible === undefined) for (const { chunk } of events) fold.push(chunk);
    held.push(...events);
    if (held.length > 2 * HELD && persisted) held = held.slice(-HELD);
    wake();
  };

  const write = (chunk: Chunk, bytes: number): void => {
    if (!persisted) return show([{ seq: ++last, chunk }]);
    const before = pending.at(-1);
    const joined = joinDeltas(before?.event.chunk, chunk);
    if (joined === undefined) pending.push({ event: { seq: ++last, chunk }, bytes });
    else
      pending[pending.length - 1] = {
        event: { seq: last, chunk: joined },
        bytes: before!.bytes + bytes - EVENT,
      };
    pendingBytes += joined === undefined ? bytes : bytes - EVENT;
    waitingSince ??= performance.now();
  };

  return {
    key: turn.key,
    persisted,
    stopping: new AbortController(),
    push(given) {
      const { event, length } = checkEvent(given, left);
      left -= length;
      const chunks = encoder.encode(event).flatMap(splitDelta);
      // A call's arguments are told twice, a result or picture once.
      for (const chunk of chunks) write(chunk, EVENT + (deltaOf(chunk)?.length ?? length));
      return chunks.some(({ type }) => type !== "message-metadata");
    },
    drained() {
      if (pendingBytes + takenBytes < MOST_PENDING) return undefined;
      room ??= Promise.withResolvers<void>();
      return room.promise;
    },
    hasPending: () => pending.length > 0,
    isSilent: () => held.length === 1 && last > 1 && pending.length > 0,
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
    finish() {
      for (const chunk of encoder.end()) write(chunk, EVENT);
      if (!persisted) return fold.answer();
      visible ??= fold.answer();
      for (const { event } of pending) fold.push(event.chunk);
      return fold.answer();
    },
    drop() {
      pending = [];
      pendingBytes = takenBytes = 0;
      last = held.at(-1)!.seq;
      makeRoom();
    },
    end(chunks) {
      for (const chunk of chunks) write(chunk, EVENT);
      const events = pending.map(({ event }) => event);
      pending = [];
      return events;
    },
    close(how) {
      state = how;
      visible = undefined;
      waitingSince = undefined;
      wake();
    },
    state: () => state,
    isLate: () => waitingSince !== undefined && performance.now() - waitingSince > LATE,
    shownAfter(seq) {
      const first = held[0]!.seq;
      return seq + 1 < first ? undefined : held.slice(seq + 1 - first);
    },
    subscribe(listener) {
      readers.add(listener);
      return () => readers.delete(listener);
    },
  };
}
