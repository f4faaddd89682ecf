import { createHistory } from "@chatkeep/core";
import { UNHURRIED, createScriptedResponder, fileDatabase } from "@chatkeep/testing";
import { afterAll, expect, test } from "vitest";

import { newSession } from "./fixture.ts";

const database = await fileDatabase();
const { responder, started } = createScriptedResponder();
const options = { ...UNHURRIED.history, pool: database.pool, responder };
const history = createHistory(options);
afterAll(() => history.close());

test("a temporary conversation is gone for good once its time is over, in the trash and while it is answered too", async () => {
  await using brief = createHistory({ ...options, limits: { temporary: 1 } });
  const me = newSession();
  const { conversation: kept } = await history.createConversation(me, { temporary: true });
  const { conversation: ordinary } = await history.createConversation(me);
  const over = await Promise.all(
    ["read", "trashed", "answered"].map(async (title) => {
      const { conversation } = await brief.createConversation(me, { title, temporary: true });
      await brief.appendMessages(me, conversation.id, [{ role: "user", content: "For now" }]);
      return conversation.id;
    }),
  );
  await history.deleteConversation(me, over[1]!);
  await history.startTurn(me, over[2]!, { content: "What?" });
  const run = await started(over[2]!);
  const passed = Date.now() + 2;
  await expect.poll(() => Date.now()).toBeGreaterThan(passed);
  await history.purge({ undo: 86_400_000, sessionIdle: 86_400_000, waiting: 86_400_000 });
  for (const id of over) {
    await expect(history.getConversation(me, id)).rejects.toMatchObject({ code: "conversation_not_found" });
  }
  run.finish();
  const { rows } = await database.pool.query<{ n: number }>(
    `select (select count(*)::int from chatkeep.messages) + (select count(*)::int from chatkeep.message_words)
       + (select count(*)::int from chatkeep.conversations where title is not null) as n`,
  );
  expect(rows).toEqual([{ n: 0 }]);
  expect((await history.getConversation(me, kept.id)).expiresAt).not.toBeNull();
  expect((await history.listConversations(me)).conversations.map(({ id }) => id)).toEqual([ordinary.id]);
  expect((await history.listConversations(me)).total).toBe(1);
});

test("a link to it ends with its time, before it is deleted", async () => {
  await using brief = createHistory({ ...options, limits: { temporary: 300 } });
  const me = newSession();
  const { conversation } = await brief.createConversation(me, { temporary: true });
  await brief.appendMessages(me, conversation.id, [{ role: "user", content: "For now" }]);
  const { token } = await brief.createShare(me, conversation.id);
  const gone = { code: "share_not_found" };
  await expect.poll(() => brief.getShared(token).catch((error: unknown) => error)).toMatchObject(gone);
  await expect(brief.listShared(token)).rejects.toMatchObject(gone);
  await expect(brief.forkShared(newSession(), token)).rejects.toMatchObject(gone);
});
