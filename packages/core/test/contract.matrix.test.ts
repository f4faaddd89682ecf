import { createPool, migrate } from "@chatkeep/core";
import { UNHURRIED, createDatabase, fileDatabase } from "@chatkeep/testing";
import { describeHistory } from "@chatkeep/testing/contract";

import { createLogin, newSession, newUser, openFixture } from "./fixture.ts";

// The other set-ups of the contract; `npm run test:all` runs them.
const database = await fileDatabase();

describeHistory("createHistory, for users, without prepared statements", () =>
  Promise.resolve(openFixture(database.url, newUser, { preparedStatements: "never" })),
);

describeHistory("createHistory, logged in as a role that may create none", async () => {
  const own = await createDatabase({ contents: "empty" });
  const login = await createLogin(own);
  await own.pool.query(`grant create on database ${own.name} to ${login.name}`);
  const pool = createPool(login.url, UNHURRIED.pool);
  const { security } = await migrate(pool);
  await pool.end();
  if (security !== "forced") throw new Error(`Row-level security is to be forced here, not by ${security}.`);
  const fixture = openFixture(login.url, newSession);
  return {
    ...fixture,
    async close() {
      await fixture.close();
      await login[Symbol.asyncDispose]();
      await own.close();
    },
  };
});
