import { createHistory, ownerId } from "@chatkeep/core";
import type { MessageQuery } from "@chatkeep/protocol";
import { UNHURRIED, createScriptedResponder, fileDatabase } from "@chatkeep/testing";
import { collect } from "@chatkeep/testing/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { newUser } from "./fixture.ts";
import { openTellingPool, scansOf, wasteOf } from "./telling-pool.ts";

/** Messages of the trunk, and forks, each of two messages, off every tenth of its first 10,000. */
const TRUNK = 20_000;
const FORKS = 1000;

const database = await fileDatabase();
const me = newUser();
const owner = ownerId(me);
const { pool, plansOf } = openTellingPool(database.url);
const script = createScriptedResponder();
const history = createHistory({ ...UNHURRIED.history, pool, responder: script.responder });

/** A conversation in which each segment forks off the first message of the one before. */
const DEEP = 200;

beforeAll(async () => {
  await history.createConversation(me, { id: "wide" });
  await history.createConversation(me, { id: "deep" });
  const query = (text: string, ...values: unknown[]): Promise<unknown> =>
    database.pool.query(text, [owner, ...values]);
  const messages = `insert into chatkeep.messages (owner_id, conversation_id, seq, id, role, parts)
     select $1, $2, n, 'm' || n, case n % 2 when 1 then 'user' else 'assistant' end, '[{"type":"text","text":"Hello"}]'
     from generate_series(1, $3::int) n`;
  await query(messages, "wide", TRUNK + 2 * FORKS);
  await query(
    `insert into chatkeep.segments (owner_id, conversation_id, first_seq, parent_seq, depth, next_follows)
     select $1, 'wide', $2::int + 2 * n - 1, 10 * n, 10 * n + 1, true from generate_series(1, $3::int) n`,
    TRUNK,
    FORKS,
  );
  await query(
    `update chatkeep.conversations set last_seq = $2, head_seq = $3, fork_count = $4, elsewhere_count = $5
     where owner_id = $1 and id = 'wide'`,
    TRUNK + 2 * FORKS,
    TRUNK,
    FORKS,
    2 * FORKS,
  );
  for (let n = 0; n < DEEP; n += 1) {
    const two = [2 * n + 1, 2 * n + 2].map((seq) => ({
      id: `m${seq}`,
      role: "user" as const,
      content: "Hello",
    }));
    await history.appendMessages(me, "deep", two, n === 0 ? {} : { parent: `m${2 * n - 1}` });
  }
  await query(
    `insert into chatkeep.message_words (owner_id, conversation_id, seq, size, words)
     select $1, 'wide', n, 1, to_tsvector('chatkeep.message_words', 'hello') from generate_series(1, $2::int) n`,
    TRUNK,
  );
  // Others, so that no table is small enough to be read whole.
  await query(
    `insert into chatkeep.conversations (owner_id, id) select $1, 'c' || n from generate_series(1, $2::int) n`,
    5000,
  );
  await query(
    `insert into chatkeep.summaries (owner_id, conversation_id, from_seq, to_seq, body)
     select $1, 'c' || n, 1, n, 'Hello' from generate_series(1, $2::int) n`,
    5000,
  );
  await query(
    `insert into chatkeep.deleted_messages (owner_id, conversation_id, seq)
     select $1, 'c' || n, 1 from generate_series(1, $2::int) n`,
    5000,
  );
  await query(
    `insert into chatkeep.turns
       (owner_id, id, conversation_id, question_seq, message_id, reply_id, status, node_id, partition, settled_at, last_event)
     select $1, gen_random_uuid(), 'c' || n, 1, 'q', 'a', 'complete', 0, 0, now(), 10
     from generate_series(1, $2::int) n`,
    5000,
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

describe("a conversation with 1,000 forks", () => {
  it.each<MessageQuery>([{}, { before: 10_000 }, { after: 10_000 }, { offset: 15_000 }, { leaf: "m20500" }])(
    "listMessages %j reads one page by the messages' key, and as many segments",
    async (query) => {
      const plans = await plansOf(() => history.listMessages(me, "wide", { limit: 50, ...query }));
      expect(wasteOf(plans, 51)).toEqual([]);
      expect(scansOf(plans)).toContain("messages_pkey");
    },
  );

  it("lists what it holds: the trunk, and a fork's branch", async () => {
    const trunk = await history.listMessages(me, "wide", { limit: 3 });
    expect(trunk.messages.map(({ id }) => id)).toEqual(["m19998", "m19999", "m20000"]);
    expect(trunk.total).toBe(TRUNK);
    const fork = await history.listMessages(me, "wide", { limit: 3, leaf: "m20500" });
    expect(fork.messages.map(({ id }) => id)).toEqual(["m2500", "m20499", "m20500"]);
    expect(fork.messages[1]?.versions).toEqual({ index: 2, count: 2 });
    expect(fork.total).toBe(2502);
    const early = await history.listMessages(me, "wide", { limit: 2, offset: 19_990 });
    expect(early.messages.map(({ id }) => id)).toEqual(["m9", "m10"]);
  });

  it("recalls the few matches of a branch, though another holds a hundred times as many", async () => {
    await database.pool.query(
      `insert into chatkeep.message_words (owner_id, conversation_id, seq, size, words)
       values ($1, 'wide', $2, 1, to_tsvector('chatkeep.message_words', 'hello'))`,
      [owner, TRUNK + 1],
    );
    const found = await history.recallMessages({
      owner: me,
      conversationId: "wide",
      question: "Hello?",
      leaf: TRUNK + 2,
    });
    expect(found.map(({ seq }) => seq)).toEqual([TRUNK + 1, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, TRUNK + 2]);
  });

  it("appends, and branches off, at the cost of any append", async () => {
    const append = (parent?: string): Promise<unknown> =>
      history.appendMessages(me, "wide", [{ role: "user", content: "Hello" }], { parent });
    expect(wasteOf(await plansOf(() => append()), 5)).toEqual([]);
    // The versions that it joins, each with its segment.
    expect(wasteOf(await plansOf(() => append("m5000")), 20)).toEqual([]);
  });

  it("a turn reads its context and single rows, also one that answers a question again", async () => {
    const answer = async (started: ReturnType<typeof history.startTurn>): Promise<void> => {
      const { events } = await started;
      (await script.started("wide")).finish();
      await collect(events);
    };
    const start = () => answer(history.startTurn(me, "wide", { content: "Hello", parent: "m9000" }));
    // Recall looks at a sample of 400.
    expect(wasteOf(await plansOf(start), 400)).toEqual([]);
    const again = () => answer(history.regenerate(me, "wide", "m9001"));
    expect(wasteOf(await plansOf(again), 400)).toEqual([]);
  });

  it("a page that crosses 50 forks reads its messages and those between, and 50 segments", async () => {
    const plans = await plansOf(() => history.listMessages(me, "deep", { limit: 50 }));
    expect(wasteOf(plans, 102)).toEqual([]);
    const { messages, total } = await history.listMessages(me, "deep", { limit: 50 });
    expect(messages).toHaveLength(50);
    expect(total).toBe(DEEP + 1);
  });

  it.each<MessageQuery>([{ before: 21 }, { after: 1 }, { offset: DEEP - 20 }])(
    "a page %j, almost all forks behind the leaf, looks up a few of them",
    async (query) => {
      const plans = await plansOf(() => history.listMessages(me, "deep", { limit: 10, ...query }));
      expect(wasteOf(plans, 64)).toEqual([]);
      const lookups = plans.filter(({ text }) => text.includes("order by k.first_seq desc limit 1"));
      expect(lookups.length).toBeLessThanOrEqual(12);
    },
  );

  it("a fork 64 behind another looks up what it jumps to", async () => {
    const plans = await plansOf((time) =>
      history.appendMessages(me, "deep", [{ id: `n${time}`, role: "user", content: "Hello" }], {
        parent: time === 1 ? `m${2 * (DEEP - 8) - 1}` : `n${time - 1}`,
      }),
    );
    expect(wasteOf(plans, 20)).toEqual([]);
  });
});
