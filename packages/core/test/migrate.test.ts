import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import {
  type ConnectionPool,
  type Migrated,
  MigrationError,
  RELEASE,
  createDocsStore,
  createHistory,
  createPool,
  migrate,
  openConnection,
  ownerId,
  releaseSchema,
} from "@chatkeep/core";
import { IS_MATRIX, UNHURRIED, createDatabase } from "@chatkeep/testing";
import { describe, expect, it } from "vitest";

import { MIGRATIONS } from "../src/generated/sql.ts";
import { createLogin, newUser } from "./fixture.ts";
import { dumpSchema } from "./schema.ts";
import { makeVersion } from "./versions.ts";

const SCRIPT = fileURLToPath(new URL("processes/migrate.ts", import.meta.url));

/** The first version, one of old, and the one before this; all of them in the matrix. */
const EARLIER = MIGRATIONS.map(({ version }) => version)
  .slice(0, -1)
  .filter((version, index, all) => IS_MATRIX || version === 1 || version === 9 || index === all.length - 1);

describe("migrate", () => {
  it("brings an empty database to this release, and the second time finds nothing to do", async () => {
    await using database = await createDatabase({ contents: "empty" });
    expect(await migrate(database.pool)).toEqual({ from: 0, to: RELEASE, security: "roles" });
    const schema = await dumpSchema(database.pool);
    expect(await migrate(database.pool)).toEqual({ from: RELEASE, to: RELEASE, security: "roles" });
    expect(await dumpSchema(database.pool)).toBe(schema);
  });

  it("does so once when several processes start at the same moment", async () => {
    await using database = await createDatabase({ contents: "empty" });
    const processes = await Promise.all([1, 2, 3].map(() => startProcess(database.url)));
    const migrated = await Promise.all(processes.map((go) => go()));
    expect(migrated.map(({ from }) => from).toSorted((a, b) => a - b)).toEqual([0, RELEASE, RELEASE]);
    const { rows } = await database.pool.query("select version from chatkeep.migrations order by version");
    expect(rows).toEqual(MIGRATIONS.map(({ version }) => ({ version })));
  });

  it.each(EARLIER)("brings version %i with data to this release, and keeps the data", async (version) => {
    await using database = await createDatabase({ contents: "empty" });
    const me = newUser();
    await makeVersion(database, version, me);
    expect(await migrate(database.pool)).toMatchObject({ from: version, to: RELEASE });
    await using fresh = await createDatabase();
    expect(await dumpSchema(database.pool)).toBe(await dumpSchema(fresh.pool));

    const history = createHistory({ ...UNHURRIED.history, pool: database.pool });
    expect(await history.listConversations(me)).toMatchObject({
      conversations: [{ id: "c1", title: "Mine", messageCount: 2, preview: "Hi." }],
      total: 1,
    });
    expect((await history.listMessages(me, "c1")).messages).toMatchObject([
      { seq: 1, content: "Hello" },
      { seq: 2, content: "Hi." },
    ]);
    expect(await history.appendMessages(me, "c1", [{ role: "user", content: "More" }])).toMatchObject([
      { seq: 3 },
    ]);
    await history.close();
  });

  it("settles what ran on an older release's nodes, with the text that was shown", async () => {
    await using database = await createDatabase({ contents: "empty" });
    const me = newUser();
    await makeVersion(database, 11, me);
    const turn = randomUUID();
    const owner = ownerId(me);
    const events = [
      { type: "start", messageId: "a", messageMetadata: { turn_id: turn } },
      { type: "text-start", id: "1" },
      { type: "text-delta", id: "1", delta: "As far as this" },
    ];
    await database.pool.query(`
      insert into chatkeep.messages (owner_id, conversation_id, seq, id, turn_id, role, status, parts) values
        ('${owner}', 'c1', 3, 'q', '${turn}', 'user', 'complete', '[{"type":"text","text":"How far?"}]'),
        ('${owner}', 'c1', 4, 'a', '${turn}', 'assistant', 'streaming', '[]');
      update chatkeep.conversations set last_seq = 4, running_turn = '${turn}';
      insert into chatkeep.turns (owner_id, id, conversation_id, question_seq, message_id, reply_id, node_id, slot)
        values ('${owner}', '${turn}', 'c1', 3, 'q', 'a', 77, 0)`);
    for (const [index, chunk] of events.entries()) {
      await database.pool.query(
        "insert into chatkeep.turn_events (owner_id, turn_id, seq, slot, chunk) values ($1, $2, $3, 0, $4)",
        [owner, turn, index + 1, chunk],
      );
    }
    await migrate(database.pool);
    const history = createHistory({ ...UNHURRIED.history, pool: database.pool });
    let shown = "";
    for await (const { chunk } of history.followTurn(me, "c1", turn)) {
      if (chunk.type === "text-delta") shown += chunk.delta;
    }
    expect(shown).toBe("As far as this");
    expect(await history.getTurn(me, "c1", turn)).toMatchObject({
      turn: { status: "interrupted" },
      reply: { status: "interrupted", content: "As far as this" },
    });
    expect((await history.getConversation(me, "c1")).runningTurn).toBeNull();
    await history.close();
  });

  it("keeps the numbers of messages that an older release deleted", async () => {
    await using database = await createDatabase({ contents: "empty" });
    const me = newUser();
    await makeVersion(database, 11, me);
    const owner = ownerId(me);
    await database.pool.query(`
      insert into chatkeep.messages (owner_id, conversation_id, seq, id, role, parts)
        select '${owner}', 'c1', n, 'm' || n, 'user', '[{"type":"text","text":"Later"}]' from unnest(array[3, 6, 7]) n;
      update chatkeep.conversations set last_seq = 9, deleted_count = 4`);
    await migrate(database.pool);
    const { rows } = await database.pool.query<{ seq: string }>(
      "select seq from chatkeep.deleted_messages order by seq",
    );
    expect(rows.map(({ seq }) => Number(seq))).toEqual([4, 5, 8, 9]);
    const history = createHistory({ ...UNHURRIED.history, pool: database.pool });
    expect(await history.listMessages(me, "c1")).toMatchObject({
      total: 5,
      messages: [1, 2, 3, 6, 7].map((seq) => ({ seq })),
    });
    expect(
      await history.appendMessages(me, "c1", [{ role: "user", content: "More" }], { parent: "m3" }),
    ).toMatchObject([{ seq: 10, versions: { index: 2, count: 2 } }]);
    await history.close();
  });

  it("keeps the documents of an older release, with what they said before", async () => {
    await using database = await createDatabase({ contents: "empty" });
    await makeVersion(database, 10, newUser());
    await database.pool.query(`
      insert into chatkeep.books (name, passage_count, term_count) values ('book', 1, 2);
      insert into chatkeep.chapters values ('book', 'a.md', 1, 'A', 'h', 'Apples grow.');
      insert into chatkeep.passages (book, path, position, context, text) values ('book', 'a.md', 1, 'A', 'Apples grow.');
      insert into chatkeep.terms values ('book', 'appl', 1), ('book', 'grow', 1), ('book', 'a', 1);
      insert into chatkeep.chapter_versions (book, path, title, source) values ('book', 'a.md', 'A', 'Pears grow.')
    `);
    await migrate(database.pool);
    const store = createDocsStore({ pool: database.pool });
    expect(await store.documents("docs")).toMatchObject([{ path: "a.md", title: "A" }]);
    expect(await store.versions("docs", "a.md")).toMatchObject([{ source: "Pears grow." }]);
    expect(await store.search("docs", { question: "apple" })).toMatchObject([{ text: "Apples grow." }]);
    store.close();
  });

  it("finds what an older release ingested, before the docs are ingested again and after", async () => {
    await using database = await createDatabase({ contents: "empty" });
    await makeVersion(database, 20, newUser());
    const put = async (path: string, text: string) => {
      await database.pool.query("insert into chatkeep.documents values ('docs', $1, 1, 'A', 'h', $2)", [
        path,
        text,
      ]);
      await database.pool.query(
        "insert into chatkeep.passages (docs, path, position, context, text) values ('docs', $1, 1, 'A', $2)",
        [path, text],
      );
    };
    await database.pool.query("insert into chatkeep.docs values ('docs', 0, 0)");
    await put("en.md", "Backups are kept.");
    await put("fr.md", "Les crèmes brûlées.");
    await put("ru.md", "словарь");
    await database.pool.query(`
      insert into chatkeep.terms
        select 'docs', w.lexeme, count(*) from chatkeep.passages p, unnest(p.search) w group by w.lexeme;
      update chatkeep.docs set passage_count = 3,
        term_count = (select sum(length(p.search)) from chatkeep.passages p)`);
    await migrate(database.pool);
    const store = createDocsStore({ pool: database.pool });
    const find = async (question: string) =>
      (await store.search("docs", { question })).map(({ path }) => path);
    const questions = ["backup", "bakcups", "cremes", "Brûlées", "словарь"];
    const answers = [["en.md"], ["en.md"], ["fr.md"], ["fr.md"], ["ru.md"]];
    expect(await Promise.all(questions.map(find))).toEqual(answers);

    const passage = { section: null, anchor: null, context: "A" };
    const document = { position: 1, title: "A", hash: "h2", source: "" };
    await store.putDocuments("docs", [
      { ...document, path: "en.md", passages: [{ ...passage, text: "Backups are kept." }] },
      { ...document, path: "fr.md", passages: [{ ...passage, text: "Les crèmes brûlées." }] },
      { ...document, path: "ru.md", passages: [{ ...passage, text: "словарь" }] },
    ]);
    expect(await Promise.all(questions.map(find))).toEqual(answers);
    store.close();
  });

  it("checks no row again that an older release has checked: a large table is not read while nobody may use it", async () => {
    await using database = await createDatabase({ contents: "empty" });
    await makeVersion(database, 9, newUser());
    // Which no release could have written: to read it would be to refuse it.
    const unread = (table: string, write: string) =>
      database.pool.query(
        `alter table chatkeep.${table} drop constraint ${table}_id; ${write};
         alter table chatkeep.${table} add constraint ${table}_id check (id ~ '^[!-~]{1,128}$') not valid`,
      );
    await unread(
      "conversations",
      "insert into chatkeep.conversations (owner_id, id) select id, 'a b' from chatkeep.owners",
    );
    await unread("messages", "update chatkeep.messages set id = 'a b' where seq = 2");
    expect(await migrate(database.pool)).toMatchObject({ from: 9, to: RELEASE });
  });

  it("waits 2 s for a table that somebody uses, says so, and keeps nobody waiting any more", async () => {
    await using database = await createDatabase({ contents: "empty" });
    await makeVersion(database, 9, newUser());
    const backup = await startReading(database.url);
    const pool = createPool(database.url, { statementTimeout: 5000 });
    await expect(migrate(pool)).rejects.toMatchObject({ code: "55P03" });
    expect(await waiting(database.pool)).toEqual([]);
    await backup.end();
    expect(await migrate(pool)).toMatchObject({ from: 9, to: RELEASE });
    await pool.end();
  });

  it("takes longer than a statement of a request may, and so does whoever waits for it", async () => {
    await using database = await createDatabase({ contents: "empty" });
    await makeVersion(database, 9, newUser());
    const backup = await startReading(database.url);
    const pool = createPool(database.url, { statementTimeout: 1000 });
    const migrated = Promise.all([migrate(pool), migrate(pool)]);
    await expect.poll(() => waiting(database.pool)).toHaveLength(2);
    // The time of a request's statement is over.
    await expect(pool.query("select from chatkeep.messages")).rejects.toThrow("Query read timeout");
    await backup.end();
    expect((await migrated).map(({ from }) => from).toSorted((a, b) => a - b)).toEqual([9, RELEASE]);
    await pool.end();
  });

  it("brings functions that changed without a migration, beside those that other nodes still call", async () => {
    await using database = await createDatabase();
    const functions = releaseSchema("chatkeep");
    await database.pool.query(`alter schema ${functions} rename to ${functions}_before`);
    expect(await migrate(database.pool)).toEqual({ from: RELEASE, to: RELEASE, security: "roles" });
    const { rows } = await database.pool.query<{ name: string }>(
      "select nspname as name from pg_namespace where nspname ~ '^chatkeep_v[0-9]' order by 1",
    );
    expect(rows.map(({ name }) => name)).toEqual([functions, `${functions}_before`]);
    await using history = createHistory({ ...UNHURRIED.history, pool: database.pool });
    expect((await history.createConversation(newUser())).created).toBe(true);
  });

  it("keeps two schemas of one database apart", async () => {
    await using database = await createDatabase();
    await migrate(database.pool, { schema: "other_chats" });
    const me = newUser();
    const [first, second] = [
      createHistory({ ...UNHURRIED.history, pool: database.pool }),
      createHistory({ ...UNHURRIED.history, pool: database.pool, schema: "other_chats" }),
    ];
    await first.createConversation(me, { id: "c1", title: "Here" });
    expect((await second.listConversations(me)).total).toBe(0);
    expect((await second.createConversation(me, { id: "c1", title: "There" })).created).toBe(true);
    expect((await first.getConversation(me, "c1")).title).toBe("Here");
    await Promise.all([first.close(), second.close()]);
  });

  it.each(["Chatkeep", "a b", 'x"; drop schema public; --', "", "1a"])(
    "takes no schema name that would have to be quoted: %j",
    async (schema) => {
      await using database = await createDatabase({ contents: "empty" });
      await expect(migrate(database.pool, { schema })).rejects.toThrow(TypeError);
    },
  );

  it("tells a role without the right to create a schema what to do", async () => {
    await using database = await createDatabase({ contents: "empty" });
    await using login = await createLogin(database);
    const pool = createPool(login.url, UNHURRIED.pool);
    const error: unknown = await migrate(pool).catch((thrown: unknown) => thrown);
    await pool.end();
    expect(error).toBeInstanceOf(MigrationError);
    expect((error as Error).message).toContain("role that owns the database");
  });

  it("forces row-level security on the migrating role where it may not create roles", async () => {
    await using database = await createDatabase({ contents: "empty" });
    await using login = await createLogin(database);
    await database.pool.query(`grant create on database ${database.name} to ${login.name}`);
    const pool = createPool(login.url, UNHURRIED.pool);
    expect(await migrate(pool)).toEqual({ from: 0, to: RELEASE, security: "forced" });
    expect(await migrate(pool)).toEqual({ from: RELEASE, to: RELEASE, security: "forced" });
    const me = newUser();
    const history = createHistory({ ...UNHURRIED.history, pool });
    await history.createConversation(me, { id: "c1" });
    const { rows } = await pool.query("select count(*)::int as visible from chatkeep.conversations");
    expect(rows).toEqual([{ visible: 0 }]);
    expect((await history.listConversations(me)).total).toBe(1);
    await history.close();
    await pool.end();
  });

  it("gives those who log in the functions and no table", async () => {
    await using database = await createDatabase();
    await using login = await createLogin(database);
    await migrate(database.pool, { grantTo: [login.name] });
    const pool = createPool(login.url, UNHURRIED.pool);
    const history = createHistory({ ...UNHURRIED.history, pool });
    const me = newUser();
    await history.createConversation(me, { id: "c1" });
    expect((await history.getConversation(me, "c1")).id).toBe("c1");
    for (const table of [
      "owners",
      "conversations",
      "messages",
      "turns",
      "running_turns",
      "turn_events",
      "nodes",
      "migrations",
    ]) {
      await expect(pool.query(`select from chatkeep.${table}`)).rejects.toMatchObject({ code: "42501" });
    }
    await history.close();
    await pool.end();
  });
});

