import type { TurnStatus } from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { instant } from "../database/values.ts";

/** The operator's numbers over all nodes. They name no owner and quote no message. */
export interface Overview {
  readonly nodes: readonly NodeState[];
  readonly turns: {
    /** Running turns. */
    readonly running: number;
    /** Turns settled within the last hour, by status. */
    readonly settled: Readonly<Record<Exclude<TurnStatus, "queued" | "running">, number>>;
  };
  /** All tables, the largest first. */
  readonly tables: readonly TableSize[];
}

/** A process that runs turns. */
export interface NodeState {
  readonly id: number;
  /** ISO 8601. */
  readonly startedAt: string;
  /** The end of its lease, ISO 8601. */
  readonly leaseUntil: string;
  /** Whether its lease holds. Turns of a dead node are settled by another. */
  readonly alive: boolean;
  /** The number of its running turns. */
  readonly running: number;
}

/** The size of a table. */
export interface TableSize {
  readonly name: string;
  /** PostgreSQL's estimate. */
  readonly rows: number;
  /** Bytes, with indexes. */
  readonly bytes: number;
}

/** The period of settled turns in milliseconds: an hour of them is read from an index in about ten milliseconds. */
const SETTLED_WITHIN = 3_600_000;

interface OverviewRow {
  nodes: { id: number; started_at: string; lease_until: string; alive: boolean; running: number }[];
  running: number;
  settled: Partial<Record<TurnStatus, number>>;
  tables: { name: string; rows: number; bytes: number }[];
}

/** Reads the numbers at a cost that does not grow with the data. Errors: `unavailable`. */
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
    turns: {
      running,
      settled: { waiting: 0, complete: 0, stopped: 0, interrupted: 0, failed: 0, ...settled },
    },
    tables,
  };
}
