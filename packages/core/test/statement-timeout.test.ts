import { createPool, migrate } from "@chatkeep/core";
import { createDatabase } from "@chatkeep/testing";
import { expect, onTestFinished, test } from "vitest";

test("migrating takes as long as it needs where the database ends statements early", async () => {
  const database = await createDatabase({ contents: "empty" });
  await database.pool.query(`alter database ${database.name} set statement_timeout = '1s'`);
  // A migration that is slower than the limit, on any machine.
  await database.pool.query(`
    create function public.linger() returns event_trigger language plpgsql as $$
    begin
      if tg_tag = 'CREATE SCHEMA' then perform pg_sleep(1.2); end if;
    end $$;
    create event trigger linger on ddl_command_end execute function public.linger()`);
  const pool = createPool(database.url);
  onTestFinished(async () => {
    await pool.end();
    await database.close();
  });
  await expect(migrate(pool)).resolves.toMatchObject({ from: 0 });
  const { rows } = await pool.query("show statement_timeout");
  expect(rows).toEqual([{ statement_timeout: "1s" }]);
});
