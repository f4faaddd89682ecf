import { Client } from "pg";
import { expect, test } from "vitest";

import { startDatabaseProxy } from "../src/database-proxy.ts";
import { createDatabase } from "../src/database.ts";
import { type Postgres, startPostgres } from "../src/postgres.ts";
import { startStandby } from "../src/standby.ts";

async function run(at: Pick<Postgres, "url">, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: at.url("postgres") });
  await client.connect();
  const { rows } = await client.query(sql);
  await client.end();
  return rows;
}

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
  await run(postgres, "create table kept as select 1 as one");
  await postgres.stop("immediate");
  await expect(run(postgres, "select 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await postgres.start();
  expect(await run(postgres, "select one from kept")).toEqual([{ one: 1 }]);
});

test("a synchronous standby has every acknowledged commit, and takes the place of a primary that was killed", async () => {
  await using primary = await startPostgres();
  await using standby = await startStandby(primary, { synchronous: true });
  await using proxy = await startDatabaseProxy(primary.url("postgres"));
  const address = { url: () => proxy.url };
  await run(address, "create table kept as select 1 as one");
  await primary.stop("immediate");
  await standby.promote();
  proxy.leadTo(standby.url("postgres"));
  expect(await run(address, "select one from kept")).toEqual([{ one: 1 }]);
  await run(address, "insert into kept values (2)");
});

test("an asynchronous standby that was cut off lacks what was committed since", async () => {
  await using primary = await startPostgres();
  await using standby = await startStandby(primary);
  await run(primary, "create table kept as select 1 as one");
  await standby.caughtUp();
  await standby.cutOff();
  await run(primary, "insert into kept values (2)");
  await primary.stop("immediate");
  await standby.promote();
  expect(await run(standby, "select one from kept")).toEqual([{ one: 1 }]);
});
