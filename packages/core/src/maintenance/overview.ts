import type { TurnStatus } from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { instant } from "../database/instant.ts";

/** What an operator is told of the store: of all nodes together, never whose data it is and no word of it. */
export interface Overview {
  readonly nodes: readonly NodeState[];
  readonly turns: {
    /** How many run at this moment. */
    readonly running: number;
    /** How many were settled within the last hour, by how they ended. */
    readonly settled: Readonly<Record<Exclude<TurnStatus, "running">, number>>;
  };
  /** All tables, the largest first. */
  readonly tables: readonly TableSize[];
}

/** A process that runs turns. */
export interface NodeState {
  readonly id: number;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Until when its turns are its own, ISO 8601. */
  readonly leaseUntil: string;
  /** Whether its lease holds; the turns of one that is dead are taken over. */
  readonly alive: boolean;
  /** How many turns it runs. */
  readonly running: number;
}

/** How large a table is. */
export interface TableSize {
  readonly name: string;
  /** PostgreSQL's estimate. */
  readonly rows: number;
  /** With its indexes. */
  readonly bytes: number;
}

/** Milliseconds back to which settled turns are counted: an hour of them is read from an index in some ten milliseconds. */
const SETTLED_WITHIN = 3_600_000;

interface OverviewRow {
  nodes: { id: number; started_at: string; lease_until: string; alive: boolean; running: number }[];
  running: number;
  settled: Partial<Record<TurnStatus, number>>;
  tables: { name: string; rows: number; bytes: number }[];
}

/** Reads it, at a cost that does not grow with what is stored. Errors: `unavailable`. */
export async function readOverview(database: Database): Promise<Overview> {
  const [row] = await database.call("overview", { settled_within: SETTLED_WITHIN });
  const { nodes, running, settled, tables } = row!.overview as OverviewRow;
  return {
    nodes: nodes.map((node) => ({
      id: node.id,
      startedAt: instant(node.started_at),
      leaseUntil: instant(node.lease_until),
      alive: node.alive,
      running: node.running,
    })),
    turns: { running, settled: { complete: 0, stopped: 0, interrupted: 0, failed: 0, ...settled } },
    tables,
  };
}
