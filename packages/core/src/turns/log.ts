import { type TurnEvent, isChatkeepError } from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { isFenced } from "../database/failure.ts";
import type { LiveTurn } from "./live.ts";
import type { Node } from "./node.ts";

/** What became of a turn's events. */
type Written =
  /** They are committed; with `stop`, somebody asked to stop the turn. */
  | { readonly state: "written" | "stop"; readonly events: readonly TurnEvent[] }
  /** The turn is not this node's any more: it was cleared or deleted, or the node was taken for dead. */
  | { readonly state: "gone" | "fenced" }
  /** The database refuses them, and will always. */
  | { readonly state: "refused"; readonly error: unknown }
  /** See {@link TurnLog.leave}. */
  | { readonly state: "left" };

/** The group commit of a node's turns; see {@link createLog}. */
export interface TurnLog {
  /** Commits what waits of the turn, as soon as something does, and tells what became of it. One call a turn at a time. */
  next(turn: LiveTurn): Promise<Written>;
  /** Something of this turn waits; the first words of an answer wait for no tick. */
  wake(turn: LiveTurn): void;
  /** Commits no more of the turn: ends its {@link TurnLog.next}, once what is under way is committed. */
  leave(turn: LiveTurn): void;
}

export interface LogOptions {
  readonly database: Database;
  readonly node: Node;
  /** Told what keeps events from being committed, for the operator. An outage tells of itself. */
  readonly onError: (error: unknown, turnId: string) => void;
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
/** Milliseconds of failures after which the operator is told. */
const STALLED = 2000;

interface Waiting {
  readonly turn: LiveTurn;
  readonly resolve: (written: Written) => void;
}
interface Batched extends Waiting {
  readonly events: TurnEvent[];
}

/**
 * One loop a node: while a flush is under way the events of all its turns gather, and the next flush writes them with
 * one statement. So a quiet node waits for one commit and a busy one forms batches, kept apart by a tick that grows
 * with the row rate. The same statement renews the lease and brings back which turns are to stop. It runs only while
 * there are turns.
 */
export function createLog({ database, node, onError }: LogOptions): TurnLog {
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
    const batch: Batched[] = [];
    let rows = 0;
    let left = FLUSH;
    dirty = hurried = false;
    // Who was served comes last the next time.
    for (const { turn, resolve } of waiting.values()) {
      if (!turn.hasPending()) continue;
      dirty = left <= 0;
      if (dirty) break;
      const { events, bytes } = turn.take(Math.min(left, SHARE));
      waiting.delete(turn.key.turnId);
      rows += events.length;
      if (bytes > SHARE) void write([{ turn, resolve, events }], []);
      else {
        batch.push({ turn, resolve, events });
        left -= bytes;
      }
    }
    // Over about a second.
    const weight = Math.min(1, (now - lastFlush) / 1000);
    rate += weight * (rows / Math.max(0.001, (now - lastFlush) / 1000) - rate);
    // Now and then also after those that write nothing: they may be gone while their responder thinks.
    const isLook = now >= lastLook + LOOK;
    // Woken by a turn that ended: first words that come now would wait for a flush of nothing.
    if (batch.length === 0 && !isLook) return;
    lastFlush = now;
    if (isLook) lastLook = now;
    await write(batch, isLook ? [...waiting.values()] : []);
  };

  /** Writes, for as long as the database is away, and tells every turn what became of it. Never rejects. */
  const write = async (batch: readonly Batched[], silent: readonly Waiting[]): Promise<void> => {
    const rows = [
      ...batch.flatMap(({ turn, events }) => events.map((event) => ({ id: turn.key.turnId, event }))),
      ...silent.map(({ turn }) => ({ id: turn.key.turnId, event: undefined })),
    ];
    const began = performance.now();
    for (let isTold = false; ;) {
      const id = node.last();
      try {
        const told = await database.call("write_events", {
          node: id,
          lease: node.lease,
          turn_ids: rows.map((row) => row.id),
          seqs: rows.map(({ event }) => event?.seq ?? null),
          chunks: rows.map(({ event }) => event?.chunk ?? null),
        });
        tell(batch, silent, new Map(told.map((row) => [row.turn_id, row.state as "stop" | "gone"])));
        return;
      } catch (error) {
        if (isFenced(error)) {
          node.fenced(id);
          for (const { turn } of silent) settle(turn, { state: "fenced" });
          for (const { resolve } of batch) resolve({ state: "fenced" });
          return;
        }
        if (await isOfAnEvent(error, batch)) return isolate(batch, error);
        if (!isTold && performance.now() - began > STALLED && !database.breaker.isOpen()) {
          isTold = true;
          for (const { turn } of batch) onError(error, turn.key.turnId);
        }
        // Not an outage but an error that may stay, as that of a full disk: no busy loop.
        if (!database.breaker.isOpen()) await new Promise((resolve) => setTimeout(resolve, LOOK));
        await database.breaker.whenClosed();
      }
    }
  };

  const tell = (
    batch: readonly Batched[],
    silent: readonly Waiting[],
    states: ReadonlyMap<string | null, "stop" | "gone">,
  ): void => {
    for (const { turn, events, resolve } of batch) {
      const state = states.get(turn.key.turnId) ?? "written";
      resolve(state === "gone" ? { state } : { state, events });
    }
    for (const { turn } of silent) {
      const state = states.get(turn.key.turnId);
      if (state !== undefined) settle(turn, state === "gone" ? { state } : { state, events: [] });
    }
  };

  /** Ends the waiting of a turn that has nothing under way. */
  const settle = (turn: LiveTurn, written: Written): void => {
    const found = waiting.get(turn.key.turnId);
    waiting.delete(turn.key.turnId);
    found?.resolve(written);
  };

  /** Whether an error comes from what is written: it is no outage, and writing nothing succeeds. */
  const isOfAnEvent = async (error: unknown, batch: readonly Batched[]): Promise<boolean> => {
    if (batch.length === 0 || isChatkeepError(error, "unavailable")) return false;
    return node.renew().then(
      () => true,
      () => false,
    );
  };

  /** Finds the turn whose event is refused, by halves; the others go on. */
  const isolate = async (batch: readonly Batched[], error: unknown): Promise<void> => {
    if (batch.length === 1) return batch[0]!.resolve({ state: "refused", error });
    const half = batch.length >> 1;
    await write(batch.slice(0, half), []);
    await write(batch.slice(half), []);
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
        if (left.has(turn)) return resolve({ state: "left" });
        waiting.set(turn.key.turnId, { turn, resolve });
        wake(turn);
        if (!running) void loop();
      }),
    wake,
    leave(turn) {
      left.add(turn);
      settle(turn, { state: "left" });
    },
  };
}
