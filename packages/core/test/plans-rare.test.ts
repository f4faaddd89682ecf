import { createHash, randomUUID } from "node:crypto";

import { createHistory, ownerId, releaseSchema } from "@chatkeep/core";
import { UNHURRIED, createScriptedResponder, fileDatabase } from "@chatkeep/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { FUNCTIONS } from "../src/database/functions.ts";
import { fillTables } from "./filling.ts";
import { newSession, newUser } from "./fixture.ts";
import { fillRare } from "./plans-rare-filling.ts";
import { openTellingPool, scansOf, wasteOf } from "./telling-pool.ts";

/** Enough that a scan costs more than an index. */
const MANY = 20_000;

const database = await fileDatabase();
const me = newUser();
const owner = ownerId(me);
const schema = releaseSchema("chatkeep");
const { pool, plansOf, seen } = openTellingPool(database.url);
const history = createHistory({ ...UNHURRIED.history, pool, responder: createScriptedResponder().responder });

beforeAll(async () => {
  await history.createConversation(me, { id: "long", title: "Long" });
  await fillTables(database, (query) => fillRare(query, { owner, schema, many: MANY }));
});
afterAll(async () => {
  await history.close();
  await pool.end();
});

const PNG = { mediaType: "image/png" };
const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");
/** The id of one of the files. */
const fileId = (n: number): string =>
  createHash("md5")
    .update(String(n + 1))
    .digest("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");

/** What a call may read at the most, and an index that it reads by. */
type Case = [name: string, most: number, index: RegExp, work: (time: number) => Promise<unknown>];

const sql = (text: string, values: unknown[] = []): Promise<unknown> =>
  pool.query(`select * from ${schema}.${text}`, values);

/** Somebody else's small conversation, made before its plan is looked at. */
async function small(): Promise<{ other: ReturnType<typeof newSession>; id: string }> {
  const other = newSession();
  const { conversation } = await history.createConversation(other);
  await history.appendMessages(other, conversation.id, [{ role: "user", content: "Hello" }]);
  return { other, id: conversation.id };
}

