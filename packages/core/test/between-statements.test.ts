import { type StoreCalls, ownerId } from "@chatkeep/core";
import type { Owner } from "@chatkeep/protocol";
import { fileDatabase } from "@chatkeep/testing";
import type { PoolClient } from "pg";
import { afterAll, expect, it } from "vitest";

import { newSession, openFixture } from "./fixture.ts";

const database = await fileDatabase();
const { history, close } = openFixture(database.url, newSession);
afterAll(close);

/** Runs `call`, which waits for its first statement on `table`, and `act` before that statement goes on. */
async function between<T>(
  table: string,
  call: () => Promise<T>,
  act: (store: StoreCalls, client: PoolClient) => Promise<unknown>,
): Promise<T> {
  const client = await database.pool.connect();
  await client.query("begin");
  await client.query(`lock table chatkeep.${table} in access exclusive mode`);
  const called = call();
  await expect
    .poll(async () => {
      const { rows } = await database.pool.query(
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      return rows.length;
    })
    .toBe(1);
  await act(history.withClient(client), client);
  await client.query("commit");
  client.release();
  return called;
}

/** A conversation of the messages one to six, and a seventh that follows the fifth as the sixth does. */
async function seven(): Promise<{ me: Owner; id: string }> {
  const me = newSession();
  const { conversation } = await history.createConversation(me);
  const { id } = conversation;
  const words = ["one", "two", "three", "four", "five", "six"];
  await history.appendMessages(
    me,
    id,
    words.map((word) => ({ id: word, role: "user", content: `The word ${word}` })),
  );
  await history.appendMessages(me, id, [{ id: "seven", role: "user", content: "The word seven" }], {
    parent: "five",
  });
  return { me, id };
}

it("a message deleted while its branch is copied leaves the words of the copy at their messages", async () => {
  const { me, id } = await seven();
  const copy = await between(
    "message_words",
    () => history.forkConversation(me, id, "six"),
    (store) => store.deleteMessages(me, id, { ids: ["two"] }),
  );
  const { messages } = await history.listMessages(me, copy.id);
  for (const { id: word, seq } of messages) {
    const { hits } = await history.searchMessages(me, { text: word, conversationId: copy.id });
    expect([word, hits.map((hit) => hit.message.seq)]).toEqual([word, [seq]]);
  }
});

it.each([
  ["of consecutive numbers", "six"],
  ["across a fork", "seven"],
])(
  "a message deleted while a page %s is read does not hide the messages before the page",
  async (_, leaf) => {
    const { me, id } = await seven();
    const page = await between(
      "messages",
      () => history.listMessages(me, id, { leaf, limit: 2 }),
      (store) => store.deleteMessages(me, id, { ids: ["five"] }),
    );
    expect(page.hasMore).toBe(true);
  },
);

it("a message deleted while the tree is read is in the page as it was, or not at all", async () => {
  const { me, id } = await seven();
  const page = await between(
    "messages",
    () => history.listMessages(me, id, { branches: "all" }),
    (store) => store.deleteMessages(me, id, { ids: ["five"] }),
  );
  expect(page.messages).toHaveLength(page.total);
});

it("a conversation erased while it is read is returned as it was, or not at all", async () => {
  const { me, id } = await seven();
  const conversation = await between(
    "messages",
    () => history.getConversation(me, id),
    (_, client) => client.query("delete from chatkeep.conversations where owner_id = $1", [ownerId(me)]),
  );
  expect(conversation).toMatchObject({ id, messageCount: 6 });
});

it("a conversation erased while it is copied leaves neither it nor the copy", async () => {
  const { me, id } = await seven();
  const client = await database.pool.connect();
  await client.query("begin; lock table chatkeep.messages in share mode");
  const copied = Promise.allSettled([history.forkConversation(me, id, "six")]);
  await expect
    .poll(async () => {
      const { rows } = await client.query(
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      return rows.length;
    })
    .toBe(1);
  const erased = history.eraseData(me);
  await client.query("commit");
  client.release();
  await copied;
  await erased;
  const { rows } = await database.pool.query<{ count: number }>(
    `select (select count(*) from chatkeep.conversations where owner_id = $1)::integer
       + (select count(*) from chatkeep.messages where owner_id = $1)::integer as count`,
    [ownerId(me)],
  );
  expect(rows).toEqual([{ count: 0 }]);
});
