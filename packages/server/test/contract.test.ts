import { fileDatabase } from "@chatkeep/testing";
import { describeHistory } from "@chatkeep/testing/contract";

import { SESSIONS, openFixture } from "./fixtures/contract.ts";

const database = await fileDatabase();
describeHistory("createClient, for sessions", () => openFixture(database, SESSIONS));
