import type { TurnEvent } from "@chatkeep/protocol";

import type { LiveTurn } from "./live.ts";
import { type WriterOptions, type Written, createWriter } from "./write.ts";

/** The group commit of a node's turns; see {@link createLog}. */
export interface TurnLog {
  /**
   * Resolves when waiting events of the turn are committed, or there is other news of it; with `undefined` once the turn
   * has left. One call a turn at a time.
   */
  next(live: LiveTurn): Promise<Written | undefined>;
  /** Called when events of the turn wait. The first words of an answer wait for no tick. */
  wake(live: LiveTurn): void;
  /** Commits no more of the turn: {@link TurnLog.next} resolves with `undefined` after the flush under way. */
  leave(live: LiveTurn): void;
}

/** Milliseconds between looks for turns that were stopped or are gone. */
const LOOK = 100;
/** Maximum milliseconds between flushes. */
const SLOWEST = 40;
/** Rows a second for each millisecond between flushes: 2 ms at 2,000 rows a second, 40 ms at 40,000. */
const ROWS_PER_MS = 1000;
/** Bytes of a flush, and of one turn in it. A larger event gets a statement of its own. */
const FLUSH = 512 * 1024;
const SHARE = 64 * 1024;

interface Waiting {
  readonly live: LiveTurn;
  readonly resolve: (written: Written | undefined) => void;
}

type Flushed = Waiting & { readonly events: readonly TurnEvent[] };

/**
 * Runs one loop a node, while turns run. Events of all turns gather during a flush, and the next flush writes them with
 * one statement, so a quiet node waits for one commit and a busy one forms batches. The same statement renews the lease
 * and returns which turns are to stop.
 */
export function createLog(options: WriterOptions): TurnLog {
  const write = createWriter(options);
  const waiting = new Map<string, Waiting>();
  const left = new WeakSet<LiveTurn>();
  let isRunning = false;
  let isDirty = false;
  /** Whether first words wait. */
  let isHurried = false;
  /** Whether the loop waits for the tick, and not for events. */
  let isTicking = false;
  let endPause: (() => void) | undefined;
  let rate = 0;
  let lastFlush = 0;
  let lastLook = 0;

  const wake = (live: LiveTurn): void => {
    if (!live.hasPending()) return;
    isDirty = true;
    isHurried ||= live.isSilent();
    if (isHurried || !isTicking) endPause?.();
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

  /** Waits for events or the next look, then for the tick, unless first words wait. */
  const due = async (): Promise<void> => {
    if (!isDirty) await pause(LOOK);
    const tick = lastFlush + Math.min(SLOWEST, rate / ROWS_PER_MS) - performance.now();
    if (tick < 1 || isHurried) return;
    isTicking = true;
    await pause(tick);
    isTicking = false;
  };

  const flush = async (): Promise<void> => {
    const now = performance.now();
    // A turn may be gone while its responder thinks, so a look asks for turns without events too.
    const isLook = now >= lastLook + LOOK;
    const batch: Flushed[] = [];
    let rows = 0;
    let bytesLeft = FLUSH;
    isDirty = isHurried = false;
    // A turn that is flushed goes to the end of the map, so each has its turn.
    for (const one of waiting.values()) {
      const { live } = one;
      if (!live.hasPending()) {
        if (isLook) batch.push({ ...one, events: [] });
      } else if (bytesLeft <= 0) {
        isDirty = true;
      } else {
        const { events, bytes } = live.take(Math.min(bytesLeft, SHARE));
        waiting.delete(live.turn.key.turnId);
        rows += events.length;
        if (bytes > SHARE) {
          void commit([{ ...one, events }]);
        } else {
          batch.push({ ...one, events });
          bytesLeft -= bytes;
        }
      }
    }
    const seconds = Math.max(0.001, (now - lastFlush) / 1000);
    // The mean of about the last second.
    rate += Math.min(1, seconds) * (rows / seconds - rate);
    // A turn that ended woke the loop: first words would have to wait for an empty flush.
    if (batch.length === 0 && !isLook) return;
    lastFlush = now;
    if (isLook) lastLook = now;
    await commit(batch);
  };

  const commit = async (batch: readonly Flushed[]): Promise<void> => {
    const results = await write(batch.map(({ live, events }) => ({ key: live.turn.key, events })));
    for (const [index, { live, events, resolve }] of batch.entries()) {
      const written = results[index]!;
      if (events.length > 0) resolve(written);
      else if (isNews(written, live)) resolveWaiting(live, written);
    }
  };

  const resolveWaiting = ({ turn }: LiveTurn, written: Written | undefined): void => {
    const found = waiting.get(turn.key.turnId);
    waiting.delete(turn.key.turnId);
    found?.resolve(written);
  };

  const loop = async (): Promise<void> => {
    isRunning = true;
    while (waiting.size > 0) {
      await due();
      await flush();
    }
    isRunning = false;
  };

  return {
    next: (live) =>
      new Promise((resolve) => {
        if (left.has(live)) return resolve(undefined);
        waiting.set(live.turn.key.turnId, { live, resolve });
        wake(live);
        if (!isRunning) void loop();
      }),
    wake,
    leave(live) {
      left.add(live);
      resolveWaiting(live, undefined);
    },
  };
}

function isNews(written: Written, { steered }: LiveTurn): boolean {
  if (written.state !== "written" || written.isStopped || written.isMoved) return true;
  return written.isSteered && !steered.aborted;
}
