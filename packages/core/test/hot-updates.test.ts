import { createScriptedResponder, fileDatabase } from "@chatkeep/testing";
import { collect } from "@chatkeep/testing/contract";
import { expect, it } from "vitest";

import { newUser, openFixture } from "./fixture.ts";

const TURNS = 200;

const database = await fileDatabase();

it("settling a turn leaves the indexes of conversations and messages alone", async () => {
  const responder = createScriptedResponder();
  const { history, close } = openFixture(database.url, newUser, {}, responder);
  const me = newUser();
  const { conversation } = await history.createConversation(me);
  for (let count = 0; count < TURNS; count++) {
    const { events } = await history.startTurn(me, conversation.id, { content: `Question ${count}` });
    const run = await responder.started(conversation.id);
    await run.emit("A line of an answer. ".repeat(20));
    run.finish();
    await collect(events);
  }
  // Its connections tell their counters when they end.
  await close();
  const { rows } = await database.pool.query<{ name: string; share: number }>(
    `select relname as name, n_tup_hot_upd::float / n_tup_upd as share from pg_stat_user_tables
     where schemaname = 'chatkeep' and relname in ('conversations', 'messages') order by relname`,
  );
  expect(rows.map(({ name }) => name)).toEqual(["conversations", "messages"]);
  expect(rows[0]!.share).toBeGreaterThanOrEqual(0.45);
  expect(rows[1]!.share).toBeGreaterThanOrEqual(0.95);
}, 60_000);
