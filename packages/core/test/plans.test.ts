import { createHistory, ownerId, releaseSchema } from "@chatkeep/core";
import type { ConversationQuery, MessageQuery } from "@chatkeep/protocol";
import { UNHURRIED, createDatabase, createScriptedResponder, fileDatabase } from "@chatkeep/testing";
import { collect } from "@chatkeep/testing/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { newUser } from "./fixture.ts";
import { openTellingPool, scansOf, wasteOf } from "./telling-pool.ts";

/** Enough that a scan costs more than an index, and that one would show in the rows that were read. */
const MESSAGES = 20_000;
const CONVERSATIONS = 5000;

const database = await fileDatabase();
const me = newUser();
const owner = ownerId(me);
const schema = releaseSchema("chatkeep");

const { pool, plansOf } = openTellingPool(database.url);
const script = createScriptedResponder();
const history = createHistory({ ...UNHURRIED.history, pool, responder: script.responder });

beforeAll(async () => {
  await history.createConversation(me, { id: "long", scope: "intro" });
  await database.pool.query(
    `insert into chatkeep.messages (owner_id, conversation_id, seq, id, role, parts)
     select $1, 'long', n, 'm' || n, 'user', '[{"type":"text","text":"Hello"}]' from generate_series(1, $2::int) n`,
    [owner, MESSAGES],
  );
  await database.pool.query(`update chatkeep.conversations set last_seq = ${MESSAGES} where id = 'long'`);
  await database.pool.query(
    `insert into chatkeep.message_words (owner_id, conversation_id, seq, size, words)
     select $1, 'long', n, 3, to_tsvector('chatkeep.message_words', 'hello number w' || n % 5000)
     from generate_series(1, $2::int) n`,
    [owner, MESSAGES],
  );
  await database.pool.query(
    `insert into chatkeep.summaries (owner_id, conversation_id, from_seq, to_seq, body)
     select $1, 'long', 1, n, 'Hello' from generate_series(1, $2::int) n`,
    [owner, MESSAGES],
  );
  await database.pool.query(
    `insert into chatkeep.conversations (owner_id, id, scope)
     select $1, 'c' || n, 'scope ' || n % 2 from generate_series(1, $2::int) n`,
    [owner, CONVERSATIONS],
  );
  await database.pool.query(
    `insert into chatkeep.queued_questions
       (owner_id, conversation_id, place, turn_id, reply_id, message_id, body, asker, steers, is_held)
     select $1, 'c' || n, 1, gen_random_uuid(), 'r', 'q', '[]', '{}', false, true from generate_series(1, $2::int) n`,
    [owner, CONVERSATIONS],
  );
  await database.pool.query(
    `insert into chatkeep.segments (owner_id, conversation_id, first_seq, parent_seq, depth, next_follows)
     select $1, 'c1', n + 1, n, n, false from generate_series(1, $2::int) n`,
    [owner, MESSAGES],
  );
  await database.pool.query(
    `insert into chatkeep.deleted_messages (owner_id, conversation_id, seq, deleted_at, id, message)
     select $1, 'c1', n, now(), 'm' || n, '{}' from generate_series(1, $2::int) n`,
    [owner, MESSAGES],
  );
  await database.pool.query(
    `insert into chatkeep.turns
       (owner_id, id, conversation_id, question_seq, message_id, reply_id, status, node_id, partition, settled_at, last_event)
     select $1, gen_random_uuid(), 'long', n, 'm' || n, 'm' || n + 1, 'complete', 0, 0, now(), 10
     from generate_series(1, $2::int, 2) n`,
    [owner, MESSAGES],
  );
  await database.pool.query(
    `insert into chatkeep.turn_events (owner_id, turn_id, seq, partition, chunk)
     select t.owner_id, t.id, n, 0, '{"type":"text-delta","id":"1","delta":"x"}'
     from chatkeep.turns t, generate_series(1, 10) n where t.question_seq < 4000`,
  );
  await database.pool.query(
    "insert into chatkeep.owners (id, kind) select gen_random_uuid(), 'session' from generate_series(1, 2000)",
  );
  await database.pool.query("vacuum analyze");
});
afterAll(async () => {
  await history.close();
  await pool.end();
});

