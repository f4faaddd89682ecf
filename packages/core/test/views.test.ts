import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

import {
  createHistory,
  createPool,
  migrate,
  ownerId,
  releaseSchema,
  requireIsolation,
  uninstall,
} from "@chatkeep/core";
import { type Message, contentOf } from "@chatkeep/protocol";
import { type Database, UNHURRIED, createDatabase, fileDatabase } from "@chatkeep/testing";
import { fc } from "@chatkeep/testing/properties";
import type { Pool } from "pg";
import { describe, expect, it } from "vitest";

import { detachViews } from "../src/install/views.ts";
import { newSession, newUser } from "./fixture.ts";
import { createRole, own, serves } from "./logins.ts";

const database = await fileDatabase();
const history = createHistory({
  ...UNHURRIED.history,
  pool: database.pool,
  async *responder() {
    yield "Hello.";
  },
});

/** The rows of a query, with numbers as numbers. */
async function rowsOf(pool: Pick<Pool, "query">, text: string, values: unknown[] = []): Promise<unknown[]> {
  return (await pool.query<Record<string, unknown>>(text, values)).rows;
}

describe("the views", () => {
  it("show conversations, messages, turns, usage and feedback as the API gives them", async () => {
    const me = newUser();
    const id1 = randomUUID();
    await history.createConversation(me, { id: id1, title: "Mine \0", scope: "/a", scopeLabel: "A" });
    const turn = await history.startTurn(me, id1, { id: "q1", content: "Hi \0 \ud800!" });
    for await (const _ of turn.events) void _;
    await history.appendMessages(me, id1, [
      {
        id: "m3",
        role: "assistant",
        parts: [{ type: "tool-call", id: "t", name: "look", arguments: "{}" }],
        usage: { inputTokens: 5, outputTokens: 7, totalTokens: 12, cost: 0.5 },
        model: "test",
      },
      {
        id: "m4",
        role: "tool",
        parts: [{ type: "tool-result", id: "t", result: { a: [1, "\ud800", "\\u0000"] } }],
      },
    ]);
    const id = ownerId(me);
    expect(
      await rowsOf(
        database.pool,
        "select id, owner_kind, scope, scope_label, title, message_count::int as count from chatkeep_views.conversations where owner_id = $1",
        [id],
      ),
    ).toEqual([
      { id: id1, owner_kind: "user", scope: "/a", scope_label: "A", title: "Mine \ufffd", count: 4 },
    ]);
    expect(
      await rowsOf(
        database.pool,
        "select id, seq::int as seq, branch::int as branch, is_current, role, status, content from chatkeep_views.messages where owner_id = $1 order by seq",
        [id],
      ),
    ).toMatchObject([
      { id: "q1", seq: 1, branch: 0, is_current: true, role: "user", content: "Hi \ufffd \ufffd!" },
      { seq: 2, role: "assistant", status: "complete", content: "Hello." },
      { id: "m3", content: "" },
      { id: "m4", content: '{"a":[1,"\ufffd","\\\\u0000"]}' },
    ]);
    expect(
      await rowsOf(database.pool, "select message_id, status from chatkeep_views.turns where owner_id = $1", [
        id,
      ]),
    ).toEqual([{ message_id: "q1", status: "complete" }]);
    expect(
      await rowsOf(
        database.pool,
        "select message_id, model, input_tokens, output_tokens, total_tokens, cost from chatkeep_views.usage where owner_id = $1 and message_id = 'm3'",
        [id],
      ),
    ).toEqual([
      { message_id: "m3", model: "test", input_tokens: 5, output_tokens: 7, total_tokens: 12, cost: 0.5 },
    ]);
    await history.setFeedback(me, id1, "m3", { rating: "down", comment: "No \0 \ud800!" });
    expect(
      await rowsOf(
        database.pool,
        "select message_id, model, rating, comment, now() - given_at < '1 day' as is_new from chatkeep_views.feedback where owner_id = $1",
        [id],
      ),
    ).toEqual([
      { message_id: "m3", model: "test", rating: "down", comment: "No \ufffd \ufffd!", is_new: true },
    ]);
  });

  it("show the branch that people see, and every other", async () => {
    const me = newUser();
    const id1 = randomUUID();
    const say = (id: string, parent?: string | null) =>
      history.appendMessages(
        me,
        id1,
        [{ id, role: "user", content: id }],
        parent === undefined ? {} : { parent },
      );
    await history.createConversation(me, { id: id1 });
    for (const [message, parent] of [
      ["a"],
      ["b"],
      ["c"],
      ["b2", "a"],
      ["c2"],
      ["a2", null],
      ["c3", "b2"],
    ] as const)
      await say(message, parent);
    const shown = (await history.listMessages(me, id1)).messages.map(({ id }) => id);
    expect(shown).toEqual(["a", "b2", "c3"]);
    const rows = await rowsOf(
      database.pool,
      "select id, branch::int as branch from chatkeep_views.messages where owner_id = $1 and is_current order by seq",
      [ownerId(me)],
    );
    expect(rows).toEqual([
      { id: "a", branch: 0 },
      { id: "b2", branch: 4 },
      { id: "c3", branch: 7 },
    ]);
    const all = await rowsOf(database.pool, "select id from chatkeep_views.messages where owner_id = $1", [
      ownerId(me),
    ]);
    expect(all).toHaveLength(7);
  });

  it("give the text of any message as the API does, but for what PostgreSQL cannot hold", async () => {
    const me = newUser();
    const id1 = randomUUID();
    await history.createConversation(me, { id: id1 });
    const text = fc.string({
      unit: fc.oneof(
        fc.string({ unit: "binary", maxLength: 1 }),
        fc.constantFrom("\0", "\ud800", "\udc00", "\\", "\\u0000", '"', "\n"),
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 3 }), async (texts) => {
        const [message] = await history.appendMessages(me, id1, [
          { role: "user", parts: texts.map((one) => ({ type: "text" as const, text: `.${one}` })) },
        ]);
        const { id, parts } = message as Message;
        const [row] = (await rowsOf(
          database.pool,
          "select content from chatkeep_views.messages where owner_id = $1 and id = $2",
          [ownerId(me), id],
        )) as { content: string }[];
        expect(row!.content).toBe(contentOf(parts).toWellFormed().replaceAll("\0", "\ufffd"));
      }),
      { numRuns: 60 },
    );
  });

  it("hide what was cleared and trashed", async () => {
    const me = newUser();
    const [id1, id2] = [randomUUID(), randomUUID()];
    for (const id of [id1, id2]) {
      await history.createConversation(me, { id });
      await history.appendMessages(me, id, [{ role: "user", content: "x" }]);
    }
    await history.clearMessages(me, id1);
    await history.deleteConversation(me, id2);
    const id = ownerId(me);
    expect(
      await rowsOf(database.pool, "select id from chatkeep_views.conversations where owner_id = $1", [id]),
    ).toEqual([{ id: id1 }]);
    expect(
      await rowsOf(database.pool, "select id from chatkeep_views.messages where owner_id = $1", [id]),
    ).toEqual([]);
  });

  it("compute the owner of a user or a session as the library does", async () => {
    for (const owner of [newUser(), newSession(), { kind: "user" as const, id: `"ä\\\n\u0001😀` }]) {
      const issuer = owner.kind === "user" ? (owner.issuer ?? "") : "";
      expect(
        await rowsOf(database.pool, "select chatkeep_views.owner_of($1, $2, $3) as id", [
          owner.kind,
          owner.id,
          issuer,
        ]),
      ).toEqual([{ id: ownerId(owner) }]);
    }
  });

  it("read one owner's messages by an index, also for a role that sees its own rows only", async () => {
    const client = await database.pool.connect();
    try {
      await client.query("begin; set local enable_seqscan = off");
      for (const view of ["conversations", "messages", "turns", "usage", "feedback"]) {
        const plan = await rowsOf(
          client,
          `explain (format json) select * from chatkeep_views.${view} where owner_id = '${ownerId(newUser())}'`,
        );
        expect(JSON.stringify(plan)).toMatch(/"Index Cond":"\(owner_id = /);
      }
    } finally {
      await client.query("rollback");
      client.release();
    }
  });
});

