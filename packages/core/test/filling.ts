import type { Database } from "@chatkeep/testing";

/** Runs a statement. */
export type Query = (text: string, ...values: unknown[]) => Promise<unknown>;

/** Fills tables by statements. Foreign keys are not checked, which would take as long as the rows themselves. */
export async function fillTables(
  { pool }: Pick<Database, "pool">,
  fill: (query: Query) => Promise<void>,
): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("set session_replication_role = replica");
    await fill((text, ...values) => client.query(text, values));
  } finally {
    client.release(true);
  }
  await pool.query("vacuum analyze");
}
