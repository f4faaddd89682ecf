import { createHistory } from "@chatkeep/core";
import { createDatabase } from "@chatkeep/testing";
import { Pool } from "pg";
import { expect, it } from "vitest";

import { newUser, openFixture } from "./fixture.ts";

it("gives its connection back when the history is closed while it begins to listen", async () => {
  await using database = await createDatabase();
  const owner = newUser();
  const here = openFixture(database.url, () => owner);
  const { conversation } = await here.history.createConversation(owner);
  const { turn } = await here.history.startTurn(owner, conversation.id, { content: "Wait." });
  await here.responder.started(conversation.id);

  const pool = new Pool({ connectionString: database.url });
  const listening = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  // Holds the answer to LISTEN back until the history is closed.
  pool.on("connect", (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    client.query = (async (...args: unknown[]) => {
      const result = await query(...args);
      if ((args[0] as { text?: string }).text?.startsWith("listen") === true) {
        listening.resolve();
        await answered.promise;
      }
      return result;
    }) as typeof client.query;
  });
  const there = createHistory({ pool });
  const leaving = new AbortController();
  const events = there.followTurn(owner, conversation.id, turn.id, { signal: leaving.signal });
  const reader = (async () => {
    for await (const _ of events);
  })();
  await listening.promise;
  leaving.abort();
  await reader;
  await there.close();
  answered.resolve();
  // It ends only when every connection was given back.
  await pool.end();
  expect(pool.totalCount).toBe(0);
  await here.close();
});
