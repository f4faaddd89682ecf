import { randomUUID } from "node:crypto";

import { type CoreHistory, createHistory, ownerId, releaseSchema } from "@chatkeep/core";
import {
  type Database,
  UNHURRIED,
  createDatabase,
  IS_MATRIX,
  createScriptedResponder,
  oldestPostgres,
  startPostgres,
} from "@chatkeep/testing";
import { collect } from "@chatkeep/testing/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type Query, fillTables } from "./filling.ts";
import { newUser } from "./fixture.ts";
import { type TellingPool, openTellingPool, wasteOf } from "./telling-pool.ts";

/** Owners with a conversation each, of a question and its answer. */
const SMALL_OWNERS = 50_000;
/** Of the few rows that the tests change over and over, index entries of earlier versions are read too. */
const OLD_VERSIONS = 30;
/** What the one big owner has: conversations, and messages in the longest. */
const CONVERSATIONS = 10_000;
const MESSAGES = 10_000;

const me = newUser();
const owner = ownerId(me);
const functions = releaseSchema("chatkeep");

const SERVERS = [
  ["the newest PostgreSQL", undefined],
  ["the oldest PostgreSQL", oldestPostgres],
].filter(([, program], index) => index === 0 || (IS_MATRIX && program !== undefined));

describe.each(SERVERS)("one big owner among many small ones, on %s", (_, program) => {
  let postgres: Awaited<ReturnType<typeof startPostgres>> | undefined;
  let database: Database;

  beforeAll(async () => {
    postgres =
      program === undefined
        ? undefined
        : await startPostgres({ package: program, settings: { fsync: "off" } });
    database = await createDatabase(postgres === undefined ? {} : { server: postgres.url("postgres") });
    const history = createHistory({ ...UNHURRIED.history, pool: database.pool });
    await history.createConversation(me, { id: "long", scope: "intro" });
    await history.close();
    await fillTables(database, fill);
  });
  afterAll(async () => {
    await database.close();
    await postgres?.remove();
  });

  describe.each(["force_custom_plan", "force_generic_plan"] as const)("with %s", (mode) => {
    const script = createScriptedResponder();
    let telling: TellingPool;
    let history: CoreHistory;

    beforeAll(() => {
      telling = openTellingPool(database.url, mode);
      history = createHistory({ ...UNHURRIED.history, pool: telling.pool, responder: script.responder });
    });
    afterAll(async () => {
      await history.close();
      await telling.pool.end();
    });

    it.each(CASES)("%s", async (_name, most, work) => {
      const plans = await telling.plansOf(() =>
        work(history, (text, values) => telling.pool.query(`select * from ${functions}.${text}`, values)),
      );
      expect(wasteOf(plans, most + OLD_VERSIONS)).toEqual([]);
    });

    it("a turn reads 400 rows at the most, which tell it how common a word is", async () => {
      const plans = await telling.plansOf(async () => {
        const { turn, events } = await history.startTurn(me, "long", { content: "Hello w17" });
        const run = await script.started("long");
        await run.emit("Hi.");
        run.finish();
        await collect(events);
        await history.getTurn(me, "long", turn.id);
        await history.stopTurn(me, "long", turn.id);
        await history.getTurnContext(me, "long", turn.id);
      });
      expect(wasteOf(plans, 400 + OLD_VERSIONS)).toEqual([]);
    });
  });
});

type Work = (
  history: CoreHistory,
  call: (text: string, values: unknown[]) => Promise<unknown>,
) => Promise<unknown>;

