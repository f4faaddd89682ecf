import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  RELEASE,
  checkInstall,
  createHistory,
  migrate,
  releaseSchema,
  requireIsolation,
  uninstall,
} from "@chatkeep/core";
import { type Database, UNHURRIED, hasPgDump, pgDump, pgRestore } from "@chatkeep/testing";
import { describe, expect, it } from "vitest";

import { newUser, rolesOf } from "./fixture.ts";
import { type Login, SERVERS, createRole, own, sentence, shareServers } from "./logins.ts";

const ME = newUser();
const openEmpty = shareServers();

/** Two conversations, one of them with a fork. */
async function fill(pool: Login["pool"]): Promise<void> {
  const history = createHistory({ ...UNHURRIED.history, pool });
  await history.createConversation(ME, { id: "c1", title: "Mine" });
  await history.appendMessages(ME, "c1", [
    { id: "m1", role: "user", content: "Hello" },
    { id: "m2", role: "assistant", content: "Hi." },
  ]);
  await history.appendMessages(ME, "c1", [{ id: "m3", role: "user", content: "Hello!" }], { parent: null });
  await history.createConversation(ME, { id: "c2" });
  await history.close();
}

/** What {@link fill} wrote, read through the functions; and that they still write. */
async function holdsAll(pool: Login["pool"]): Promise<void> {
  const history = createHistory({ ...UNHURRIED.history, pool });
  try {
    expect((await history.listConversations(ME)).total).toBe(2);
    expect((await history.listMessages(ME, "c1")).messages).toMatchObject([
      { id: "m3", versions: { index: 2, count: 2 } },
    ]);
    expect((await history.listMessages(ME, "c1", { leaf: "m2" })).messages).toMatchObject([
      { id: "m1" },
      { id: "m2" },
    ]);
    expect((await history.searchMessages(ME, { text: "hello" })).hits).toHaveLength(2);
    expect(await history.appendMessages(ME, "c1", [{ role: "user", content: "More" }])).toMatchObject([
      { seq: 4 },
    ]);
  } finally {
    await history.close();
  }
}

/** An archive file that is gone after the test. */
function archive(name: string): Disposable & { readonly file: string } {
  const file = join(tmpdir(), `ck-${name}-${process.pid}-${performance.now()}.dump`);
  return { file, [Symbol.dispose]: () => rmSync(file, { force: true }) };
}

const urlFor = (database: Database, login: Login): string => {
  const url = new URL(database.url);
  url.username = encodeURIComponent(login.name);
  url.password = "secret";
  return url.href;
};

