import { releaseSchema } from "@chatkeep/core";

import { explainDatabaseError } from "../database-fault.ts";
import type { CheckOptions, Finding, ServerConnection } from "./checks.ts";

/** Tries a write that needs room on the disk, and rolls it back. Yields nothing if the database takes it. */
export async function* findWrites(
  connection: ServerConnection,
  { url, schema }: CheckOptions,
): AsyncGenerator<Finding> {
  const functions = `"${releaseSchema(schema)}"`;
  const { rows } = await connection.query("select from pg_namespace where oid = to_regnamespace($1)", [
    functions,
  ]);
  if (rows.length === 0) return;
  await connection.query("begin");
  try {
    await connection.query(`select ${functions}.try_write()`);
  } catch (error) {
    const fault = explainDatabaseError(error, url);
    if (fault === undefined) throw error;
    yield { check: "writes", state: "fail", text: fault.sentence };
  } finally {
    await connection.query("rollback");
  }
}
