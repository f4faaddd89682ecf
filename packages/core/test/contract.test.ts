import { fileDatabase } from "@chatkeep/testing";
import { describeHistory } from "@chatkeep/testing/contract";

import { newSession, openFixture } from "./fixture.ts";

const database = await fileDatabase();

describeHistory("createHistory", () => Promise.resolve(openFixture(database.url, newSession)));