describe.runIf(hasPgDump).each(SERVERS)("on PostgreSQL %s", (program) => {
  it("the owner of the database backs it up whole once it was let, and is told how", async () => {
    await using database = await openEmpty(program);
    await using owner = await createRole(database, "createrole");
    await own(database, owner);
    await migrate(owner.pool);
    await fill(owner.pool);
    using whole = archive("whole");
    const refused = await pgDump(urlFor(database, owner), whole.file, ["--enable-row-security"]);
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("permission denied") as string,
    });

    await migrate(owner.pool, { backupTo: [owner.name] });
    expect(await requireIsolation(owner.pool)).toEqual([
      `"${owner.name}" may read all rows, to back them up: serve as another login ("chatkeep grant LOGIN").`,
    ]);
    await expect(owner.pool.query("delete from chatkeep.messages")).rejects.toMatchObject({ code: "42501" });
    expect(await pgDump(urlFor(database, owner), whole.file, ["--enable-row-security"])).toEqual({
      code: 0,
      stderr: "",
    });

    // The roles are there still: it comes back as it was.
    await database.pool.query(`drop schema chatkeep, ${releaseSchema("chatkeep")} cascade`);
    await pgRestore(database.url, whole.file);
    expect(await migrate(owner.pool)).toMatchObject({ from: RELEASE });
    await holdsAll(owner.pool);
  });

  it("a login that may back up may read the tables of later releases too", async () => {
    await using database = await openEmpty(program);
    await using owner = await createRole(database, "createrole");
    await own(database, owner);
    await using backup = await createRole(database, "", "backup");
    await migrate(owner.pool, { backupTo: [backup.name] });
    const { engine } = await rolesOf(database);
    await database.pool
      .query(`create table chatkeep.later (owner_id uuid); alter table chatkeep.later owner to ${engine};
      alter table chatkeep.later enable row level security; alter schema ${releaseSchema("chatkeep")} rename to chatkeep_v9_00000000`);
    await migrate(owner.pool);
    await fill(owner.pool);
    using file = archive("later");
    expect(await pgDump(urlFor(database, backup), file.file, ["--enable-row-security"])).toEqual({
      code: 0,
      stderr: "",
    });
  });

  it("where the server gives no roles, the owner backs it up with chatkeep.engine set", async () => {
    await using database = await openEmpty(program);
    await using owner = await createRole(database, "");
    await own(database, owner);
    await migrate(owner.pool);
    await fill(owner.pool);
    const told = await sentence(migrate(owner.pool, { backupTo: [owner.name] }));
    expect(told).toContain('PGOPTIONS="-c chatkeep.engine=on" pg_dump --enable-row-security');
    using file = archive("forced");
    const url = urlFor(database, owner);
    expect((await pgDump(url, file.file)).code).toBe(1);
    const env = { PGOPTIONS: "-c chatkeep.engine=on" };
    expect(await pgDump(url, file.file, ["--enable-row-security"], env)).toEqual({ code: 0, stderr: "" });

    await using fresh = await openEmpty(program, "another");
    await using other = await createRole(fresh, "createrole", "other");
    await own(fresh, other);
    await pgRestore(urlFor(fresh, other), file.file, ["--no-owner", "--no-acl"]);
    expect(await migrate(other.pool)).toMatchObject({ from: RELEASE, security: "forced" });
    await holdsAll(other.pool);
  });

  describe("a backup restored on another server, where its roles are not", () => {
    const cases: [how: string, attributes: string, options: string[], security: string][] = [
      [
        "by a login that may create roles, without owners and rights",
        "createrole",
        ["--no-owner", "--no-acl"],
        "roles",
      ],
      ["by a login that may create roles, with errors", "createrole", [], "roles"],
      ["by a login that may not create roles", "", ["--no-owner", "--no-acl"], "forced"],
      ["by a superuser, with errors", "superuser", [], "roles"],
    ];
    it.each(cases)("%s: is told of, and mended by --repair", async (_, attributes, options, security) => {
      await using database = await openEmpty(program);
      await migrate(database.pool);
      await fill(database.pool);
      using file = archive("restored");
      expect((await pgDump(database.url, file.file)).code).toBe(0);
      await using fresh = await openEmpty(program, "another");
      await using owner = await createRole(fresh, attributes, "ada@example.com");
      await own(fresh, owner);
      await pgRestore(urlFor(fresh, owner), file.file, options);

      const told = await sentence(migrate(owner.pool));
      expect(told).toMatch(/belong to ".*" instead of a role of their own .*Run "chatkeep migrate --repair"/);
      expect(await checkInstall(owner.pool)).toEqual([told]);
      expect(await migrate(owner.pool, { repair: true })).toEqual({ from: RELEASE, to: RELEASE, security });
      expect(await requireIsolation(owner.pool)).toEqual([]);
      expect(await checkInstall(owner.pool)).toEqual([]);
      await holdsAll(owner.pool);
      await uninstall(owner.pool);
    });
  });

  it("a backup restored where its roles are, without their rights, is mended too", async () => {
    await using database = await openEmpty(program);
    await migrate(database.pool);
    await fill(database.pool);
    using file = archive("no-acl");
    await pgDump(database.url, file.file);
    await database.pool.query(`drop schema chatkeep, ${releaseSchema("chatkeep")} cascade`);
    await pgRestore(database.url, file.file, ["--no-acl"]);
    expect(await sentence(migrate(database.pool))).toMatch(/is incomplete, .*lacks the right on /);
    await migrate(database.pool, { repair: true });
    expect(await requireIsolation(database.pool)).toEqual([]);
    await holdsAll(database.pool);
  });

  it("a login that may not mend it is told who may", async () => {
    await using database = await openEmpty(program);
    await migrate(database.pool);
    await using login = await createRole(database, "createrole");
    await migrate(database.pool, { grantTo: [login.name] });
    await database.pool.query("drop index chatkeep.conversations_active");
    expect(await sentence(migrate(login.pool, { repair: true }))).toMatch(
      new RegExp(
        `^"${login.name}" may not mend the schema "chatkeep"\\. Run "chatkeep migrate --repair" as `,
      ),
    );
  });
});
