import type { Queryable } from "../database/pool.ts";

export type { Queryable } from "../database/pool.ts";

/** Milliseconds of a day. */
const DAY = 86_400_000;

/** Runs a statement without parameters. */
export async function run(connection: Queryable, text: string): Promise<void> {
  await connection.query({ text });
}

/** Runs a long statement, such as one that builds an index of a large table. Timeout: one day. */
export async function runLong(connection: Queryable, text: string): Promise<void> {
  await connection.query({ text, query_timeout: DAY });
}

/** Runs a statement and returns its single value; `null` without a row. */
export async function ask(connection: Queryable, text: string): Promise<unknown> {
  const { rows } = await connection.query({ text });
  const row = rows[0] as Record<string, unknown> | undefined;
  return row === undefined ? null : (Object.values(row)[0] ?? null);
}

/** The server's version as `server_version_num`: 180004 for 18.4. */
export async function serverVersion(connection: Queryable): Promise<number> {
  return Number(await ask(connection, "select current_setting('server_version_num')"));
}
