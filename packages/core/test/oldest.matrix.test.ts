import { createDatabase, oldestPostgres, startPostgres } from "@chatkeep/testing";
import { describeHistory } from "@chatkeep/testing/contract";
import { describe } from "vitest";

import { newSession, openFixture } from "./fixture.ts";

/** PostgreSQL 15, which npm brings for Linux on x64; where it does not, there is nothing to test against. */
describe.runIf(oldestPostgres !== undefined)("on the oldest PostgreSQL", () => {
  describeHistory("core", async () => {
    const postgres = await startPostgres({ package: oldestPostgres!, settings: { fsync: "off" } });
    const database = await createDatabase({ server: postgres.url("postgres") });
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