it("the guide documents every column as the database does", async () => {
  const rows = await rowsOf(
    database.pool,
    `select a.attname as column, format_type(a.atttypid, a.atttypmod) as type, col_description(c.oid, a.attnum) as meaning
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
     where c.relnamespace = 'chatkeep_views'::regnamespace and c.relkind = 'v' order by c.relname, a.attnum`,
  );
  const guide = readFileSync(new URL("../../../docs/guide/your-data-in-sql.md", import.meta.url), "utf8");
  const lines = [...guide.matchAll(/^\| `(\w+)` +\| (.+?) +\| (.+?) +\|$/gm)];
  const documented = lines.map(([, column, type, meaning]) => ({
    column,
    type,
    meaning: meaning!.replaceAll("`", ""),
  }));
  expect(documented).toEqual(rows);
});

it("the guide's statements run as they are written", async () => {
  await using database = await createDatabase();
  await using analyst = await createRole(database, "", "analyst");
  await using app = await createRole(database, "", "app");
  await database.pool.query("create schema app");
  const guide = readFileSync(new URL("../../../docs/guide/your-data-in-sql.md", import.meta.url), "utf8");
  const blocks = [...guide.matchAll(/^```sql\n([\s\S]*?)^```/gm)].map(([, sql = ""]) =>
    sql.replace("'analyst'", `'${analyst.name}'`).replace("'app'", `'${app.name}'`),
  );
  expect(blocks).toHaveLength(4);
  for (const sql of blocks) await database.pool.query(sql);
  await database.pool.query("select from app.feedback");
  await analyst.pool.query("select from chatkeep_views.messages");
  await app.pool.query("select from chatkeep_views.messages");
});