describe("the hot statements", () => {
  it.each<MessageQuery>([{}, { before: 10_000 }, { after: 10_000 }, { offset: 10_000 }])(
    "listMessages %j reads one page by the messages' key",
    async (query) => {
      const plans = await plansOf(() => history.listMessages(me, "long", { limit: 50, ...query }));
      expect(wasteOf(plans, 51)).toEqual([]);
      expect(scansOf(plans)).toContain("Index Scan messages_pkey");
    },
  );

  it("appendMessages reads the conversation and the ids it is given", async () => {
    const plans = await plansOf(() =>
      history.appendMessages(me, "long", [{ role: "user", content: "Hello" }]),
    );
    expect(wasteOf(plans, 1)).toEqual([]);
    expect(scansOf(plans)).toMatch(/Index Scan conversations_(pkey|any_owner)/);
    // Ids that are there are found by the conflict of the unique index; what is scanned is the foreign key's.
    expect(scansOf(plans).match(/.* messages.*/g)).toEqual([
      "Index Scan messages_pkey",
      // The parent of the first.
      "Index Scan messages_pkey",
    ]);
  });

  it.each<[ConversationQuery, string]>([
    [{}, "active"],
    [{ order: "asc" }, "active"],
    [{ sort: "createdAt" }, "(created|all)"],
    [{ sort: "createdAt", order: "asc" }, "(created|all)"],
    [{ scope: "scope 1" }, "scope"],
    [{ scope: "scope 1", order: "asc" }, "scope"],
    [{ waiting: true }, "waiting"],
  ])("listConversations %j reads one page by the index of that order", async (query, index) => {
    const { nextCursor } = await history.listConversations(me, { ...query, limit: 100 });
    for (const cursor of [undefined, nextCursor ?? undefined]) {
      const plans = await plansOf(() => history.listConversations(me, { ...query, cursor, limit: 20 }));
      expect(wasteOf(plans, 21)).toEqual([]);
      expect(scansOf(plans)).toMatch(new RegExp(`Index Scan conversations_${index}`));
    }
  });

  it("getConversation, updateConversation and every createConversation read single rows", async () => {
    let count = 0;
    for (const work of [
      () => history.getConversation(me, "c17"),
      () => history.updateConversation(me, "c17", { pinned: true }),
      () => history.createConversation(me),
      () => history.createConversation(me, { id: "c17" }),
      () => history.createConversation(me, { id: `new${++count}` }),
      () => history.createConversation(me, { scope: "intro" }),
      () => history.createConversation(me, { scope: "scope 1", reuse: "latest" }),
      () => history.createConversation(me, { reuse: "latest" }),
    ]) {
      expect(wasteOf(await plansOf(work), 1)).toEqual([]);
    }
  });

  it("a turn reads its context by the messages' key, and single rows", async () => {
    const plans = await plansOf(async () => {
      const { turn, events } = await history.startTurn(me, "long", { content: "Hello w17" });
      const run = await script.started("long");
      await run.emit("Hi.");
      run.finish();
      await collect(events);
      await history.getTurn(me, "long", turn.id);
      await history.stopTurn(me, "long", turn.id);
    });
    // The sample that tells how common a word is holds 400.
    expect(wasteOf(plans, 400)).toEqual([]);
    expect(scansOf(plans)).toContain("Index Scan messages_pkey");
    expect(scansOf(plans)).toContain("Bitmap Index Scan message_words_words");
  });

  it("searchMessages reads what the words' index finds", async () => {
    const plans = await plansOf(() => history.searchMessages(me, { text: "hello w17" }));
    expect(wasteOf(plans, 20)).toEqual([]);
    expect(scansOf(plans)).toContain("Bitmap Index Scan message_words_words");
  });

  it("searchMessages of a role and a time looks up what the words' index finds", async () => {
    const query = { text: "hello w17", role: "user", since: "2000-01-01T00:00:00Z" } as const;
    const plans = await plansOf(() => history.searchMessages(me, query));
    expect(wasteOf(plans, 20)).toEqual([]);
    expect(scansOf(plans)).toContain("Bitmap Index Scan message_words_words");
  });

  it("searchMessages of a word that is everywhere reads as many of the latest as it ranks", async () => {
    const plans = await plansOf(() => history.searchMessages(me, { text: "hello" }));
    expect(scansOf(plans)).toContain("Index Scan message_words_message_no");
    // 5,000 are ranked; a few of the latest hold it not.
    expect(wasteOf(plans, 5100)).toEqual([]);
  });

  it("following a settled turn reads its own events", async () => {
    const { rows } = await database.pool.query<{ id: string }>(
      "select id from chatkeep.turns where question_seq = 3001",
    );
    const id = rows[0]!.id;
    const plans = await plansOf(() => collect(history.followTurn(me, "long", id, { after: 4 })));
    expect(wasteOf(plans, 6)).toEqual([]);
    expect(scansOf(plans)).toMatch(/Index Scan turn_events_\d_pkey/);
  });

  it("what the engine asks all the time reads what runs, not what was", async () => {
    const plans = await plansOf(async () => {
      await pool.query(`select * from ${schema}.fence_dead_nodes(1, '1 minute', 100)`);
      await pool.query(`select * from ${schema}.rotate_events('10 minutes')`);
    });
    expect(wasteOf(plans, 10)).toEqual([]);
  });

  it("an overview reads the turns that run or were settled lately, and counts no table", async () => {
    const plans = await plansOf(() => pool.query(`select ${schema}.overview('1 millisecond')`));
    expect(scansOf(plans)).toMatch(/Scan turns_partition/);
    // PostgreSQL's own catalogs, of some hundred rows, are read whole.
    expect(wasteOf(plans, 1000)).toEqual([]);
  });
});

