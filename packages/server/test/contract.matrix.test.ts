import { fileDatabase } from "@chatkeep/testing";
import { describeHistory } from "@chatkeep/testing/contract";

import { USERS, openFixture } from "./fixtures/contract.ts";

// `npm run test:all` runs this one.
const database = await fileDatabase();
describeHistory("createClient, for users", () => openFixture(database, USERS));
