import { createPool, migrate } from "@chatkeep/core";
import type { Log } from "@chatkeep/server";

import { explainDatabaseError } from "./database-fault.ts";
import { openDatabase } from "./database.ts";
import type { Environment } from "./environment.ts";
import { StartError } from "./start-error.ts";

/** `chatkeep migrate`: brings the schema to this release and says what it did in one sentence. */
export async function runMigrate(environment: Environment, log: Log): Promise<string> {
  const { schema, embedding } = environment;
  const database = await openDatabase(environment, log);
  const pool = createPool(database.url, { max: 1 });
  try {
    const { from, to } = await migrate(pool, {
      schema,
      ...(embedding === undefined ? {} : { vectors: true }),
    });
    return from === to
      ? `The schema "${schema}" is at version ${to}; there was nothing to do.`
      : `The schema "${schema}" was brought from version ${from} to ${to}.`;
  } catch (error) {
    const fault = explainDatabaseError(error, database.url);
    throw fault === undefined ? error : new StartError(fault.sentence, { cause: error });
  } finally {
    await pool.end();
    await database.close();
  }
}