describe("grant_to", () => {
  it("lets a role read all rows, or only the owner's that it sets; before, it reads nothing", async () => {
    const me = newUser();
    await history.createConversation(me, { id: "mine" });
    await using reader = await createRole(database, "", "reader");
    const read = () => rowsOf(reader.pool, "select id from chatkeep_views.conversations where id = 'mine'");
    await expect(read()).rejects.toMatchObject({ code: "42501" });
    await database.pool.query("select chatkeep_views.grant_to($1)", [reader.name]);
    expect(await read()).toEqual([{ id: "mine" }]);
    await database.pool.query("select chatkeep_views.grant_to($1, 'own')", [reader.name]);
    expect(await read()).toEqual([]);
    const client = await reader.pool.connect();
    await client.query("select set_config('chatkeep.owner', $1, false)", [ownerId(newUser())]);
    expect(await rowsOf(client, "select id from chatkeep_views.conversations")).toEqual([]);
    await client.query("select set_config('chatkeep.owner', $1, false)", [ownerId(me)]);
    expect(await rowsOf(client, "select id from chatkeep_views.conversations")).toEqual([{ id: "mine" }]);
    client.release(true);
    await expect(rowsOf(reader.pool, "select from chatkeep.conversations")).rejects.toMatchObject({
      code: "42501",
    });
    await expect(
      database.pool.query("select chatkeep_views.grant_to($1, 'some')", [reader.name]),
    ).rejects.toThrow(/'all' or 'own'/);
  });

  it("is refused to a login that only serves, and gives no right to call the functions, in later releases neither", async () => {
    await using database = await createDatabase();
    await using login = await createRole(database, "", "app");
    await using reader = await createRole(database, "", "reader");
    await migrate(database.pool, { grantTo: [login.name] });
    await expect(login.pool.query("select chatkeep_views.grant_to('x')")).rejects.toMatchObject({
      code: "42501",
    });
    await database.pool.query("select chatkeep_views.grant_to($1)", [reader.name]);
    await database.pool.query(`alter schema ${releaseSchema("chatkeep")} rename to chatkeep_v9_00000000`);
    await migrate(database.pool);
    expect(await serves(login.pool)).toBe(true);
    await expect(
      reader.pool.query(`select ${releaseSchema("chatkeep")}.register_release()`),
    ).rejects.toMatchObject({ code: "42501" });
    expect(await rowsOf(reader.pool, "select id from chatkeep_views.conversations")).toHaveLength(1);
    expect(await requireIsolation(reader.pool).catch((error: unknown) => error)).toBeInstanceOf(Error);
  });
});

