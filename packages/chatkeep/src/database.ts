import { setTimeout } from "node:timers/promises";

import { type ConnectionPool, createPool } from "@chatkeep/core";
import type { Log } from "@chatkeep/server";

import { explainDatabaseError } from "./database-fault.ts";
import { EmbeddedDatabaseError } from "./embedded/error.ts";
import type { Environment } from "./environment.ts";
import { StartError } from "./start-error.ts";

/** The database that the command works on. */
export interface OpenDatabase {
  readonly url: string;
  readonly kind: "embedded" | "external";
  /** Ends the embedded one; leaves an external one alone. */
  close(): Promise<void>;
}

/** The database that the environment names, or the embedded one, started. Throws its `EmbeddedDatabaseError`. */
export async function openDatabase({ databaseUrl, home }: Environment, log: Log): Promise<OpenDatabase> {
  if (databaseUrl !== undefined)
    return { url: databaseUrl, kind: "external", close: () => Promise.resolve() };
  const { openEmbeddedDatabase } = await import("./embedded.ts");
  const embedded = await whenFree(() => openEmbeddedDatabase({ home, log }), log);
  return { url: embedded.url, kind: "embedded", close: () => embedded.close() };
}

/** Runs a command's work on a pool of two connections. An error of the database is told in a sentence. */
export async function withDatabase<T>(
  environment: Environment,
  log: Log,
  work: (pool: ConnectionPool, database: OpenDatabase) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(environment, log);
  const pool = createPool(database.url, { max: 2, connectTimeout: WAKE_TIMEOUT });
  try {
    return await work(pool, database);
  } catch (error) {
    const fault = explainDatabaseError(error, database.url);
    throw fault === undefined ? error : new StartError(fault.sentence, { cause: error });
  } finally {
    await pool.end();
    await database.close();
  }
}

/** Milliseconds that a command waits for a database that wakes: a serverless one takes up to 10 s. */
export const WAKE_TIMEOUT = 15_000;

/** Runs `work`, and runs it again while PostgreSQL says that it is starting up. */
export async function whenAwake<T>(work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isStarting = (error as { code?: unknown }).code === "57P03";
      if (!isStarting || performance.now() - began > WAKE_TIMEOUT) throw error;
      await setTimeout(LOOK);
    }
  }
}

/** Milliseconds to wait for whoever holds the home: at a restart that is our predecessor, which is just ending. */
const HOME_TIMEOUT = 2_000;
const LOOK = 100;

async function whenFree<T>(open: () => Promise<T>, log: Log): Promise<T> {
  const began = performance.now();
  for (;;) {
    try {
      return await open();
    } catch (error) {
      const held = error instanceof EmbeddedDatabaseError && error.code === "home_in_use";
      if (!held || performance.now() - began > HOME_TIMEOUT) throw error;
      log.debug({}, "the home is in use; waiting a moment for it");
      await setTimeout(LOOK);
    }
  }
}
