import { createHash, randomBytes, randomUUID } from "node:crypto";

import { type CoreHistory, ownerId, releaseSchema } from "@chatkeep/core";
import type { Owner } from "@chatkeep/protocol";
import type { ScriptedResponder } from "@chatkeep/testing";
import type { Pool, PoolClient } from "pg";

const FUNCTIONS = releaseSchema("chatkeep");

/** Somebody whose data is worth having, and how to tell it. */
export interface Victim {
  readonly owner: string;
  readonly conversation: string;
  readonly turn: string;
  readonly message: string;
  readonly handle: string;
  readonly file: string;
  /** Of a request without an id. */
  readonly digest: string;
  readonly node: string;
  /** Stands in everything that the victim wrote, and nowhere else. */
  readonly mark: string;
  /** All rows of theirs. */
  rows(client: PoolClient): Promise<string>;
}

/** Fills an owner with one row of each kind: messages, a settled, a running and a queued turn, a trashed conversation, a handle. */
export async function makeVictim(
  history: CoreHistory,
  responder: ScriptedResponder,
  pool: Pool,
  owner: Owner,
): Promise<Victim> {
  const mark = `mark-${randomUUID()}`;
  const scope = "shared scope";
  const { conversation } = await history.createConversation(owner, {
    scope,
    title: mark,
    metadata: { mark },
  });
  const { id } = conversation;
  const settled = await history.startTurn(owner, id, { content: mark });
  const first = await responder.started(id);
  await first.emit(mark);
  first.finish();
  for await (const _ of settled.events);
  const { turn, events } = await history.startTurn(owner, id, { content: mark });
  const run = await responder.started(id);
  await run.emit(mark);
  const reader = events[Symbol.asyncIterator]();
  while (!JSON.stringify((await reader.next()).value).includes(mark));
  await reader.return?.();
  await history.startTurn(owner, id, { content: mark, whenBusy: "queue" });
  const trashed = await history.createConversation(owner, { title: mark });
  await history.deleteConversation(owner, trashed.conversation.id);
  const handle = createHash("sha256")
    .update(await history.createHandle(owner, id))
    .digest("hex");
  const { id: file } = await history.putFile(
    owner,
    { mediaType: "text/plain", name: mark },
    Buffer.from(mark),
  );
  const says = randomUUID();
  await history.claimIdempotencyKey(owner, { content: says, attempt: 0, waited: 0 });
  const uuid = ownerId(owner);
  const { rows } = await pool.query<{ node: string }>(
    "select node_id::text as node from chatkeep.running_turns where owner_id = $1 limit 1",
    [uuid],
  );
  return {
    owner: uuid,
    conversation: id,
    turn: turn.id,
    message: turn.messageId,
    handle,
    file,
    digest: createHash("sha256").update(says).digest("hex"),
    node: rows[0]!.node,
    mark,
    rows: (client) => rowsOf(client, uuid),
  };
}

/** Every row of an owner in every table that has owners, as one text. */
async function rowsOf(client: PoolClient, owner: string): Promise<string> {
  const { rows: tables } = await client.query<{ name: string; owner: string }>(
    `select c.relname as name, case c.relname when 'owners' then 'id' else 'owner_id' end as owner
     from pg_class c
     where c.relnamespace = 'chatkeep'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and c.relname <> 'audit' and (c.relname = 'owners' or exists (
         select from pg_attribute a where a.attrelid = c.oid and a.attname = 'owner_id'))
     order by 1`,
  );
  const all: unknown[] = [];
  for (const { name, owner: column } of tables) {
    const { rows } = await client.query<{ row: string }>(
      `select to_json(t)::text as row from chatkeep.${name} t where t.${column} = $1 order by 1`,
      [owner],
    );
    all.push([name, rows.map(({ row }) => row)]);
  }
  return JSON.stringify(all);
}

/** A function that takes an owner first. */
export interface OwnerFunction {
  readonly name: string;
  readonly args: readonly { readonly name: string; readonly type: string }[];
}

/** The engine's functions that take an owner too: only the store's call them, and none gives a word of anybody's. */
const ENGINE = "('claim_session', 'record_audit', 'match_messages', 'match_terms')";

/** The owners' functions of this release. */
export async function ownerFunctions(pool: Pool): Promise<OwnerFunction[]> {
  const { rows } = await pool.query<OwnerFunction>(
    `select p.proname as name, (
       select json_agg(json_build_object('name', p.proargnames[n], 'type', format_type(p.proargtypes[n - 1], null)) order by n)
       from generate_series(1, p.pronargs) n) as args
     from pg_proc p
     where p.pronamespace = $1::regnamespace and p.proargnames[1] = 'owner'
       and not p.proname in ${ENGINE}
     order by 1`,
    [FUNCTIONS],
  );
  return rows;
}

