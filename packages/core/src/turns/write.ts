import { setTimeout as pause } from "node:timers/promises";

import { type TurnEvent, isChatkeepError } from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { isFenced } from "../database/failure.ts";
import type { Node } from "./node.ts";
import type { TurnKey } from "./turn.ts";

/** Events of one turn to write; none, to ask for its news. */
export interface Batched {
  readonly key: TurnKey;
  readonly events: readonly TurnEvent[];
}

/** What became of a turn's events. */
export type Written =
  /** They are committed. `isMoved`: a claim gave the turn another owner. */
  | {
      readonly state: "written";
      readonly events: readonly TurnEvent[];
      readonly isStopped: boolean;
      readonly isSteered: boolean;
      readonly isMoved: boolean;
    }
  /** The turn is not this node's any more: it was cleared or deleted, or the node was fenced. */
  | { readonly state: "gone" | "fenced" }
  /** The database refuses them for a reason that stays. */
  | { readonly state: "refused"; readonly error: unknown };

export interface WriterOptions {
  readonly database: Database;
  readonly node: Node;
  /** Called with errors that keep events from being committed. Outages are reported elsewhere. */
  readonly onError: (error: unknown, turnId: string) => void;
}

/** Milliseconds before a failed batch is retried. */
const RETRY = 100;
/** Milliseconds of failures after which the operator is told. */
const STALLED = 2000;

/**
 * Writes events of many turns with one statement. Returns what became of each, in order. Waits during an outage. An event
 * that the database refuses fails its own turn only. Never rejects.
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
        const news = await database.call("write_events", {
          node: id,
          lease: node.lease,
          turn_ids: rows.map(({ key }) => key.turnId),
          owner_ids: rows.map(({ key }) => key.ownerId),
          seqs: rows.map(({ event }) => event?.seq ?? null),
          chunks: rows.map(({ event }) => event?.chunk ?? null),
        });
        return batch.map(({ key: { turnId }, events }) => {
          const row = news.find(({ turn_id: id }) => id === turnId);
          if (row?.is_gone === true) return { state: "gone" };
          return {
            state: "written",
            events,
            isStopped: row?.is_stopped === true,
            isSteered: row?.is_steered === true,
            isMoved: row?.is_moved === true,
          };
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
        // No outage, but an error that may last, such as a full disk.
        if (!database.breaker.isOpen()) await pause(RETRY);
        await database.breaker.whenClosed();
      }
    }
  };

  /** Whether the events cause the error: writing none succeeds. */
  const isOfAnEvent = async (error: unknown, batch: readonly Batched[]): Promise<boolean> => {
    if (isChatkeepError(error, "unavailable") || batch.every(({ events }) => events.length === 0))
      return false;
    return node.renew().then(
      () => true,
      () => false,
    );
  };

  /** Halves the batch until the refused turn is found; the others are written. */
  const isolate = async (batch: readonly Batched[], error: unknown): Promise<Written[]> => {
    if (batch.length === 1) return [{ state: "refused", error }];
    const half = batch.length >> 1;
    return [...(await write(batch.slice(0, half))), ...(await write(batch.slice(half)))];
  };

  return write;
}
