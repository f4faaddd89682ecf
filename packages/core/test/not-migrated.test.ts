import { createHistory } from "@chatkeep/core";
import { UNHURRIED, createDatabase } from "@chatkeep/testing";
import { expect, it } from "vitest";

import { newUser } from "./fixture.ts";

it("a database that was not migrated is unavailable, and says who has to do what", async () => {
  await using database = await createDatabase({ contents: "empty" });
  await using history = createHistory({ ...UNHURRIED.history, pool: database.pool });
  await expect(history.listConversations(newUser())).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("migrate"),
  });
});
