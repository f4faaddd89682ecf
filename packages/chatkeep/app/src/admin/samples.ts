import type { WireOverview } from "@chatkeep/protocol";

/** What is drawn of one overview; `null` where it was not told. */
export interface Sample {
  readonly running: number;
  /** Milliseconds of a round trip to the database. */
  readonly latency: number | null;
  /** Turns of the last hour, and those of them that failed or were interrupted. */
  readonly turns: number | null;
  readonly broken: number | null;
  readonly connections: number | null;
  readonly bytes: number | null;
}

/** Ten minutes of overviews. */
const MOST = 120;

/** Adds what an overview tells to the samples before it. */
export function withSample(before: readonly Sample[], overview: WireOverview): readonly Sample[] {
  const { health, connections, node, store } = overview;
  const settled = store?.turns.settled;
  const broken = settled === undefined ? null : settled.failed + settled.interrupted;
  const sample: Sample = {
    running: store?.turns.running ?? node.running_turns,
    latency: health.database.latency_ms,
    turns:
      settled === undefined || broken === null
        ? null
        : settled.complete + settled.waiting + settled.stopped + broken,
    broken,
    connections: connections === null ? null : connections.open - connections.idle,
    bytes: store === null ? null : store.tables.reduce((sum, { bytes }) => sum + bytes, 0),
  };
  return [...before, sample].slice(-MOST);
}