describe("a foreign key of an application's table", () => {
  /** An application with notes on conversations, which go with them. */
  async function openApplication(): Promise<{
    database: Database;
    app: Awaited<ReturnType<typeof createRole>>;
  }> {
    const database = await createDatabase();
    const app = await createRole(database, "", "app");
    await database.pool.query(`create schema app authorization "${app.name}"`);
    await database.pool.query("select chatkeep_views.grant_to($1)", [app.name]);
    await app.pool.query(`create table app.notes (
      owner_id uuid, conversation_id text, text text,
      foreign key (owner_id, conversation_id) references chatkeep.conversations (owner_id, id) on update cascade on delete cascade
    )`);
    return { database, app };
  }

  it("points at a conversation, follows it when a session is claimed, stays when it is cleared, and goes when it is erased", async () => {
    const { database, app } = await openApplication();
    await using _ = database;
    await using __ = app;
    const store = createHistory({ ...UNHURRIED.history, pool: database.pool });
    const session = newSession();
    const user = newUser();
    await store.createConversation(session, { id: "c1" });
    await store.appendMessages(session, "c1", [{ role: "user", content: "x" }]);
    const note = "insert into app.notes values ($1, $2, 'good')";
    await app.pool.query(note, [ownerId(session), "c1"]);
    await expect(app.pool.query(note, [ownerId(user), "c1"])).rejects.toMatchObject({ code: "23503" });

    await store.claimSession(user, session);
    const notes = () => rowsOf(app.pool, "select owner_id, conversation_id from app.notes");
    expect(await notes()).toEqual([{ owner_id: ownerId(user), conversation_id: "c1" }]);
    await store.clearMessages(user, "c1");
    await store.deleteConversation(user, "c1");
    expect(await notes()).toHaveLength(1);
    await store.eraseData(user, { actor: "test" });
    expect(await notes()).toEqual([]);
    await store.close();
    expect(await uninstall(database.pool)).toMatchObject({
      dependents: ["the foreign key notes_owner_id_conversation_id_fkey of app.notes"],
    });
    expect(await notes()).toEqual([]);
  });
});

describe("migrate", () => {
  it("takes the views off their tables while it changes those, and keeps their rights and what depends on them", async () => {
    await using database = await createDatabase();
    const store = createHistory({ ...UNHURRIED.history, pool: database.pool });
    const me = newUser();
    await store.createConversation(me, { id: "c1", title: "Mine" });
    await store.close();
    await using reader = await createRole(database, "", "reader");
    await database.pool.query("select chatkeep_views.grant_to($1)", [reader.name]);
    await database.pool.query("create view public.titles as select title from chatkeep_views.conversations");
    const change = "alter table chatkeep.conversations alter preview type varchar";
    await expect(database.pool.query(change)).rejects.toMatchObject({ code: "0A000" });
    await detachViews(database.pool, "chatkeep");
    await database.pool.query(change);
    await database.pool.query(`alter schema ${releaseSchema("chatkeep")} rename to chatkeep_v9_00000000`);
    await migrate(database.pool);
    expect(await rowsOf(reader.pool, "select title from chatkeep_views.conversations")).toEqual([
      { title: "Mine" },
    ]);
    expect(await rowsOf(database.pool, "select title from public.titles")).toEqual([{ title: "Mine" }]);
  });

  it("leaves a schema of the same name alone, and says so", async () => {
    await using database = await createDatabase({ contents: "empty" });
    await database.pool.query("create schema chatkeep_views; create table chatkeep_views.mine ()");
    await expect(migrate(database.pool)).rejects.toThrow(
      /The schema "chatkeep_views" belongs to ".*" and holds tables/,
    );
  });

  it("where the server gives no roles, shows the rows of the owner that is set, or all with chatkeep.engine", async () => {
    await using database = await createDatabase({ contents: "empty" });
    await using owner = await createRole(database, "");
    await own(database, owner);
    await migrate(owner.pool);
    const me = newUser();
    const store = createHistory({ ...UNHURRIED.history, pool: owner.pool });
    await store.createConversation(me, { id: "c1" });
    await store.close();
    const url = new URL(database.url);
    url.username = owner.name;
    url.password = "secret";
    for (const [setting, rows] of [
      ["", []],
      [`-c chatkeep.owner=${ownerId(me)}`, [{ id: "c1" }]],
      ["-c chatkeep.engine=on", [{ id: "c1" }]],
    ] as const) {
      url.searchParams.set("options", setting);
      const pool = createPool(url.href, UNHURRIED.pool);
      expect(await rowsOf(pool, "select id from chatkeep_views.conversations")).toEqual(rows);
      await pool.end();
    }
  });
});
