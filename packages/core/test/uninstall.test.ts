import {
  MigrationError,
  RELEASE,
  checkInstall,
  migrate,
  planUninstall,
  releaseSchema,
  requireIsolation,
  uninstall,
} from "@chatkeep/core";
import { type Database, createDatabase } from "@chatkeep/testing";
import { describe, expect, it } from "vitest";

import { newUser, rolesOf } from "./fixture.ts";
import { SERVERS, createRole, own, sentence, serves, shareServers } from "./logins.ts";
import { makeVersion } from "./versions.ts";

/** Of these roles those that are there, and the schemas of the database. */
async function left(database: Database, roles: readonly string[]): Promise<unknown> {
  const { rows } = await database.pool.query(
    `select coalesce(json_agg(name order by name), '[]') as left from (
       select nspname as name from pg_namespace where nspname like 'chatkeep%'
       union all select rolname from pg_roles where rolname = any ($1)
     ) t`,
    [roles],
  );
  return (rows[0] as { left: unknown }).left;
}

const FUNCTIONS = releaseSchema("chatkeep");
const openEmpty = shareServers();

describe.each(SERVERS)("on PostgreSQL %s, uninstall", (program) => {
  it("leaves nothing of an install, by the login that made it", async () => {
    await using database = await openEmpty(program);
    await using owner = await createRole(database, "createrole");
    await own(database, owner);
    await migrate(owner.pool);
    expect(await serves(owner.pool)).toBe(true);
    const { store, engine } = await rolesOf(database);
    const plan = await planUninstall(owner.pool);
    expect(plan).toMatchObject({
      schemas: ["chatkeep", FUNCTIONS, "chatkeep_views"],
      roles: [engine, store],
      dependents: [],
    });
    expect(await left(database, [store, engine])).toHaveLength(5);
    expect(await uninstall(owner.pool)).toMatchObject({
      schemas: plan.schemas,
      roles: plan.roles,
      keptRoles: [],
    });
    expect(await left(database, [store, engine])).toEqual([]);
    expect(await uninstall(owner.pool)).toMatchObject({ schemas: [], roles: [] });
    expect(await migrate(owner.pool)).toMatchObject({ from: 0, to: RELEASE });
  });

  it("leaves nothing where the server gives no roles", async () => {
    await using database = await openEmpty(program);
    await using owner = await createRole(database, "nocreaterole");
    await own(database, owner);
    expect(await migrate(owner.pool)).toMatchObject({ security: "forced" });
    expect(await uninstall(owner.pool)).toMatchObject({
      schemas: ["chatkeep", FUNCTIONS, "chatkeep_views"],
      roles: [],
    });
    expect(await left(database, [])).toEqual([]);
  });
});

describe("uninstall", () => {
  it("removes an old install, and keeps the roles that another database uses", async () => {
    await using database = await createDatabase({ contents: "empty" });
    await using other = await createDatabase({ contents: "empty" });
    for (const each of [database, other]) await makeVersion(each, 9, newUser());
    expect(await uninstall(database.pool)).toMatchObject({
      schemas: ["chatkeep"],
      roles: [],
      keptRoles: ["chatkeep_engine", "chatkeep_store"],
    });
    expect(await left(database, [])).toEqual([]);
  });

  it("names what other schemas lose, and keeps their tables", async () => {
    await using database = await createDatabase();
    await database.pool.query(`
      create table public.notes (owner_id uuid, conversation_id text collate "C", text text,
        constraint notes_conversation foreign key (owner_id, conversation_id) references chatkeep.conversations (owner_id, id));
      create view public.recent as select id from chatkeep.conversations`);
    const dependents = ["the foreign key notes_conversation of public.notes", "the view public.recent"];
    expect(await planUninstall(database.pool)).toMatchObject({ dependents });
    await uninstall(database.pool);
    const { rows } = await database.pool.query(
      "select to_regclass('public.notes') is not null as notes, to_regclass('public.recent') as recent",
    );
    expect(rows).toEqual([{ notes: true, recent: null }]);
  });

  it("refuses a schema with somebody else's tables", async () => {
    await using database = await createDatabase();
    await database.pool.query("create table chatkeep.invoices ()");
    expect(await sentence(uninstall(database.pool))).toBe(
      'The schema "chatkeep" holds tables that Chatkeep did not create (invoices). Move them to another schema first, or drop the schema yourself.',
    );
  });

  it("says who may, to a login that may not, and removes nothing", async () => {
    await using database = await createDatabase();
    await using login = await createRole(database, "");
    await migrate(database.pool, { grantTo: [login.name] });
    expect(await sentence(uninstall(login.pool))).toMatch(
      new RegExp(
        `^"${login.name}" may not remove the schema "chatkeep"\\. Run "chatkeep uninstall" as a superuser`,
      ),
    );
    expect(await serves(login.pool)).toBe(true);
  });

  it("waits 2 s for a table in use, and then removes nothing", async () => {
    await using database = await createDatabase();
    const reader = await database.pool.connect();
    await reader.query("begin; select from chatkeep.messages");
    await expect(uninstall(database.pool)).rejects.toMatchObject({ code: "55P03" });
    await reader.query("rollback");
    reader.release();
    expect(await serves(database.pool)).toBe(true);
  });
});

