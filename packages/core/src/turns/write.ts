import { setTimeout as pause } from "node:timers/promises";

import { type TurnEvent, isChatkeepError } from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { isFenced } from "../database/failure.ts";
import type { TurnKey } from "./key.ts";
import type { Node } from "./node.ts";

/** A turn's events to write; none, to ask for news of it. */
export interface Batched {
  readonly key: TurnKey;
  readonly events: readonly TurnEvent[];
}

/** What became of a turn's events. */
export type Written =
  /** They are committed; and somebody asked to stop the turn, or a claim has given it another owner. */
  | {
      readonly state: "written";
      readonly events: readonly TurnEvent[];
      readonly isStopped: boolean;
      readonly isMoved: boolean;
    }
  /** The turn is not this node's any more: it was cleared or deleted, or the node was taken for dead. */
  | { readonly state: "gone" | "fenced" }
  /** The database refuses them, and will always. */
  | { readonly state: "refused"; readonly error: unknown };

/** What {@link createWriter} needs. */
export interface WriterOptions {
  readonly database: Database;
  readonly node: Node;
  /** Told what keeps events from being committed, for the operator. An outage tells of itself. */
  readonly onError: (error: unknown, turnId: string) => void;
}

/** Milliseconds before a batch that failed is tried again. */
const RETRY = 100;
/** Milliseconds of failures after which the operator is told. */
const STALLED = 2000;

/**
 * Writes events of many turns with one statement, and tells what became of each, in their order. Waits while the
 * database is away; an event that it refuses ends its own turn. Never rejects.
 */
export function createWriter({
  database,
  node,
  onError,
}: WriterOptions): (batch: readonly Batched[]) => Promise<Written[]> {
  const write = async (batch: readonly Batched[]): Promise<Written[]> => {
    const rows = batch.flatMap(({ key, events }) =>
      (events.length === 0 ? [null] : events).map((event) => ({ key, event })),
    );
    const began = performance.now();
    for (let isTold = false; ;) {
      const id = node.last();
      try {
        const told = await database.call("write_events", {
          node: id,
          lease: node.lease,
          turn_ids: rows.map(({ key }) => key.turnId),
          owner_ids: rows.map(({ key }) => key.ownerId),
          seqs: rows.map(({ event }) => event?.seq ?? null),
          chunks: rows.map(({ event }) => event?.chunk ?? null),
        });
        const news = new Set(told.map((row) => `${row.state} ${row.turn_id}`));
        return batch.map(({ key: { turnId }, events }) => {
          if (news.has(`gone ${turnId}`)) return { state: "gone" };
          const [isStopped, isMoved] = [news.has(`stop ${turnId}`), news.has(`moved ${turnId}`)];
          return { state: "written", events, isStopped, isMoved };
        });
      } catch (error) {
        if (isFenced(error) || node.isReleased()) {
          node.fenced(id);
          return batch.map(() => ({ state: "fenced" }));
        }
        if (await isOfAnEvent(error, batch)) return isolate(batch, error);
        if (!isTold && performance.now() - began > STALLED && !database.breaker.isOpen()) {
          isTold = true;
          for (const { key, events } of batch) if (events.length > 0) onError(error, key.turnId);
        }
        // Not an outage but an error that may stay, as that of a full disk: no busy loop.
        if (!database.breaker.isOpen()) await pause(RETRY);
        await database.breaker.whenClosed();
      }
    }
  };

  /** Whether an error comes from what is written: it is no outage, and writing nothing succeeds. */
  const isOfAnEvent = async (error: unknown, batch: readonly Batched[]): Promise<boolean> => {
    if (isChatkeepError(error, "unavailable") || batch.every(({ events }) => events.length === 0))
      return false;
    return node.renew().then(
      () => true,
      () => false,
    );
  };

  /** Finds the turn whose event is refused, by halves; the others go on. */
  const isolate = async (batch: readonly Batched[], error: unknown): Promise<Written[]> => {
    if (batch.length === 1) return [{ state: "refused", error }];
    const half = batch.length >> 1;
    return [...(await write(batch.slice(0, half))), ...(await write(batch.slice(half)))];
  };

  return write;
}
