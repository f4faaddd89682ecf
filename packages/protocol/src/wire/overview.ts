import type { ErrorCode } from "../errors.ts";

/** The state of a server, from a probe made for this request. */
export interface WireHealth {
  /** `degraded`: the server answers, but nothing is saved. `down`: nobody gets an answer. */
  status: "ok" | "degraded" | "down";
  database: { status: "ok" | "unwritable" | "down"; latency_ms: number | null; reason: string | null };
}

/** The state of a node and the database in numbers. It names no owner and quotes no message. */
export interface WireOverview {
  version: string;
  health: WireHealth;
  /** The connections from this node to the database; `null` where the host does not tell. */
  connections: { open: number; idle: number; waiting: number; most: number } | null;
  node: {
    started_at: string;
    running_turns: number;
    /** Answers given unsaved during outages since the start: shown with a token, and later saved. */
    unsaved_answers: { shown: number; saved: number };
  };
  /** All nodes together; `null` while the database is down. */
  store: {
    nodes: { id: number; started_at: string; lease_until: string; alive: boolean; running_turns: number }[];
    /** Settled turns are counted over the last hour. */
    turns: {
      running: number;
      settled: { waiting: number; complete: number; stopped: number; interrupted: number; failed: number };
    };
    /** Rows are PostgreSQL's estimates. Bytes include indexes. */
    tables: { name: string; rows: number; bytes: number }[];
  } | null;
}

/** The last errors of a node, the latest first: codes and sentences of ours, never a word of anybody. */
export interface WireRecentErrors {
  errors: {
    at: string;
    request_id: string | null;
    turn_id: string | null;
    route: string | null;
    code: ErrorCode;
    detail: string;
    /** The name and code of the underlying error. */
    cause: string | null;
  }[];
}
