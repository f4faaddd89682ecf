import { setTimeout } from "node:timers/promises";

import {
  type ConnectionPool,
  type MigrateOptions,
  type Migrated,
  checkDurability,
  isUnavailable,
  migrate,
  requireIsolation,
} from "@chatkeep/core";
import { ChatkeepError } from "@chatkeep/protocol";

import type { Log } from "./log.ts";

/** Options of a mount's `migrate`. */
export interface MountedMigrateOptions extends Omit<MigrateOptions, "schema"> {
  /** Milliseconds to wait for an unreachable database (default 15,000). */
  readonly wait?: number;
}

/** Brings the tables of a mount to its release. */
export interface Migration {
  /** Waits for a sleeping database. Success is remembered, a failure is not. */
  migrate(options?: MountedMigrateOptions): Promise<Migrated>;
  /** What a request waits for. Errors: `unavailable`. */
  prepare(): Promise<void>;
  /** Whether requests are welcome: nothing migrates, and the database has not refused it. */
  isReady(): boolean;
  /** What fails from now on is `unavailable` to requests: the pool is being closed under them. */
  close(): void;
}

/** Milliseconds between two attempts to reach the database. */
const RETRY = 250;

/** Milliseconds to wait for a database that wakes: a serverless one takes up to 10 s. */
const WAKE_TIMEOUT = 15_000;

interface Place {
  readonly pool: ConnectionPool;
  readonly schema?: string;
}

/** Creates it. It does nothing by itself. */
export function createMigration(place: Place, log: Log): Migration {
  const { pool } = place;
  let running = 0;
  let isRefused = false;
  let isClosed = false;
  let migrated: Migrated | undefined;
  let attempt: Promise<Migrated> | undefined;

  const run = async (how: Omit<MigrateOptions, "schema">): Promise<Migrated> => {
    const done = await migrate(pool, { ...how, ...place });
    for (const warning of await requireIsolation(pool, place)) log.warn({}, warning);
    for (const warning of (await checkDurability(pool)).warnings) log.warn({}, warning);
    return done;
  };
  /** One attempt, for all who ask while it runs. */
  const runOnce = async (how: Omit<MigrateOptions, "schema">): Promise<Migrated> => {
    // Options may ask for more than the remembered attempt did.
    if (how.grantTo !== undefined || how.vectors !== undefined) return run(how);
    if (migrated !== undefined) return migrated;
    attempt ??= run(how).finally(() => (attempt = undefined));
    migrated = await attempt;
    return migrated;
  };
  /** Runs again while `isPassing` says that the failure passes. */
  const runAwake = async (
    { wait = WAKE_TIMEOUT, ...how }: MountedMigrateOptions,
    isPassing: (error: unknown) => boolean,
  ): Promise<Migrated> => {
    const deadline = performance.now() + wait;
    running++;
    try {
      for (;;) {
        try {
          const done = await runOnce(how);
          isRefused = false;
          return done;
        } catch (error) {
          // If the database is away the next request tries again, and a node that is not ready gets none.
          isRefused = !isUnavailable(error);
          if (!isPassing(error) || performance.now() >= deadline) throw error;
          await setTimeout(RETRY);
        }
      }
    } finally {
      running--;
    }
  };
  return {
    migrate: (options = {}) => runAwake(options, isUnavailable),
    async prepare() {
      if (migrated !== undefined) return;
      try {
        // A request waits for one connection, as any other does, and for a database that says that it is starting.
        await runAwake({}, isStarting);
      } catch (cause) {
        if (!isClosed && !isUnavailable(cause)) throw cause;
        const detail = isClosed
          ? "This server is ending. Try again in a moment."
          : "The database cannot be reached. Try again in a moment.";
        throw new ChatkeepError("unavailable", detail, { cause });
      }
    },
    isReady: () => running === 0 && !isRefused && !isClosed,
    close: () => void (isClosed = true),
  };
}

/** Whether PostgreSQL answers that it is starting up. */
function isStarting(error: unknown): boolean {
  return (error as { code?: unknown }).code === "57P03";
}
