import { fileDatabase } from "@chatkeep/testing";
import { describeHistory } from "@chatkeep/testing/contract";

import { newSession, newUser, openFixture } from "./fixture.ts";

const database = await fileDatabase();

describeHistory("createHistory, for sessions", () => Promise.resolve(openFixture(database.url, newSession)));

describeHistory("createHistory, for users, without prepared statements", () =>
  Promise.resolve(openFixture(database.url, newUser, { preparedStatements: "never" })),
);
