import { type TurnEvent, isChatkeepError } from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { isFenced } from "../database/failure.ts";
import type { LiveTurn } from "./live.ts";

/** What {@link createFlushLoop} takes. */
export interface FlushOptions {
  readonly database: Database;
  /** This node's id; a new one each time it had been taken for dead. */
  readonly node: () => number;
  /** Milliseconds of the lease. */
  readonly lease: number;
  /** Milliseconds without a commit after which readers are told (default 2,000). */
  readonly patience?: number;
  /** Told, after `patience`, that a turn's events cannot be committed just now. */
  readonly onStalled: (turn: LiveTurn, error: Error) => void;
  /** Told that this node was taken for dead: none of its turns is its own any more. */
  readonly onFenced: (node: number) => void;
  /** Told that someone asked to stop this turn. */
  readonly onStop: (turnId: string) => void;
  /** Told that this turn is not this node's any more: its conversation was cleared or deleted. */
  readonly onGone: (turnId: string) => void;
}

/** The group commit of a node's turns; see {@link createFlushLoop}. */
export interface FlushLoop {
  add(turn: LiveTurn): void;
  /** Something of this turn waits to be committed; the first words of an answer wait for no tick. */
  wake(turn: LiveTurn): void;
  /** Takes a turn out; resolves when no flush with events of it is under way. */
  remove(turn: LiveTurn): Promise<void>;
}

/** Milliseconds after which a node asks which of its turns are to stop or are gone, though it has nothing to write. */
const LOOK = 100;
/** Milliseconds that flushes keep apart at the most. */
const SLOWEST = 40;
/** Rows a second for each millisecond that flushes keep apart: 2,000/s are flushed every 2 ms, 40,000/s every 40 ms. */
const ROWS_PER_MS = 1000;

/**
 * One loop a node: while a flush is under way the events of all its turns gather, and the next flush
 * writes them all with one statement. So a quiet node waits for one commit and a busy one forms batches,
 * kept apart by a tick that grows with the row rate. The same statement renews the lease and brings back
 * which turns are to stop. It runs only while there are turns.
 */
export function createFlushLoop(options: FlushOptions): FlushLoop {
  const { database } = options;
  const patience = options.patience ?? 2000;
  const turns = new Map<string, LiveTurn>();
  let running = false;
  let dirty = false;
  /** Whether first words wait. */
  let hurried = false;
  /** Whether what is waited for is the tick. */
  let ticking = false;
  let waiting: (() => void) | undefined;
  let flushing: { turns: ReadonlySet<LiveTurn>; done: Promise<void> } | undefined;
  let rate = 0;
  let lastFlush = 0;
  let lastLook = 0;

  const wake = (turn: LiveTurn): void => {
    dirty = true;
    hurried ||= turn.isSilent();
    if (hurried || !ticking) waiting?.();
  };

  /** Waits until something is pending, or it is time to look for stops; then for the tick, unless first words wait. */
  const next = async (): Promise<void> => {
    if (!dirty) await pause(LOOK);
    const left = lastFlush + Math.min(SLOWEST, rate / ROWS_PER_MS) - performance.now();
    if (left < 1 || hurried) return;
    ticking = true;
    await pause(left);
    ticking = false;
  };

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(end, ms);
      function end(): void {
        clearTimeout(timer);
        waiting = undefined;
        resolve();
      }
      waiting = end;
    });

  const flush = async (): Promise<void> => {
    const batch = new Map<LiveTurn, TurnEvent[]>();
    dirty = false;
    hurried = false;
    for (const turn of turns.values()) if (turn.hasPending()) batch.set(turn, turn.take());
    // Woken by a turn that ended: first words that come now would wait for a flush of nothing.
    if (batch.size === 0 && performance.now() < lastLook + LOOK) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    flushing = { turns: new Set(batch.keys()), done: promise };
    const now = performance.now();
    const rows = [...batch.values()].reduce((sum, events) => sum + events.length, 0);
    // Over about a second.
    const weight = Math.min(1, (now - lastFlush) / 1000);
    rate += weight * (rows / Math.max(0.001, (now - lastFlush) / 1000) - rate);
    lastFlush = now;
    try {
      await write(batch);
    } finally {
      flushing = undefined;
      resolve();
    }
  };

  const write = async (batch: ReadonlyMap<LiveTurn, readonly TurnEvent[]>): Promise<void> => {
    const events: { turn: LiveTurn; event: TurnEvent | undefined }[] = [...batch].flatMap(([turn, list]) =>
      list.map((event) => ({ turn, event })),
    );
    // Now and then also after those that write nothing: they may be gone while their responder thinks.
    if (performance.now() >= lastLook + LOOK) {
      lastLook = performance.now();
      for (const turn of turns.values()) if (!batch.has(turn)) events.push({ turn, event: undefined });
    }
    const node = options.node();
    const told = await keepTrying(() =>
      database.call("write_events", {
        node,
        lease: options.lease,
        turn_ids: events.map(({ turn }) => turn.id),
        seqs: events.map(({ event }) => event?.seq ?? null),
        chunks: events.map(({ event }) => event?.chunk ?? null),
      }),
    );
    if (told === undefined) {
      options.onFenced(node);
      return;
    }
    const gone = new Set(told.flatMap((row) => (row.state === "gone" ? [row.turn_id as string] : [])));
    for (const [turn, list] of batch) if (!gone.has(turn.id)) turn.commit(list);
    for (const row of told) {
      if (row.state === "stop") options.onStop(row.turn_id as string);
      else options.onGone(row.turn_id as string);
    }
  };

  /** Whom an outage concerns: all turns, and those that ended while a flush of theirs is under way. */
  const concerned = (): Set<LiveTurn> => new Set([...turns.values(), ...(flushing?.turns ?? [])]);

  /** Until the batch is written; `undefined` when the node was fenced. An outage holds it, and tells readers after a while. */
  const keepTrying = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    let stall: NodeJS.Timeout | undefined;
    try {
      for (;;) {
        try {
          return await work();
        } catch (error) {
          if (isFenced(error)) return undefined;
          if (!isChatkeepError(error)) throw error;
          stall ??= setTimeout(() => {
            for (const turn of concerned()) options.onStalled(turn, error);
          }, patience);
          // Not an outage but an error that may stay, as that of a full disk: no busy loop.
          if (!database.breaker.isOpen()) await pause(LOOK);
          await database.breaker.whenClosed();
        }
      }
    } finally {
      clearTimeout(stall);
      if (stall !== undefined) for (const turn of concerned()) turn.stalled(undefined);
    }
  };

  const loop = async (): Promise<void> => {
    running = true;
    try {
      while (turns.size > 0) {
        await next();
        if (turns.size > 0) await flush();
      }
    } finally {
      running = false;
    }
  };

  return {
    add(turn) {
      turns.set(turn.id, turn);
      if (!running) void loop();
    },
    wake,
    async remove(turn) {
      turns.delete(turn.id);
      if (flushing?.turns.has(turn) === true) await flushing.done;
      else wake(turn);
    },
  };
}
