import { Client } from "pg";
import { expect, test } from "vitest";

import { createDatabase } from "../src/database.ts";
import { startPostgres } from "../src/postgres.ts";

test("a database of its own is empty, and gone when it is closed", async () => {
  const database = await createDatabase({ contents: "empty" });
  const { rows } = await database.pool.query("select count(*)::int as tables from pg_stat_user_tables");
  expect(rows).toEqual([{ tables: 0 }]);
  await database.close();
  const client = new Client({ connectionString: database.url });
  await expect(client.connect()).rejects.toMatchObject({ code: "3D000" });
});

test("a PostgreSQL of its own can crash and come back at the same address with what was committed", async () => {
  await using postgres = await startPostgres();
  const write = async (sql: string): Promise<unknown[]> => {
    const client = new Client({ connectionString: postgres.url("postgres") });
    await client.connect();
    const { rows } = await client.query(sql);
    await client.end();
    return rows;
  };
  await write("create table kept as select 1 as one");
  await postgres.stop("immediate");
  await expect(write("select 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await postgres.start();
  expect(await write("select one from kept")).toEqual([{ one: 1 }]);
});
