import type { ErrorCode } from "../errors.ts";

/** How a server stands, as its probe finds it at this moment. */
export interface WireHealth {
  /** `degraded`: answers are given, not everything is saved. `down`: nothing can be read or saved. */
  status: "ok" | "degraded" | "down";
  database: { status: "ok" | "down"; latency_ms: number | null };
}

/** How a node and its store stand, as an operator is told: numbers, never whose data it is and no word of it. */
export interface WireOverview {
  version: string;
  health: WireHealth;
  /** Of the node to its database; `null` where the host keeps that to itself. */
  connections: { open: number; idle: number; waiting: number; most: number } | null;
  node: {
    started_at: string;
    running_turns: number;
    /** Answers of outages since the start: shown with a token, and brought back and saved. */
    unsaved_answers: { shown: number; saved: number };
  };
  /** Of all nodes together; `null` while the database is down. */
  store: {
    nodes: { id: number; started_at: string; lease_until: string; alive: boolean; running_turns: number }[];
    /** Those settled are of the last hour. */
    turns: {
      running: number;
      settled: { complete: number; stopped: number; interrupted: number; failed: number };
    };
    /** Rows are PostgreSQL's estimates; bytes are with the indexes. */
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
    /** The name and code of what was behind it. */
    cause: string | null;
  }[];
}