describe("a database that was never analyzed", () => {
  it("appends, pages and asks in a long conversation at the cost of a short one", async () => {
    await using fresh = await createDatabase();
    const telling = openTellingPool(fresh.url);
    const store = createHistory({ ...UNHURRIED.history, pool: telling.pool, responder: script.responder });
    const { conversation } = await store.createConversation(me);
    const batch = Array.from({ length: 1000 }, () => ({ role: "user", content: "Hello" }) as const);
    for (let count = 0; count < 5; count++) await store.appendMessages(me, conversation.id, batch);
    const append = (): Promise<unknown> =>
      store.appendMessages(me, conversation.id, [{ role: "user", content: "Hello" }]);
    expect(wasteOf(await telling.plansOf(append), 1)).toEqual([]);
    // A page of 50 and the parent of its first message.
    expect(wasteOf(await telling.plansOf(() => store.listMessages(me, conversation.id)), 51)).toEqual([]);
    const ask = async (): Promise<void> => {
      const { turn, events } = await store.startTurn(me, conversation.id, { content: "Hello" });
      const run = await script.started(conversation.id);
      await run.emit("Hi.");
      run.finish();
      await collect(events);
      await store.getTurn(me, conversation.id, turn.id);
    };
    // Recall looks at a sample of 400 messages at the most.
    expect(wasteOf(await telling.plansOf(ask), 400)).toEqual([]);
    let { id: parent } = (await store.listMessages(me, conversation.id, { limit: 1 })).messages[0]!;
    for (let count = 0; count < 60; count++) {
      const two = [1, 2].map(() => ({ role: "user", content: "Hello" }) as const);
      parent = (await store.appendMessages(me, conversation.id, two, { parent }))[0]!.id;
    }
    for (const query of [{}, { after: 5100 }, { offset: 100 }, { before: 2000 }]) {
      const plans = await telling.plansOf(() => store.listMessages(me, conversation.id, query));
      // With those between them.
      expect(wasteOf(plans, 102)).toEqual([]);
    }
    // Of 61 ranges: EXPLAIN rounds what it tells of each.
    expect(wasteOf(await telling.plansOf(ask), 401)).toEqual([]);
    await store.close();
    await telling.pool.end();
  });
});