const CASES: [name: string, most: number, work: Work][] = [
  ["page_messages", 50, (history) => history.listMessages(me, "long", { limit: 50 })],
  [
    "page_messages after a number",
    50,
    (history) => history.listMessages(me, "long", { after: 100, limit: 50 }),
  ],
  ["get_message", 1, (history) => history.getMessage(me, "long", "m2500")],
  ["holds_messages", 2, (history) => history.holdsMessages(me, "long", ["m17", "m18"])],
  ["append_messages", 1, (history) => history.appendMessages(me, "long", [{ role: "user", content: "Hi" }])],
  [
    "append_messages once more",
    2,
    async (history) => {
      const messages = [randomUUID(), randomUUID()].map(
        (id) => ({ id, role: "user", content: "Hi" }) as const,
      );
      await history.appendMessages(me, "long", messages);
      await history.appendMessages(me, "long", messages);
    },
  ],
  [
    "delete_messages",
    2,
    async (history) => {
      const [message] = await history.appendMessages(me, "long", [{ role: "user", content: "Hi" }]);
      await history.deleteMessage(me, "long", message!.id);
    },
  ],
  ["get_context", 60, (history) => history.getContext(me, "long")],
  ["get_conversation", 1, (history) => history.getConversation(me, "c17")],
  ["update_conversation", 1, (history) => history.updateConversation(me, "c17", { pinned: true })],
  ["create_conversation", 1, (history) => history.createConversation(me)],
  ["create_conversation by its id", 1, (history) => history.createConversation(me, { id: "c17" })],
  ["create_conversation of a scope", 1, (history) => history.createConversation(me, { scope: "intro" })],
  [
    "create_conversation or the latest",
    1,
    (history) => history.createConversation(me, { scope: "scope 1", reuse: "latest" }),
  ],
  [
    "delete_conversation and restore_conversation",
    1,
    async (history) => {
      const { conversation } = await history.createConversation(me);
      await history.deleteConversation(me, conversation.id);
      await history.restoreConversation(me, conversation.id);
    },
  ],
  [
    "clear_messages",
    2,
    async (history) => {
      const { conversation } = await history.createConversation(me);
      await history.appendMessages(me, conversation.id, [{ role: "user", content: "Hi" }]);
      await history.clearMessages(me, conversation.id);
    },
  ],
  ["list_conversations", 21, (history) => history.listConversations(me, { limit: 20 })],
  [
    "list_conversations ascending",
    21,
    (history) => history.listConversations(me, { order: "asc", limit: 20 }),
  ],
  [
    "list_conversations of a scope",
    21,
    (history) => history.listConversations(me, { scope: "scope 1", limit: 20 }),
  ],
  [
    "list_conversations archived",
    21,
    (history) => history.listConversations(me, { archived: true, limit: 20 }),
  ],
  [
    "list_conversations created",
    21,
    (history) => history.listConversations(me, { sort: "createdAt", limit: 20 }),
  ],
  ["list_trash", 21, (history) => history.listTrash(me, { limit: 20 })],
  ["search_words", 20, (history) => history.searchMessages(me, { text: "hello w17" })],
  [
    "read_events",
    2,
    (history) => collect(history.followTurn(me, "long", "00000000-0000-4000-8000-000000003001")),
  ],
  [
    "create_handle, find_handle and end_handle",
    1,
    async (history) => {
      const handle = await history.createHandle(me, "c17");
      await history.findHandle(me, handle);
      await history.endHandle(me, handle);
    },
  ],
  // A page of each state.
  ["export_conversations", 60, (_, call) => call("export_conversations($1, 100, 20)", [owner])],
  ["export_messages", 20, (_, call) => call("export_messages($1, 'long', 0, 100, 20)", [owner])],
];

