import { createHistory, migrate, ownerId } from "@chatkeep/core";
import { type Database, UNHURRIED, createDatabase } from "@chatkeep/testing";
import { describe, expect, it } from "vitest";

import { newUser } from "./fixture.ts";
import { makeVersion } from "./versions.ts";

const WORDS = "select w.seq::int from chatkeep.message_words w where w.conversation_id = $1 order by w.seq";

/** A database as release 4 left it, which made nothing findable, with a conversation of this many messages. */
async function oldDatabase(messages: number) {
  const database = await createDatabase({ contents: "empty" });
  const me = newUser();
  await makeVersion(database, 4, me);
  await database.pool.query(
    `with made as (
       insert into chatkeep.conversations (owner_id, id, last_seq) values ($1, 'old', $2)
     )
     insert into chatkeep.messages (owner_id, conversation_id, seq, id, role, parts, created_at)
     select $1, 'old', n, 'o' || n, case n % 2 when 1 then 'user' else 'assistant' end,
       json_build_array(json_build_object('type', 'text', 'text', 'Line ' || n || case n when 7 then ' of the marmalade' else '' end)),
       timestamptz '2025-01-01' + n * interval '1 minute'
     from generate_series(1, $2::integer) n`,
    [ownerId(me), messages],
  );
  await migrate(database.pool);
  return { database, me };
}

const wordsIn = async (database: Database, conversation: string): Promise<number[]> =>
  (await database.pool.query<{ seq: number }>(WORDS, [conversation])).rows.map(({ seq }) => seq);

describe("what an older release stored without its words", () => {
  it("is found, recalled and ordered before what came since, once the backlog is indexed", async () => {
    const { database, me } = await oldDatabase(450);
    await using _ = database;
    await using history = createHistory({ ...UNHURRIED.history, pool: database.pool });
    await history.appendMessages(me, "old", [{ role: "user", content: "Where is the marmalade line?" }]);
    expect((await history.searchMessages(me, { text: "marmalade" })).hits).toHaveLength(1);

    // Three pages of 200 of one conversation, and the two messages of another.
    expect(await history.indexBacklog()).toBe(4);
    const { hits } = await history.searchMessages(me, { text: "marmalade" });
    expect(hits.map(({ message }) => message.seq).toSorted((a, b) => a - b)).toEqual([7, 451]);
    expect((await history.searchMessages(me, { text: "hello" })).hits).toHaveLength(1);
    const recalled = await history.recallMessages({
      owner: me,
      conversationId: "old",
      question: "marmalade",
      below: 451,
    });
    expect(recalled[0]?.seq).toBe(7);
    const { rows } = await database.pool.query<{ old: boolean }>(
      `select max(message_no) filter (where seq <= 450) < min(message_no) filter (where seq > 450)
         and array_agg(seq order by message_no) = array_agg(seq order by seq) as old
       from chatkeep.message_words where conversation_id = 'old'`,
    );
    expect(rows).toEqual([{ old: true }]);
    expect(await history.indexBacklog()).toBe(0);
  });

  it("goes on where it was ended, and several nodes at once store each word once", async () => {
    const { database, me } = await oldDatabase(450);
    await using _ = database;
    await using history = createHistory({ ...UNHURRIED.history, pool: database.pool });
    await using other = createHistory({ ...UNHURRIED.history, pool: database.pool });
    // Ended between two of its calls: what is committed by then stays, the rest is still to do.
    const ending = new AbortController();
    const ended = history.indexBacklog(ending.signal);
    ending.abort();
    expect(await ended).toBe(1);
    const before = await wordsIn(database, "old");
    expect(before.length).toBeLessThan(450);

    await Promise.all([history.indexBacklog(), other.indexBacklog()]);
    expect(await wordsIn(database, "old")).toEqual(Array.from({ length: 450 }, (__, index) => index + 1));
    expect((await history.searchMessages(me, { text: "line" })).hits).toHaveLength(20);
  });

  it("leaves alone what was cleared or deleted meanwhile, and an answer that is being written", async () => {
    const { database, me } = await oldDatabase(3);
    await using _ = database;
    await using history = createHistory({ ...UNHURRIED.history, pool: database.pool });
    await database.pool.query("update chatkeep.messages set status = 'streaming' where id = 'o2'");
    await history.clearMessages(me, "c1");
    await history.indexBacklog();
    expect(await wordsIn(database, "c1")).toEqual([]);
    expect(await wordsIn(database, "old")).toEqual([1, 3]);
    expect((await database.pool.query("select from chatkeep.unindexed_conversations")).rowCount).toBe(0);
  });
});
