import { readFileSync } from "node:fs";

import { createDatabase, oldestPostgres, startPostgres } from "@chatkeep/testing";
import { describeHistory } from "@chatkeep/testing/contract";
import { describe, expect, it } from "vitest";

import { newSession, openFixture } from "./fixture.ts";
import { SCHEMA_FILE, dumpSchema } from "./schema.ts";

/** PostgreSQL 15, which npm brings for Linux on x64; where it does not, there is nothing to test against. */
describe.runIf(oldestPostgres !== undefined)("on the oldest PostgreSQL", () => {
  const open = async () => {
    const postgres = await startPostgres({ package: oldestPostgres!, settings: { fsync: "off" } });
    return { postgres, database: await createDatabase({ server: postgres.url("postgres") }) };
  };

  it("the schema is the one that is checked in", async () => {
    const { postgres, database } = await open();
    await using _ = postgres;
    const { rows } = await database.pool.query("show server_version");
    expect(rows).toMatchObject([{ server_version: /^15\./ }]);
    expect(await dumpSchema(database.pool)).toBe(readFileSync(SCHEMA_FILE, "utf8"));
    await database.close();
  });

  describeHistory("core", async () => {
    const { postgres, database } = await open();
    const fixture = openFixture(database.url, newSession);
    return {
      ...fixture,
      async close() {
        await fixture.close();
        await database.close();
        await postgres.remove();
      },
    };
  });
});