/** Values with which an intruder names what is the victim's; for all other arguments something of the type. */
function argument(
  fn: string,
  victim: Victim,
  intruder: string,
  { name, type }: OwnerFunction["args"][number],
): unknown {
  const named: Record<string, unknown> = {
    owner: intruder,
    owner_kind: "session",
    conversation: victim.conversation,
    id: victim.conversation,
    turn_id: victim.turn,
    message_id: victim.message,
    node: victim.node,
    hash: victim.handle,
    file: victim.file,
    files: [victim.file],
    after_id: "00000000-0000-0000-0000-000000000000",
    start: 0,
    digest: victim.digest,
    ids: [/^(change_conversations|index_titles)$/.test(fn) ? victim.conversation : victim.message],
    action: "archive",
    leaf: fn === "page_messages" ? null : 2,
    parent: type === "text" ? victim.message : 1,
    expected_head: null,
    from_id: null,
    cleared: 0,
    above_seq: 0,
    skipped: 0,
    seqs: type === "bigint[]" ? [1, 2, 3, 4] : [1],
    places: [1, 2, 3, 4],
    conversations: Array.from({ length: 4 }, () => victim.conversation),
    seq: 1,
    query: "mark",
    terms: ["mark"],
    only_conversation: victim.conversation,
    by_id: true,
    sort_by: "activity",
    roles: ["user"],
    new_status: "stopped",
    reply_status: "complete",
    start_chunk: '{"messageMetadata":{"created_at":"2026-11-20T00:00:00Z"}}',
    before_no: Number.MAX_SAFE_INTEGER,
    before_seq: 1000,
    below_seq: 1000,
    after_seq: 0,
    // Descending lists begin at their end.
    after_no: fn === "list_conversations" ? null : 0,
    most: 10,
    scope: "shared scope",
    only_scope: fn === "search_words" ? null : "shared scope",
    page_offset: 0,
    fields: ["title", "archived"],
    new_archived: true,
    only_role: null,
    only_tag: null,
    only_metadata: null,
    statuses: [null],
    model: "own",
    number: 1,
    vector: VECTOR,
    vectors: [VECTOR],
  };
  if (Object.hasOwn(named, name)) return named[name];
  switch (type) {
    case "uuid":
      return randomUUID();
    case "boolean":
      return false;
    case "integer":
    case "bigint":
    case "double precision":
      return 100;
    case "timestamp with time zone":
      return null;
    case "timestamp with time zone[]":
      return [null];
    case "interval":
      return "10 seconds";
    case "json":
      return '[{"type":"text","text":"of an intruder"}]';
    case "json[]":
      return ['[{"type":"text","text":"of an intruder"}]'];
    case "text[]":
      return ["of an intruder"];
    case "boolean[]":
      return [null];
    case "integer[]":
      return [1];
    case "tsvector[]":
      return ["intruder:1"];
    case "tsquery":
      return "intruder";
    case "bytea":
      return randomBytes(32);
    default:
      return "of an intruder";
  }
}

/** As pgvector reads one, of as many dimensions as the victim's. */
const VECTOR = `[${Array.from({ length: 256 }, () => 1).join(",")}]`;

/** What came of an intruder's call. */
export interface Intrusion {
  /** The SQLSTATE, with the code that a function of ours raised; `undefined` when it returned. */
  readonly refusal: string | undefined;
  /** The victim's words were returned, or stood in the error. */
  readonly seen: boolean;
  /** The victim's rows are not what they were. */
  readonly changed: boolean;
}

/** Calls one function as an intruder who names the victim's things, and rolls back what it did. */
export async function intrude(client: PoolClient, fn: OwnerFunction, victim: Victim): Promise<Intrusion> {
  const intruder = randomUUID();
  await client.query("savepoint intrusion");
  const before = await victim.rows(client);
  // The inner ones are called with the owner set; the others set it themselves.
  if (INNER.has(fn.name)) await client.query("select set_config('chatkeep.owner', $1, true)", [intruder]);
  const places = fn.args.map(({ type }, index) => `$${index + 1}::${type}`);
  let refusal: string | undefined;
  let told: string;
  try {
    const values = fn.args.map((arg) => argument(fn.name, victim, intruder, arg));
    await client.query("savepoint call");
    const { rows } = await client.query(
      `select to_json(f)::text as told from ${FUNCTIONS}.${fn.name}(${places.join(", ")}) f`,
      values,
    );
    told = JSON.stringify(rows);
  } catch (error) {
    await client.query("rollback to savepoint call");
    const {
      code = "",
      message = "",
      detail = "",
    } = error as { code?: string; message?: string; detail?: string };
    refusal = code === "CK000" ? message : code;
    told = `${message} ${detail}`;
  }
  const after = await victim.rows(client);
  await client.query("rollback to savepoint intrusion");
  return { refusal, seen: told.includes(victim.mark), changed: after !== before };
}

const INNER = new Set([
  "earliest_messages",
  "latest_messages",
  "end_running_turn",
  "end_waiting",
  "close_turn",
  "finish_turn",
  "next_active_no",
  "select_turn",
  "index_message",
  "hold_queued_questions",
  "next_in_queue",
  "take_queued_question",
  "refuse_conversation",
]);

/** Does work in a transaction and undoes it. */
export async function undone<Result>(client: PoolClient, work: () => Promise<Result>): Promise<Result> {
  await client.query("begin");
  // Where the running turn's node locks the tables in another order, it is the one that gives way and tries again.
  await client.query("set local deadlock_timeout = '1h'");
  try {
    return await work();
  } finally {
    await client.query("rollback");
  }
}

/** Takes the owner out of every condition of every owners' function. */
export async function dropPredicates(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ name: string; text: string }>(
    `select p.proname as name, pg_get_functiondef(p.oid) as text from pg_proc p
     where p.pronamespace = $1::regnamespace and p.proargnames[1] = 'owner'
       and not p.proname in ('claim_session', 'record_audit')`,
    [FUNCTIONS],
  );
  for (const { text } of rows) {
    await client.query(
      text.replaceAll(/\b(\w+\.)?owner_id = owner\b/g, "true").replaceAll(/\bo\.id = owner\b/g, "true"),
    );
  }
}

/** Takes row-level security off every table. */
export async function dropPolicies(client: PoolClient): Promise<void> {
  await client.query(
    `do $$ declare t regclass; begin
       for t in select c.oid from pg_class c
         where c.relnamespace = 'chatkeep'::regnamespace and c.relkind in ('r', 'p') and c.relrowsecurity
       loop
         execute format('alter table %s disable row level security', t);
         execute format('alter table %s no force row level security', t);
       end loop;
     end $$`,
  );
}
