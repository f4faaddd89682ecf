import { oldestPostgres } from "@chatkeep/testing";

import { testPlatforms } from "./platforms.ts";

if (oldestPostgres !== undefined) testPlatforms(oldestPostgres);