describe("createPool", () => {
  it.each([
    ["postgres://", (url: URL) => url],
    ["postgresql://", (url: URL) => new URL(url.href.replace(/^postgres:/, "postgresql:"))],
    ["sslmode=disable", (url: URL) => withParameters(url, { sslmode: "disable" })],
    ["sslmode=prefer to this machine", (url: URL) => withParameters(url, { sslmode: "prefer" })],
    [
      "channel_binding=prefer",
      (url: URL) => withParameters(url, { sslmode: "disable", channel_binding: "prefer" }),
    ],
  ])("takes a URL with %s", async (_what, form) => {
    await using database = await createDatabase({ contents: "empty" });
    const pool = createPool(form(new URL(database.url)).href);
    expect((await pool.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    await pool.end();
  });

  it.each(["no url", "mysql://localhost/x", ""])("refuses %j with a sentence", (url) => {
    expect(() => createPool(url)).toThrow(TypeError);
    expect(() => createPool(url)).toThrow(/postgres:\/\//);
  });
});

/** Somebody who reads all messages in a transaction that goes on, as a backup does. */
async function startReading(url: string): Promise<Awaited<ReturnType<typeof openConnection>>> {
  const backup = await openConnection(url);
  await backup.query("begin");
  await backup.query("select from chatkeep.messages");
  return backup;
}

/** The locks of a database that somebody waits for. */
async function waiting(pool: ConnectionPool): Promise<unknown[]> {
  const { rows } = await pool.query({
    text: "select from pg_locks l join pg_database d on d.oid = l.database where d.datname = current_database() and not l.granted",
  });
  return rows;
}

/** A process that is ready to migrate; the function tells it to, and gives what it printed. */
async function startProcess(url: string): Promise<() => Promise<Migrated>> {
  const child: ChildProcess = spawn(process.execPath, ["--conditions=@chatkeep/source", SCRIPT, url], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const exited = once(child, "exit");
  expect((await lines.next()).value).toBe("ready");
  return async () => {
    child.stdin!.write("go\n");
    const { value } = await lines.next();
    expect((await exited)[0]).toBe(0);
    return JSON.parse(String(value)) as Migrated;
  };
}

function withParameters(url: URL, parameters: Record<string, string>): URL {
  const changed = new URL(url);
  for (const [name, value] of Object.entries(parameters)) changed.searchParams.set(name, value);
  return changed;
}
