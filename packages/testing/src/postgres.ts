import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openCluster, type Cluster, type ShutdownMode } from "chatkeep/embedded";

import { freePort } from "./port.ts";

/** What the names of test databases begin with. */
export const databasePrefix = "test_";

/**
 * The npm package of the oldest PostgreSQL that we support, 15; `undefined` where npm has none installed: it
 * is there for Linux on x64.
 */
export const oldestPostgres: string | undefined = findOldest();

function findOldest(): string | undefined {
  try {
    return import.meta.resolve("postgresql-15");
  } catch {
    return undefined;
  }
}

/** How a PostgreSQL for tests is made. */
export interface PostgresOptions {
  /** Settings as in postgresql.conf, before the defaults (fully durable, 200 connections). */
  settings?: Record<string, string>;
  /** The npm package of its programs; default: what TEST_POSTGRES names, else the PostgreSQL 18 that we bring. */
  package?: string;
}

/** A PostgreSQL of a test's own, which it may stop, kill and start again at the same address. */
export interface Postgres extends AsyncDisposable {
  /** The connection string of one of its databases as its superuser, over TCP on loopback. */
  url(database: string): string;
  /** The process number of the running server; changes with every start. */
  pid(): number;
  port: number;
  /** Where its data and log are. */
  directory: string;
  /** End it: `fast` (default) checkpoints, `immediate` is a crash. */
  stop(mode?: ShutdownMode): Promise<void>;
  /** Start it again after `stop` or a kill. */
  start(): Promise<void>;
  /** End it and remove its data. */
  remove(): Promise<void>;
}

/** Start an empty PostgreSQL on a free port of loopback with its data in a temporary folder. */
export function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  return openPostgres(options);
}

/** As {@link startPostgres}; `prepare` may put data into its folder first. */
export async function openPostgres(
  options: PostgresOptions,
  prepare?: (directory: string) => Promise<void>,
): Promise<Postgres> {
  const directory = mkdtempSync(join(tmpdir(), "ck-pg-"));
  await prepare?.(directory);
  const port = await freePort();
  const program = options.package ?? process.env["TEST_POSTGRES"];
  const open = (): Promise<Cluster> =>
    openCluster({
      directory,
      port,
      settings: { max_connections: "200", ...options.settings },
      ...(program === undefined ? {} : { package: program }),
    });
  let cluster = await open();
  const remove = async (): Promise<void> => {
    await cluster.stop("immediate");
    rmSync(directory, { recursive: true, force: true });
  };
  return {
    url: (database) => cluster.url(database),
    pid: () => cluster.pid,
    port,
    directory,
    stop: (mode) => cluster.stop(mode),
    start: async () => {
      cluster = await open();
    },
    remove,
    [Symbol.asyncDispose]: remove,
  };
}