const CASES: Case[] = [
  ["get_message", 1, /Index Scan messages_/, () => history.getMessage(me, "long", "m2500")],
  [
    "set_feedback",
    1,
    /Index Scan messages_/,
    (time) => sql("set_feedback($1, 'long', $2, 'up', null)", [owner, `m${600 + time}`]),
  ],
  [
    "create_share",
    9,
    /Index (Only )?Scan .*shares_of_conversation/,
    (time) =>
      sql("create_share($1, 'long', $2, $3, 'm7', false, null, null, 30000)", [
        owner,
        randomUUID(),
        hashOf(`new${time}`),
      ]),
  ],
  ["list_shares", 1, /shares_of_conversation/, (time) => history.listShares(me, `c${time + 9}`)],
  ["delete_share", 1, /shares_pkey/, (time) => sql("delete_share($1, $2)", [owner, fileId(time)])],
  ["find_share", 1, /shares_by_hash/, (time) => sql("find_share($1)", [hashOf(String(2 * (time + 40) + 1))])],
  [
    "messages_with_file",
    1,
    /file_uses_(pkey|file)/,
    (time) => sql("messages_with_file($1, 'long', null, $2)", [owner, fileId(time)]),
  ],
  ["holds_messages", 2, /messages_/, () => history.holdsMessages(me, "long", ["m17", "m18"])],
  // One more than asked for: the parent of the first.
  ["get_context", 61, /Index Scan messages_pkey/, () => history.getContext(me, "long")],
  ["delete_messages", 2, /messages_/, (time) => history.deleteMessage(me, "long", `m${MANY - 20 - time}`)],
  ["branch_seqs", 1, /conversations_/, () => sql("branch_seqs($1, 'long', null, '{7,8,9}')", [owner])],
  // The head's own branch has to be looked at from its beginning: of one segment here.
  ["get_branch_ends", 2, /messages_pkey/, () => sql("get_branch_ends($1, 'long')", [owner])],
  ["describe_branch", 1, /conversations_/, () => sql("describe_branch($1, 'long', 1, 'x', 'y')", [owner])],
  ["set_head", 2, /messages_/, () => sql("set_head($1, 'long', 'm2500')", [owner])],
  ["page_tree", 50, /messages_pkey/, () => history.listMessages(me, "long", { branches: "all" })],
  ["list_versions", 2, /messages_/, () => history.listVersions(me, "long", "m2500")],
  [
    "restore_messages",
    2,
    /deleted_messages_/,
    async (time) => {
      const id = `m${MANY - 40 - time}`;
      await history.deleteMessage(me, "long", id);
      await history.restoreMessages(me, "long", [id]);
    },
  ],
  [
    "fork_conversation",
    100,
    /messages_pkey/,
    () => sql("fork_conversation($1, 'long', 'm100', $2, null, 100000)", [owner, randomUUID()]),
  ],
  ["create_handle", 1, /conversations_/, () => history.createHandle(me, "long")],
  [
    "find_handle",
    1,
    /Index Scan handles_/,
    async () => history.findHandle(me, await history.createHandle(me, "long")),
  ],
  [
    "end_handle",
    1,
    /Index Scan handles_/,
    async () => history.endHandle(me, await history.createHandle(me, "long")),
  ],
  [
    "claim_idempotency_key",
    1,
    /^$/,
    () => history.claimIdempotencyKey(me, { content: "x", attempt: 1, waited: 1 }),
  ],
  ["delete_conversation", 1, /conversations_/, (time) => history.deleteConversation(me, `c${2 * time + 1}`)],
  ["restore_conversation", 1, /conversations_/, (time) => history.restoreConversation(me, `c${2 * time}`)],
  ["list_trash", 51, /conversations_deleted/, () => history.listTrash(me, { limit: 50 })],
  ["first_question", 1, /messages_/, () => history.updateConversation(me, "long", { title: null })],
  [
    "set_generated_title",
    1,
    /conversations_/,
    () => sql("set_generated_title($1, 'long', 'A title')", [owner]),
  ],
  [
    "export_conversations",
    // As many as a page has of each state: here, of those that are deleted and those that are not.
    201,
    /conversations_created/,
    () => sql("export_conversations($1, 100, 100)", [owner]),
  ],
  ["export_messages", 100, /messages_pkey/, () => sql("export_messages($1, 'long', 0, 100, 100)", [owner])],
  ["begin_summary", 101, /summaries_pkey/, () => sql("begin_summary($1, 'long', 5000, 10, 100)", [owner])],
  ["end_summary", 1, /conversations_|summaries_/, () => sql("end_summary($1, 'long', 4999, 'Sum')", [owner])],
  [
    "recalled_messages",
    3,
    /messages_pkey/,
    () => sql("recalled_messages($1, 'long', null, 100, '{8}', 1)", [owner]),
  ],
  [
    "get_messages_by_seq",
    2,
    /messages_pkey/,
    () => sql("get_messages_by_seq($1, '{long,long}', '{7,8}')", [owner]),
  ],
  [
    "get_turn_context",
    1,
    /turn_contexts_pkey/,
    () => sql("get_turn_context($1, 'long', $2)", [owner, randomUUID()]),
  ],
  [
    "clear_messages",
    3,
    /conversations_/,
    async () => {
      const { other, id } = await small();
      await history.clearMessages(other, id);
    },
  ],
  [
    "claim_session",
    3,
    /conversations_/,
    async () => {
      const { other } = await small();
      await history.claimSession(newUser(), other);
    },
  ],
  [
    "erase_batch",
    3,
    /messages_pkey/,
    async () => {
      const { other } = await small();
      await history.eraseData(other);
    },
  ],
  // Of a thousand days those asked for.
  ["get_usage", 35, /usage_days_pkey/, () => history.getUsage(me)],
  ["read_budgets", 32, /usage_days_pkey/, () => sql(`read_budgets($1, '{"tokens_per_day":1}')`, [owner])],
  ["check_budgets", 32, /budgets_pkey/, () => sql("check_budgets($1, null)", [owner])],
  ["set_budgets", 1, /^$/, () => history.setBudgets(me, {})],
  ["sum_usage", 2, /usage_days_day/, () => history.sumUsage({ days: 2 })],
  [
    "count_usage",
    1,
    /usage_days_pkey/,
    () =>
      history.appendMessages(me, "long", [
        {
          role: "assistant",
          content: "Hi.",
          model: "m",
          usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 },
        },
      ]),
  ],
  ["get_file", 1, /Index Scan files_pkey/, (time) => history.getFile(me, fileId(time))],
  ["file_json", 1, /Index Scan files_pkey/, (time) => sql("file_json($1, $2)", [owner, fileId(time)])],
  ["read_file", 1, /file_chunks_pkey/, (time) => sql("read_file($1, $2, 0, 8096)", [owner, fileId(time)])],
  ["write_file", 2, /files_pkey/, () => history.putFile(me, PNG, Buffer.alloc(10_000))],
  [
    "begin_object",
    1,
    /files_pkey/,
    () =>
      sql("begin_object($1, 'session', $2, null, 'image/png', $3, 9999999)", [
        owner,
        randomUUID(),
        randomUUID(),
      ]),
  ],
  [
    "finish_object",
    1,
    /objects_pkey/,
    async (time) => {
      const place = [owner, randomUUID(), fileId(1000 + time)];
      await pool.query(
        "insert into chatkeep.files (owner_id, id, media_type, object) values ($1, $2, 'image/png', $3)",
        place,
      );
      await sql("finish_object($1, $2, null, $3, 3, repeat('00', 32), 9999999)", place);
    },
  ],
  ["due_objects", 9, /objects_due/, () => sql("due_objects(9)")],
  ["forget_objects", 2, /objects_pkey/, (time) => sql("forget_objects($1)", [[fileId(2000 + time)]])],
  ["delete_file", 1, /files_pkey/, (time) => history.deleteFile(me, fileId(100 + time))],
  ["erase_file", 1, /file_chunks_pkey/, (time) => sql("erase_file($1, $2, 9)", [owner, fileId(200 + time)])],
  [
    "list_files",
    100,
    /Index Scan (Backward )?using files_created|files_created/,
    (time) =>
      history.listFiles(me, { after: fileId(300 + time), limit: 99, order: time % 2 === 0 ? "asc" : "desc" }),
  ],
  ["export_files", 9, /files_pkey/, () => sql(`export_files($1, '${fileId(0)}', 9)`, [owner])],
  [
    "use_files",
    1,
    /files_pkey/,
    (time) => sql("use_files($1, 'c1', 'm1', $2)", [owner, [fileId(300 + time)]]),
  ],
  ["release_files", 2, /file_uses_pkey/, () => sql("release_files($1, 'c1', true)", [owner])],
  [
    "put_checkpoint",
    1,
    /checkpoint_values_pkey/,
    (time) =>
      history.putCheckpoint(me, "long", {
        namespace: "",
        id: `1${time}`,
        parentId: null,
        body: {},
        metadata: {},
        versions: new Map([["messages", `new${time}`]]),
        values: [{ channel: "messages", version: `new${time}`, base: "1000", body: {} }],
      }),
  ],
  [
    "put_checkpoint_writes",
    1,
    /conversations_/,
    (time) =>
      history.putCheckpointWrites(
        me,
        "long",
        { namespace: "", id: "000000001", taskId: `t${time}`, taskPath: "" },
        [{ no: 0, channel: "messages", body: {} }],
      ),
  ],
  [
    "get_checkpoint",
    9,
    /checkpoint_values_pkey/,
    (time) => history.getCheckpoint(me, "long", { namespace: "", id: time > 0 ? "000001007" : undefined }),
  ],
  ["delete_checkpoints", 1, /checkpoint_values_pkey/, () => sql("delete_checkpoints($1, 'c1')", [owner])],
  ["stop_beginning", 1, /conversations_/, () => sql("stop_beginning($1, 'c1')", [owner])],
  [
    "queue_question",
    1,
    /queued_questions_pkey/,
    () =>
      sql(`queue_question($1, 'long', $2, 'q', 'r', null, '[]', null, null, '{}', false, true, 20, 1000)`, [
        owner,
        randomUUID(),
      ]),
  ],
  ["next_queued_question", 1, /queued_questions_/, () => sql("next_queued_question($1, 'c1')", [owner])],
  ["list_queued_questions", 1, /queued_questions_pkey/, () => history.listQueuedQuestions(me, "long")],
  [
    "delete_queued_question",
    1,
    /queued_questions_pkey/,
    (time) => sql("delete_queued_question($1, $2, 'q')", [owner, `c${2 * time + 5001}`]),
  ],
  [
    "hold_queued_question",
    1,
    /queued_questions_/,
    (time) => sql("hold_queued_question($1, $2, 'q')", [owner, `c${time + 1}`]),
  ],
  [
    "hold_queued_questions",
    1,
    /queued_questions_/,
    () => sql("hold_queued_questions($1, 'c9', 'q')", [owner]),
  ],
  ["due_queued_questions", 3, /queued_questions_due/, () => sql("due_queued_questions(100)")],
  ["purge_files", 1, /files_unused/, () => sql("purge_files(9)")],
  ["record_audit", 1, /^$/, () => history.recordAct(me, "key:tests")],
  ["purge_batch", 1, /idempotency_keys_sent/, () => sql("purge_batch('1 day', '30 days', 100)")],
  ["end_waiting", 1, /turns_pkey/, () => sql("end_waiting($1, $2)", [owner, randomUUID()])],
  ["expire_waiting", 1, /turns_waiting/, () => sql("expire_waiting('1 day', '{}', 100)")],
  ["consume_quota", 1, /^$/, (time) => sql("consume_quota($1, '{1}', '{1000}')", [[`k${time}`]])],
  ["expire_quotas", 1, /rate_limits_expired/, () => sql("expire_quotas()")],
  ["untracked_turns", 1, /turns_/, () => sql("untracked_turns(0, '{}')")],
  ["find_turn", 1, /turns_/, () => sql("find_turn(0, $1)", [randomUUID()])],
  ["hand_over_turn", 1, /turns_/, () => sql("hand_over_turn(0, $1)", [randomUUID()])],
  [
    "continue_turn",
    1,
    /running_turns_/,
    () => sql("continue_turn($1, 'long', $2, 0, '1 hour', 1, null, false, 10)", [owner, randomUUID()]),
  ],
  ["next_old_parts", 0, /messages_old_parts/, () => sql("next_old_parts($1, '', 0, 100)", [owner])],
  [
    "renew_parts",
    1,
    /messages_(pkey|old_parts)/,
    () => sql("renew_parts($1, 'long', '{7}', '{null}')", [owner]),
  ],
  [
    "change_conversations",
    1,
    /conversations_pkey/,
    (time) => sql("change_conversations($1, $2, 'tag', 'red', 50)", [owner, [`c${2 * time + 9}`]]),
  ],
  [
    "index_titles",
    1,
    /conversations_pkey/,
    (time) => sql("index_titles($1, $2, '{A title}', '{title}')", [owner, [`c${time + 3001}`]]),
  ],
  ["search_titles", 40, /title_words_/, () => history.searchMessages(me, { text: "rarest" })],
  ["messages_to_backfill", 100, /messages_pkey/, () => sql("messages_to_backfill($1, 'long', 100)", [owner])],
  [
    "backfill_search_index",
    1,
    /unindexed_conversations_pkey/,
    () => sql("backfill_search_index($1, 'c9', '{1}', '{hello}', 1)", [owner]),
  ],
  [
    "import_unsaved_turn",
    // The question and its answer, which one statement inserts.
    2,
    /Index Scan messages_/,
    () =>
      sql(
        `import_unsaved_turn($1, 'long', null, $2, now()::text, $3, $4, $5, null, null, 'complete', $5, null, null, null,
            null, null, 'hello', 'hello', null, null)`,
        [owner, randomUUID(), randomUUID(), randomUUID(), '[{"type":"text","text":"Hello"}]'],
      ),
  ],
];

