import { createHistory } from "@chatkeep/core";
import { UNHURRIED, createDatabase } from "@chatkeep/testing";
import { Pool } from "pg";
import { expect, it } from "vitest";

import { newUser, openFixture } from "./fixture.ts";

it("gives its connection back when that dies while it begins to listen", async () => {
  await using database = await createDatabase();
  const owner = newUser();
  const here = openFixture(database.url, () => owner);
  const { conversation } = await here.history.createConversation(owner);
  const { turn } = await here.history.startTurn(owner, conversation.id, { content: "Wait." });
  await here.responder.started(conversation.id);

  const pool = new Pool({ connectionString: database.url });
  const died = Promise.withResolvers<void>();
  pool.on("error", () => undefined);
  // The server ends the connection just before LISTEN arrives.
  pool.on("connect", (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
    client.query = (async (...args: unknown[]) => {
      if ((args[0] as { text?: string }).text?.startsWith("listen") !== true) return query(...args);
      const { processID } = client as unknown as { processID: number };
      await database.pool.query("select pg_terminate_backend($1)", [processID]);
      try {
        return await query(...args);
      } finally {
        died.resolve();
      }
    }) as typeof client.query;
  });
  const there = createHistory({ ...UNHURRIED.history, pool });
  const leaving = new AbortController();
  const events = there.followTurn(owner, conversation.id, turn.id, { signal: leaving.signal });
  const reader = (async () => {
    for await (const _ of events);
  })();
  await died.promise;
  leaving.abort();
  await reader;
  await there.close();
  // It ends only when every connection was given back.
  await pool.end();
  expect(pool.totalCount).toBe(0);
  await here.close();
});
