import type { TurnEvent } from "@chatkeep/protocol";

import type { LiveTurn } from "./live.ts";
import { type WriterOptions, type Written, createWriter } from "./write.ts";

/** The group commit of a node's turns; see {@link createLog}. */
export interface TurnLog {
  /**
   * Commits what waits of the turn, as soon as something does, and tells what became of it; `undefined` once the turn
   * has left. One call a turn at a time.
   */
  next(turn: LiveTurn): Promise<Written | undefined>;
  /** Something of this turn waits; the first words of an answer wait for no tick. */
  wake(turn: LiveTurn): void;
  /** Commits no more of the turn: ends its {@link TurnLog.next}, once what is under way is committed. */
  leave(turn: LiveTurn): void;
}

/** Milliseconds after which a node asks which of its turns are to stop or are gone, though it has nothing to write. */
const LOOK = 100;
/** Milliseconds that flushes keep apart at the most. */
const SLOWEST = 40;
/** Rows a second for each millisecond that flushes keep apart: 2,000/s are flushed every 2 ms, 40,000/s every 40 ms. */
const ROWS_PER_MS = 1000;
/** Bytes of a flush, and those of one turn in it. A single event that is larger has a statement of its own, beside the others. */
const FLUSH = 512 * 1024;
const SHARE = 64 * 1024;

interface Waiting {
  readonly turn: LiveTurn;
  readonly resolve: (written: Written | undefined) => void;
}

/**
 * One loop a node: while a flush is under way the events of all its turns gather, and the next flush writes them with
 * one statement. So a quiet node waits for one commit and a busy one forms batches, kept apart by a tick that grows
 * with the row rate. The same statement renews the lease and brings back which turns are to stop. It runs only while
 * there are turns.
 */
export function createLog(options: WriterOptions): TurnLog {
  const write = createWriter(options);
  const waiting = new Map<string, Waiting>();
  const left = new WeakSet<LiveTurn>();
  let running = false;
  let dirty = false;
  /** Whether first words wait. */
  let hurried = false;
  /** Whether what is waited for is the tick. */
  let ticking = false;
  let endPause: (() => void) | undefined;
  let rate = 0;
  let lastFlush = 0;
  let lastLook = 0;

  const wake = (turn: LiveTurn): void => {
    if (!turn.hasPending()) return;
    dirty = true;
    hurried ||= turn.isSilent();
    if (hurried || !ticking) endPause?.();
  };

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(end, ms);
      function end(): void {
        clearTimeout(timer);
        endPause = undefined;
        resolve();
      }
      endPause = end;
    });

  /** Waits until something is pending, or it is time to look for stops; then for the tick, unless first words wait. */
  const due = async (): Promise<void> => {
    if (!dirty) await pause(LOOK);
    const left = lastFlush + Math.min(SLOWEST, rate / ROWS_PER_MS) - performance.now();
    if (left < 1 || hurried) return;
    ticking = true;
    await pause(left);
    ticking = false;
  };

  const flush = async (): Promise<void> => {
    const now = performance.now();
    // Now and then also after those that write nothing: they may be gone while their responder thinks.
    const isLook = now >= lastLook + LOOK;
    const batch: (Waiting & { events: TurnEvent[] })[] = [];
    let rows = 0;
    let left = FLUSH;
    dirty = hurried = false;
    // Who was served comes last the next time.
    for (const one of waiting.values()) {
      if (!one.turn.hasPending()) {
        if (isLook) batch.push({ ...one, events: [] });
        continue;
      }
      if (left <= 0) {
        dirty = true;
        continue;
      }
      const { events, bytes } = one.turn.take(Math.min(left, SHARE));
      waiting.delete(one.turn.key.turnId);
      rows += events.length;
      if (bytes > SHARE) void commit([{ ...one, events }]);
      else {
        batch.push({ ...one, events });
        left -= bytes;
      }
    }
    // Over about a second.
    const weight = Math.min(1, (now - lastFlush) / 1000);
    rate += weight * (rows / Math.max(0.001, (now - lastFlush) / 1000) - rate);
    // Woken by a turn that ended: first words that come now would wait for a flush of nothing.
    if (batch.length === 0 && !isLook) return;
    lastFlush = now;
    if (isLook) lastLook = now;
    await commit(batch);
  };

  const commit = async (batch: readonly (Waiting & { events: TurnEvent[] })[]): Promise<void> => {
    const written = await write(batch.map(({ turn, events }) => ({ key: turn.key, events })));
    for (const [index, { turn, events, resolve }] of batch.entries()) {
      const what = written[index]!;
      if (events.length > 0) resolve(what);
      // Of a turn that wrote nothing only news are told: it waits on, or has left.
      else if (isNews(what) && waiting.has(turn.key.turnId)) settle(turn, what);
    }
  };

  /** Ends the waiting of a turn that has nothing under way. */
  const settle = ({ key }: LiveTurn, written: Written | undefined): void => {
    const found = waiting.get(key.turnId);
    waiting.delete(key.turnId);
    found?.resolve(written);
  };

  const loop = async (): Promise<void> => {
    running = true;
    while (waiting.size > 0) {
      await due();
      await flush();
    }
    running = false;
  };

  return {
    next: (turn) =>
      new Promise((resolve) => {
        if (left.has(turn)) return resolve(undefined);
        waiting.set(turn.key.turnId, { turn, resolve });
        wake(turn);
        if (!running) void loop();
      }),
    wake,
    leave(turn) {
      left.add(turn);
      settle(turn, undefined);
    },
  };
}

function isNews(written: Written): boolean {
  return written.state !== "written" || written.isStopped || written.isMoved;
}
