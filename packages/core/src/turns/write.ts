import { setTimeout as pause } from "node:timers/promises";

import { type TurnEvent, isChatkeepError } from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { isFenced } from "../database/failure.ts";
import type { Node } from "./node.ts";

/** A turn's events to write; none, to ask whether it is to stop or gone. */
export interface Batched {
  readonly turnId: string;
  readonly events: readonly TurnEvent[];
}

/** What became of a turn's events. */
export type Written =
  /** They are committed; with `stop`, somebody asked to stop the turn. */
  | { readonly state: "written" | "stop"; readonly events: readonly TurnEvent[] }
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
    const rows = batch.flatMap(({ turnId, events }) =>
      (events.length === 0 ? [null] : events).map((event) => ({ turnId, event })),
    );
    const began = performance.now();
    for (let isTold = false; ;) {
      const id = node.last();
      try {
        const told = await database.call("write_events", {
          node: id,
          lease: node.lease,
          turn_ids: rows.map(({ turnId }) => turnId),
          seqs: rows.map(({ event }) => event?.seq ?? null),
          chunks: rows.map(({ event }) => event?.chunk ?? null),
        });
        const states = new Map(told.map((row) => [row.turn_id, row.state as "stop" | "gone"]));
        return batch.map(({ turnId, events }) => {
          const state = states.get(turnId) ?? "written";
          return state === "gone" ? { state } : { state, events };
        });
      } catch (error) {
        if (isFenced(error) || node.isReleased()) {
          node.fenced(id);
          return batch.map(() => ({ state: "fenced" }));
        }
        if (await isOfAnEvent(error, batch)) return isolate(batch, error);
        if (!isTold && performance.now() - began > STALLED && !database.breaker.isOpen()) {
          isTold = true;
          for (const { turnId, events } of batch) if (events.length > 0) onError(error, turnId);
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
