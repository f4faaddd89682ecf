import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { createPool } from "@chatkeep/core";
import { fileDatabase, hasPgDump } from "@chatkeep/testing";
import { afterAll, expect, it } from "vitest";

const database = await fileDatabase();
const { hostname, port, pathname } = new URL(database.url);
const login = `${database.name}_login`;
await database.pool.query(`create role ${login} login password 'p#w?x:y&z'`);
afterAll(() => database.pool.query(`drop role ${login}`));

const PLACE =
  "select current_user, current_database(), inet_server_port(), current_setting('application_name') as application_name";

// psql comes with Debian's clients, as pg_dump does.
it
  .runIf(hasPgDump)
  .each([
    `postgres://${login}:p#w?x:y&z@${hostname}:${port}${pathname}?application_name=shop`,
    `postgresql://${login}:p%23w%3Fx%3Ay%26z@/?host=${hostname}&port=${port}&dbname=${database.name}&application_name=shop`,
    `postgres://eve:none@nowhere.invalid:1/none?host=${hostname}&port=${port}&user=${login}&password=p%23w%3Fx:y%26z&dbname=${database.name}&application_name=shop`,
    `postgres://${login}:p#w?x:y&z@/${database.name}?hostaddr=${hostname}&port=${port}&application_name=shop&connect_timeout=10`,
  ])("a URL leads where psql goes with it: %s", async (url) => {
  const psql = promisify(execFile)("psql", ["-XAtF", "|", url, "-c", PLACE]);
  const pool = createPool(url);
  const { rows } = await pool.query<Record<string, unknown>>(PLACE);
  await pool.end();
  expect(Object.values(rows[0]!).join("|")).toBe((await psql).stdout.trim());
  expect(rows[0]).toMatchObject({ current_user: login, application_name: "shop" });
});
