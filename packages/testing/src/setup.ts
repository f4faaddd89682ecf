import { Client } from "pg";
import type { TestProject } from "vitest/node";

import { databasePrefix, startPostgres } from "./postgres.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The connection string of the PostgreSQL that all test files of a run share. */
    postgres: string;
  }
}

/** One PostgreSQL for all test files of a run. It stays, stopped, if a failed file left its database in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Killed processes lose nothing without fsync, only a machine that loses power does: no test does that.
  const postgres = await startPostgres({ settings: { fsync: "off" } });
  project.provide("postgres", postgres.url("postgres"));
  return async () => {
    const kept = await keptDatabases(postgres.url("postgres"));
    if (kept.length === 0) return postgres.remove();
    await postgres.stop();
    process.stderr.write(`Kept for a look: ${kept.join(", ")} in ${postgres.directory}/data\n`);
  };
}

async function keptDatabases(url: string): Promise<string[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ datname: string }>(
    "select datname from pg_database where starts_with(datname, $1)",
    [databasePrefix],
  );
  await client.end();
  return rows.map(({ datname }) => datname);
}