describe("after half of it was removed by hand", () => {
  /** A migrated database of which `statement` removed a part; and its roles. */
  const openPart = async (statement: string): Promise<Database & { readonly roles: string[] }> => {
    const database = await createDatabase({ contents: "empty" });
    await migrate(database.pool);
    const { store, engine } = await rolesOf(database);
    await database.pool.query(statement);
    return { ...database, roles: [store, engine] };
  };
  const works = async ({ pool }: Database): Promise<void> => {
    await migrate(pool);
    expect(await checkInstall(pool)).toEqual([]);
    expect(await requireIsolation(pool)).toEqual([]);
    expect(await serves(pool)).toBe(true);
  };

  it.each([
    ["the functions", `drop schema ${FUNCTIONS} cascade`],
    ["the functions and the tables", `drop schema ${FUNCTIONS}, chatkeep cascade`],
    ["all but the roles", `drop schema ${FUNCTIONS}, chatkeep, chatkeep_views cascade`],
  ])("%s: migrate makes them again", async (_, statement) => {
    await using database = await openPart(statement);
    expect(await checkInstall(database.pool)).toEqual([]);
    await works(database);
  });

  it.each([
    [
      "the tables",
      "drop schema chatkeep cascade",
      /^The tables of "chatkeep" are gone, and the functions that use them are still there \("chatkeep_v\d+_\w+"\)/,
    ],
    [
      "some functions",
      `drop function ${FUNCTIONS}.get_turn, ${FUNCTIONS}.get_message`,
      /^The functions of this release in "chatkeep_v\w+" are missing .*get_message, get_turn\)/,
    ],
    [
      "an index",
      "drop index chatkeep.conversations_active",
      /it lacks index conversations_active of conversations\./,
    ],
    ["a policy", "drop policy engine on chatkeep.messages", /it lacks policy engine of messages\./],
  ])("%s: migrate and the check say one sentence, and repair mends it", async (_, statement, fault) => {
    await using database = await openPart(statement);
    const told = await sentence(migrate(database.pool));
    expect(told).toMatch(fault);
    expect(told).toMatch(/Run "chatkeep migrate --repair" to mend it, or "chatkeep uninstall"/);
    expect(await checkInstall(database.pool)).toEqual([told]);
    await migrate(database.pool, { repair: true });
    await works(database);
  });

  it.each([
    ["the tables", "drop schema chatkeep cascade", /are gone/],
    ["an index", "drop index chatkeep.conversations_active", /lacks index/],
    [
      "the list of migrations",
      "drop table chatkeep.migrations cascade",
      /has Chatkeep's tables, but not its list of migrations/,
    ],
    [
      "a table",
      "drop table chatkeep.turn_contexts",
      /^The schema "chatkeep" lacks tables \(turn_contexts\)\. Restore all of its schemas from a backup\.$/,
    ],
  ])(
    "%s: migrate and the check say one sentence, and uninstall removes the rest",
    async (_, statement, fault) => {
      await using database = await openPart(statement);
      const told = await sentence(migrate(database.pool));
      expect(told).toMatch(fault);
      expect(await checkInstall(database.pool)).toEqual([told]);
      await uninstall(database.pool);
      expect(await left(database, database.roles)).toEqual([]);
    },
  );

  it("the roles that nothing uses any more are found by what is said of them", async () => {
    await using database = await createDatabase({ contents: "empty" });
    await using other = await createDatabase({ contents: "empty" });
    await migrate(database.pool);
    await migrate(other.pool);
    const { store, engine } = await rolesOf(database);
    await database.pool.query(`drop schema chatkeep, chatkeep_views, ${FUNCTIONS} cascade`);
    expect(await uninstall(other.pool)).toMatchObject({ schemas: ["chatkeep", FUNCTIONS, "chatkeep_views"] });
    expect(await left(database, [store, engine])).toEqual([engine, store]);
    expect(await uninstall(database.pool)).toMatchObject({ schemas: [], roles: [engine, store] });
    expect(await left(database, [store, engine])).toEqual([]);
  });
});

it("a schema of the same name that somebody else filled is left alone, and so is an empty one that somebody made", async () => {
  await using database = await createDatabase({ contents: "empty" });
  await database.pool.query("create schema chatkeep; create table chatkeep.messages (id integer)");
  const told = await sentence(migrate(database.pool));
  expect(told).toBe(
    'The schema "chatkeep" holds tables that Chatkeep did not create (messages). Use another schema: set CHATKEEP_SCHEMA to a free name.',
  );
  expect(await checkInstall(database.pool)).toEqual([told]);
  await expect(uninstall(database.pool)).rejects.toThrow(MigrationError);
  await database.pool.query("drop table chatkeep.messages");
  await migrate(database.pool);
  expect(await serves(database.pool)).toBe(true);
});
