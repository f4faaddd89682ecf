import { RELEASE, migrate, releaseSchema, requireIsolation } from "@chatkeep/core";
import { type Database, createDatabase } from "@chatkeep/testing";
import { describe, expect, it } from "vitest";

import { rolesOf } from "./fixture.ts";
import { SERVERS, createRole, own, sentence, serves, shareServers } from "./logins.ts";

const openEmpty = shareServers();

describe.each(SERVERS)("on PostgreSQL %s", (program) => {
  const open = (): Promise<Database> => openEmpty(program);

  it("the owner that a platform gives, who may read and write all data, migrates and serves, with one warning", async () => {
    await using database = await open();
    await using owner = await createRole(
      database,
      "createrole createdb in role pg_read_all_data, pg_write_all_data",
    );
    await own(database, owner);
    expect(await migrate(owner.pool)).toEqual({ from: 0, to: RELEASE, security: "roles" });
    expect(await requireIsolation(owner.pool)).toEqual([
      `"${owner.name}" may read all rows of all tables (pg_read_all_data and pg_write_all_data): keep its password as secret as the data, or serve as a login without that right ("chatkeep grant LOGIN").`,
    ]);
    expect(await serves(owner.pool)).toBe(true);
  });

  it("who migrates acts as the roles while it does, and not afterwards", async () => {
    await using database = await open();
    await using owner = await createRole(database, "createrole");
    await own(database, owner);
    await migrate(owner.pool);
    const { store, engine } = await rolesOf(database);
    for (const role of [store, engine])
      await expect(owner.pool.query(`set role ${role}`)).rejects.toMatchObject({ code: "42501" });
    expect(await requireIsolation(owner.pool)).toEqual([]);
    // The next release.
    await database.pool.query(`alter schema ${releaseSchema("chatkeep")} rename to chatkeep_v9_00000000`);
    expect(await migrate(owner.pool)).toMatchObject({ from: RELEASE });
    await expect(owner.pool.query(`set role ${engine}`)).rejects.toMatchObject({ code: "42501" });
    expect(await serves(owner.pool)).toBe(true);
  });

  it.each(["ada@example.com", "App", "123", `o'neil "x" %s $$`])(
    "a login with the name %j migrates, serves and is granted, with roles and without",
    async (name) => {
      for (const attributes of ["createrole", "nocreaterole"]) {
        await using database = await open();
        await using owner = await createRole(database, attributes, name);
        await own(database, owner);
        const security = attributes === "createrole" ? "roles" : "forced";
        expect(await migrate(owner.pool)).toEqual({ from: 0, to: RELEASE, security });
        expect(await requireIsolation(owner.pool)).toEqual([]);
        expect(await serves(owner.pool)).toBe(true);
        await using limited = await createRole(database, "", `${name}2`);
        await migrate(owner.pool, { grantTo: [limited.name] });
        expect(await serves(limited.pool)).toBe(true);
      }
    },
  );
});

it("two installs of one server have roles of their own: who made the first cannot act as the second's", async () => {
  await using first = await createDatabase({ contents: "empty" });
  await using second = await createDatabase({ contents: "empty" });
  await using login = await createRole(first, "createrole");
  await own(first, login);
  await migrate(login.pool);
  await migrate(second.pool);
  const { engine, store } = await rolesOf(second);
  expect(engine).not.toBe((await rolesOf(first)).engine);
  for (const role of [engine, store]) {
    await expect(login.pool.query(`set role ${role}`)).rejects.toMatchObject({ code: "42501" });
    await expect(login.pool.query(`grant ${role} to current_user`)).rejects.toMatchObject({ code: "42501" });
  }
});

it("a login of another database that may act as our roles is told of, with the statement that ends it", async () => {
  await using database = await createDatabase();
  await using stranger = await createRole(database, "");
  const { engine } = await rolesOf(database);
  await database.pool.query(`grant ${engine} to ${stranger.name}`);
  expect(await requireIsolation(database.pool)).toEqual([
    `"${stranger.name}" may act as "${engine}", which reads all rows, though it may create nothing in this database: "revoke ${engine} from ${stranger.name}".`,
  ]);
  await database.pool.query(`revoke ${engine} from ${stranger.name}`);
  expect(await requireIsolation(database.pool)).toEqual([]);
});

describe("a login that serves what another migrates", () => {
  it("is told whom to ask for it, and needs to be granted once, for later releases too", async () => {
    await using database = await createDatabase({ contents: "empty" });
    await using owner = await createRole(database, "createrole", "owner");
    await own(database, owner);
    await using login = await createRole(database, "", "app");
    expect(await sentence(migrate(login.pool))).toContain(
      `Run "chatkeep migrate" with a role that owns the database, then "chatkeep grant ${login.name}"`,
    );
    await migrate(owner.pool);
    expect(await sentence(migrate(login.pool))).toContain(
      `Run "chatkeep grant ${login.name}" as "${owner.name}"`,
    );
    await migrate(owner.pool, { grantTo: [login.name] });
    expect(await migrate(login.pool)).toMatchObject({ from: RELEASE, to: RELEASE });
    expect(await requireIsolation(login.pool)).toEqual([]);
    expect(await serves(login.pool)).toBe(true);

    await database.pool.query(`alter schema ${releaseSchema("chatkeep")} rename to chatkeep_v9_00000000`);
    expect(await sentence(migrate(login.pool))).toContain(`Run "chatkeep migrate" as "${owner.name}"`);
    await migrate(owner.pool);
    expect(await serves(login.pool)).toBe(true);
  });

  it("may call the functions of every release that is there", async () => {
    await using database = await createDatabase();
    await database.pool.query(`alter schema ${releaseSchema("chatkeep")} rename to chatkeep_v9_00000000`);
    await migrate(database.pool);
    await using login = await createRole(database, "");
    await migrate(database.pool, { grantTo: [login.name] });
    for (const functions of [releaseSchema("chatkeep"), "chatkeep_v9_00000000"])
      expect((await login.pool.query(`select ${functions}.register_release()`)).rows).toHaveLength(1);
  });

  it("has to be there", async () => {
    await using database = await createDatabase();
    expect(await sentence(migrate(database.pool, { grantTo: ["nobody_here"] }))).toContain(
      'There is no login "nobody_here"',
    );
  });
});