async function fill(query: Query): Promise<void> {
  await query(
    `insert into chatkeep.owners (id, kind) select md5(n::text)::uuid, 'session' from generate_series(1, $1::int) n`,
    SMALL_OWNERS,
  );
  await query(
    `insert into chatkeep.conversations (owner_id, id, scope, last_seq)
     select md5(n::text)::uuid, 's' || n, case when n % 2 = 0 then 'intro' end, 2 from generate_series(1, $1::int) n`,
    SMALL_OWNERS,
  );
  await query(
    `insert into chatkeep.conversations (owner_id, id, scope, last_seq, archived_at, deleted_at)
     select $1, 'c' || n, 'scope ' || n % 2, 2, case when n % 10 = 0 then now() end, case when n % 10 = 1 then now() end
     from generate_series(1, $2::int) n`,
    owner,
    CONVERSATIONS,
  );
  await query(
    `update chatkeep.owners o set
       conversation_count = (select count(*) from chatkeep.conversations where owner_id = $1 and deleted_at is null and not archived),
       archived_count = (select count(*) from chatkeep.conversations where owner_id = $1 and deleted_at is null and archived)
     where id = $1`,
    owner,
  );
  await query(
    `insert into chatkeep.messages (owner_id, conversation_id, seq, id, role, parts)
     select c.owner_id, c.id, n, c.id || '-' || n, case n when 1 then 'user' else 'assistant' end, '[{"type":"text","text":"Hello"}]'
     from chatkeep.conversations c, generate_series(1, 2) n where c.id <> 'long'`,
  );
  await query(
    `insert into chatkeep.messages (owner_id, conversation_id, seq, id, role, parts)
     select $1, 'long', n, 'm' || n, 'user', '[{"type":"text","text":"Hello"}]' from generate_series(1, $2::int) n`,
    owner,
    MESSAGES,
  );
  await query("update chatkeep.conversations set last_seq = $1 where id = 'long'", MESSAGES);
  await query(
    `insert into chatkeep.message_words (owner_id, conversation_id, seq, size, words)
     select m.owner_id, m.conversation_id, m.seq, 3, to_tsvector('chatkeep.message_words', 'hello number w' || m.seq % 5000)
     from chatkeep.messages m`,
  );
  await query(
    `insert into chatkeep.turns
       (owner_id, id, conversation_id, question_seq, message_id, reply_id, status, node_id, partition, settled_at, last_event)
     select m.owner_id,
       case m.conversation_id when 'long' then ('00000000-0000-4000-8000-' || lpad(m.seq::text, 12, '0'))::uuid else gen_random_uuid() end,
       m.conversation_id, m.seq, m.id, m.id || 'a', 'complete', 0, m.seq / 2 % 3, now(), 2
     from chatkeep.messages m where m.seq % 2 = 1`,
  );
  await query(
    `insert into chatkeep.turn_events (owner_id, turn_id, seq, partition, chunk)
     select owner_id, id, n, partition, case n when 1 then '{"type":"start"}' else '{"type":"finish"}' end::json
     from chatkeep.turns, generate_series(1, 2) n`,
  );
  await query(
    `insert into chatkeep.turn_contexts (owner_id, turn_id, context) select owner_id, id, '{}' from chatkeep.turns`,
  );
  await query(
    `insert into chatkeep.segments (owner_id, conversation_id, first_seq, parent_seq, depth, next_follows)
     select owner_id, id, 2, 0, 1, true from chatkeep.conversations where id <> 'long'`,
  );
  await query(
    `insert into chatkeep.deleted_messages (owner_id, conversation_id, seq)
     select owner_id, id, 99 from chatkeep.conversations where id <> 'long'`,
  );
  await query(
    `insert into chatkeep.files (owner_id, id, media_type, unused_since)
     select id, gen_random_uuid(), 'image/png', null from chatkeep.owners`,
  );
  await query(
    `insert into chatkeep.file_uses (owner_id, conversation_id, message_id, file_id)
     select c.owner_id, c.id, c.id || '-1', f.id
     from chatkeep.conversations c join chatkeep.files f on f.owner_id = c.owner_id where c.id <> 'long'`,
  );
  await query(
    `insert into chatkeep.checkpoints (owner_id, conversation_id, namespace, id, body, metadata, channels, versions)
     select owner_id, id, '', '1', '{}', '{}', '{messages}', '{1}' from chatkeep.conversations where id <> 'long'`,
  );
  await query(
    `insert into chatkeep.checkpoint_values (owner_id, conversation_id, namespace, channel, version, body)
     select owner_id, id, '', 'messages', '1', '{}' from chatkeep.conversations where id <> 'long'`,
  );
  await query(
    `insert into chatkeep.checkpoint_writes
       (owner_id, conversation_id, namespace, checkpoint_id, task_path, task_id, no, channel, body)
     select owner_id, id, '', '1', '', 'task', 0, 'messages', '{}' from chatkeep.conversations where id <> 'long'`,
  );
  await query(
    `insert into chatkeep.queued_questions
       (owner_id, conversation_id, place, turn_id, reply_id, message_id, body, asker, steers, is_held)
     select owner_id, id, 1, gen_random_uuid(), 'r', 'q', '[]', '{}', false, true
     from chatkeep.conversations where id <> 'long'`,
  );
  await query(
    `insert into chatkeep.summaries (owner_id, conversation_id, from_seq, to_seq, body)
     select owner_id, id, 1, 2, 'Hello' from chatkeep.conversations`,
  );
  await query(
    `insert into chatkeep.handles (owner_id, hash, conversation_id)
     select owner_id, sha256((owner_id::text || id)::bytea), id from chatkeep.conversations`,
  );
}
