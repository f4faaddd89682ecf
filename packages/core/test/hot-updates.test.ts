import { createDatabase } from "@chatkeep/testing";
import { collect } from "@chatkeep/testing/contract";
import { expect, it } from "vitest";

import { newUser, openFixture } from "./fixture.ts";

/** An update that touches no index, and finds room beside the row, costs no index anything. */
it("a turn updates the conversation once without its indexes, and the answer without them", async () => {
  await using database = await createDatabase();
  const owner = newUser();
  const fixture = openFixture(database.url, () => owner);
  const { history, responder } = fixture;
  const conversations = await Promise.all(
    Array.from({ length: 10 }, () => history.createConversation(owner)),
  );
  for (let count = 0; count < 20; count++) {
    await Promise.all(
      conversations.map(async ({ conversation: { id } }) => {
        const { events } = await history.startTurn(owner, id, { content: `Question ${count}` });
        const run = await responder.started(id);
        await run.emit("An answer of some sentences. ".repeat(20));
        run.finish();
        await collect(events);
      }),
    );
  }
  await fixture.close();
  await database.pool.query("select pg_stat_force_next_flush()");
  const { rows } = await database.pool.query<{ name: string; updates: number; hot: number }>(
    `select relname as name, n_tup_upd::int as updates, n_tup_hot_upd / n_tup_upd::float as hot
     from pg_stat_user_tables where relname in ('conversations', 'messages') and n_tup_upd > 0 order by relname`,
  );
  expect(rows.map(({ name }) => name)).toEqual(["conversations", "messages"]);
  expect(rows[0]!.updates).toBe(400);
  expect(rows[0]!.hot).toBeGreaterThanOrEqual(0.45);
  expect(rows[1]!.hot).toBeGreaterThanOrEqual(0.95);
});