/**
 * Looked at beside this: the hot ones in plans.test.ts; a tree's in plans-tree.test.ts; the docs', of some thousand passages at most, in agent's
 * tests; vectors' in theirs; the first are called by others alone; a list of checkpoints is sorted whole; the last read one row, or what is left to do in the background as it lies.
 */
const ELSEWHERE = new Set(
  `list_tags count_terms question_terms term_letters term_weight conversation_exists match_messages match_titles word_places handle_exists refuse_conversation match_terms
   append_messages begin_turn create_conversation get_conversation get_turn list_conversations overview
   page_messages read_events recall_words register_node rotate_events search_words settle_turn
   stop_turn fence_dead_nodes update_conversation write_events hold_node close_turn finish_turn lock_conversation next_active_no imported_no open_turn select_turn take_queued_question next_in_queue
   delete_turns try_write branch_ranges ancestor_at branch_length branch_of branch_off context_messages forks_of earliest_messages latest_leaf latest_messages segment_jump
   get_document list_checkpoints list_documents put_documents remove_documents score_texts search_passages list_document_versions`
    .split(/\s+/)
    .concat(
      "token_key",
      "comparable_json",
      "release_node",
      "next_backfill",
      "register_release",
      "drop_unused_releases",
      "messages_to_title",
    ),
);

describe("the rarer statements", () => {
  it.each(CASES)("%s reads no more than it needs, by an index", async (name, most, index, work) => {
    const plans = await plansOf(work);
    expect(wasteOf(plans, most)).toEqual([]);
    expect(scansOf(plans)).toMatch(index);
    expect(seen).toContain(name);
  });

  it("are all that this release has", () => {
    const isLookedAt = (name: string): boolean =>
      seen.has(name) || ELSEWHERE.has(name) || /embedding|vectors|near/.test(name);
    const left = Object.keys(FUNCTIONS).filter((name) => !isLookedAt(name));
    expect(left).toEqual([]);
  });
});
