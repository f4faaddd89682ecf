import type { Queryable } from "./pool.ts";

export type { Queryable } from "./pool.ts";

/** Milliseconds of a day. */
const DAY = 86_400_000;

/** Runs a statement without parameters. */
export async function run(connection: Queryable, text: string): Promise<void> {
  await connection.query({ text });
}

/** Runs one that may take as long as it has to, as that which makes an index of a large table: a day. */
export async function runLong(connection: Queryable, text: string): Promise<void> {
  await connection.query({ text, query_timeout: DAY });
}

/** The one value that a statement returns; `null` when it returns no row. */
export async function ask(connection: Queryable, text: string): Promise<unknown> {
  const { rows } = await connection.query({ text });
  const row = rows[0] as Record<string, unknown> | undefined;
  return row === undefined ? null : (Object.values(row)[0] ?? null);
}

/** The server's version as PostgreSQL numbers itself: 180004 for 18.4. */
export async function serverVersion(connection: Queryable): Promise<number> {
  return Number(await ask(connection, "select current_setting('server_version_num')"));
}
