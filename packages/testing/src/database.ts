import { randomUUID } from "node:crypto";

import { Client, Pool } from "pg";

import { databasePrefix } from "./postgres.ts";

const template = "template_chatkeep";

/** How a test database is made. */
export interface DatabaseOptions {
  /** The server, as the URL of its database `postgres`; default: the one that the run shares. */
  server?: string;
  /** What it holds at first: our tables (default), or nothing. */
  contents?: "migrated" | "empty";
}

/** A database of a test's own. */
export interface Database extends AsyncDisposable {
  name: string;
  url: string;
  /** As superuser, ended by `close`; its lost connections are not reported. */
  pool: Pool;
  /** Ends the pool and drops the database, whoever is still connected. */
  close(): Promise<void>;
}

/** Make a database, cloned from a template that is migrated once a server. */
export async function createDatabase(options: DatabaseOptions = {}): Promise<Database> {
  const server = options.server ?? (await import("vitest")).inject("postgres");
  const name = `${databasePrefix}${randomUUID().slice(0, 13).replace("-", "_")}`;
  const source = (options.contents ?? "migrated") === "empty" ? "template0" : await migratedTemplate(server);
  // Without fsync copying files takes 0.1 s, the default way through the log 0.2 s.
  await administer(server, (client) =>
    client.query(`create database ${name} template ${source} strategy file_copy`),
  );
  const url = urlOf(server, name);
  const pool = new Pool({ connectionString: url });
  pool.on("error", () => {}); // tests stop servers and drop databases under it
  const close = async (): Promise<void> => {
    await pool.end();
    await administer(server, (client) => client.query(`drop database if exists ${name} with (force)`));
  };
  return { name, url, pool, close, [Symbol.asyncDispose]: close };
}

/**
 * The database of a test file, to be called at its top level. It is dropped when the file has passed and kept when a
 * test of it failed; tests in a file keep apart by owner.
 */
export async function fileDatabase(options: DatabaseOptions = {}): Promise<Database> {
  const database = await createDatabase(options);
  const { afterAll } = await import("vitest");
  afterAll(async ({}, suite) => {
    const failed = suite.tasks.some(hasFailed);
    await (failed ? database.pool.end() : database.close());
  });
  return database;
}

interface Task {
  result?: { state: string } | undefined;
  tasks?: Task[];
}

const hasFailed = (task: Task): boolean =>
  task.result?.state === "fail" || (task.tasks?.some(hasFailed) ?? false);

// Under a lock of the server, so that of the test files that begin at once one migrates; renamed when it is complete.
async function migratedTemplate(server: string): Promise<string> {
  await administer(server, async (client) => {
    await client.query("select pg_advisory_lock(7341)");
    const { rowCount } = await client.query("select from pg_database where datname = $1", [template]);
    if (rowCount === 1) return;
    const half = `${template}_half`;
    await client.query(`drop database if exists ${half} with (force)`);
    await client.query(`create database ${half}`);
    const pool = new Pool({ connectionString: urlOf(server, half) });
    const { migrate } = await import("@chatkeep/core");
    await migrate(pool);
    await pool.end();
    await client.query(`alter database ${half} rename to ${template}`);
  });
  return template;
}

// A connection for the one purpose: what it locks is free again when it ends.
async function administer(server: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: server });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

function urlOf(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}
