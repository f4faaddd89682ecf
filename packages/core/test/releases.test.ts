import { MigrationError, RELEASE, createHistory, createPool, migrate, releaseSchema } from "@chatkeep/core";
import { type Database, UNHURRIED, createDatabase } from "@chatkeep/testing";
import { describe, expect, it, onTestFinished, vi } from "vitest";

import { createLogin, newUser } from "./fixture.ts";
import { dumpSchema } from "./schema.ts";
import { makeVersion } from "./versions.ts";

const OURS = releaseSchema("chatkeep");
const DAY = 86_400_000;

/** Another release beside ours: the same functions under the name of a schema of its own. */
async function addRelease(database: Database, name: string): Promise<void> {
  await database.pool.query(`alter schema ${OURS} rename to ${name}`);
  await database.pool.query(`update chatkeep.releases set functions = $1`, [name]);
  await migrate(database.pool);
}

/** A migration of a newer release. */
async function addMigration(database: Database, breaking: boolean): Promise<void> {
  await database.pool.query(
    `insert into chatkeep.migrations (version, name, breaking) values (${RELEASE + 1}, 'x', ${breaking})`,
  );
}

async function releasesOf(database: Database): Promise<string[]> {
  const { rows } = await database.pool.query<{ name: string }>(
    "select nspname as name from pg_namespace where nspname ~ '^chatkeep_v[0-9]' order by 1",
  );
  return rows.map(({ name }) => name);
}

const registeredAt = async (database: Database): Promise<unknown> =>
  (await database.pool.query("select used_at from chatkeep.releases where functions = $1", [OURS])).rows;

const forget = (database: Database): Promise<unknown> =>
  database.pool.query("update chatkeep.releases set used_at = used_at - interval '2 days'");

describe("the functions of a release", () => {
  it("stay while a node uses them, and are dropped by another release's janitor a day later", async () => {
    await using database = await createDatabase();
    await addRelease(database, "chatkeep_v9_00000000");
    await using history = createHistory({ ...UNHURRIED.history, pool: database.pool });
    await history.purge();
    expect(await releasesOf(database)).toEqual([OURS, "chatkeep_v9_00000000"].toSorted());

    await forget(database);
    await history.purge({ releaseGrace: 3 * DAY });
    expect(await releasesOf(database)).toHaveLength(2);
    await history.purge();
    expect(await releasesOf(database)).toEqual([OURS]);
    expect((await history.createConversation(newUser())).created).toBe(true);
  });

  it("are dropped by a login that may only call functions", async () => {
    await using database = await createDatabase();
    await using login = await createLogin(database);
    await addRelease(database, "chatkeep_v9_00000000");
    await migrate(database.pool, { grantTo: [login.name] });
    await forget(database);
    const pool = createPool(login.url, UNHURRIED.pool);
    const history = createHistory({ ...UNHURRIED.history, pool });
    await history.purge();
    expect(await releasesOf(database)).toEqual([OURS]);
    await history.close();
    await pool.end();
  });

  it("are not dropped while somebody migrates", async () => {
    await using database = await createDatabase();
    await addRelease(database, "chatkeep_v9_00000000");
    await forget(database);
    const migrating = await database.pool.connect();
    await migrating.query("begin; select pg_advisory_xact_lock(1667785076)");
    await using history = createHistory({ ...UNHURRIED.history, pool: database.pool });
    await history.purge();
    expect(await releasesOf(database)).toHaveLength(2);
    await migrating.query("rollback");
    migrating.release();
    await history.purge();
    expect(await releasesOf(database)).toEqual([OURS]);
  });

  it("that an earlier version left are dropped a day after the migration", async () => {
    await using database = await createDatabase({ contents: "empty" });
    await makeVersion(database, 10, newUser());
    await database.pool.query("create schema chatkeep_v10_0123abcd authorization chatkeep_engine");
    await migrate(database.pool);
    await using history = createHistory({ ...UNHURRIED.history, pool: database.pool });
    await history.purge();
    expect(await releasesOf(database)).toHaveLength(2);
    await forget(database);
    await history.purge();
    expect(await releasesOf(database)).toEqual([OURS]);
  });

  it("are registered by a migration that finds nothing to do, by a node, and by calls once an hour", async () => {
    await using database = await createDatabase();
    const registered = async (work: () => Promise<unknown>): Promise<boolean> => {
      await forget(database);
      const before = await registeredAt(database);
      await work();
      await expect.poll(() => registeredAt(database)).not.toEqual(before);
      return true;
    };
    expect(await registered(() => migrate(database.pool))).toBe(true);
    await using history = createHistory({
      ...UNHURRIED.history,
      pool: database.pool,
      async *responder() {
        yield "Hello.";
      },
    });
    const me = newUser();
    const { conversation } = await history.createConversation(me);
    expect(await registered(() => history.startTurn(me, conversation.id, { content: "Hi" }))).toBe(true);
    onTestFinished(() => void vi.restoreAllMocks());
    const now = performance.now.bind(performance);
    const readLater = (): Promise<unknown> => {
      // Only now: the node asks things of its own, and its first call after the hour is the one that registers. The clock
      // goes on: in one that stands still no probe has an answer in time, and who is taken for down registers nothing.
      vi.spyOn(performance, "now").mockImplementation(() => now() + 3_700_000);
      return history.getConversation(me, conversation.id);
    };
    expect(await registered(readLater)).toBe(true);
  });
});

describe("a release beside a newer one", () => {
  it("goes on with functions of its own", async () => {
    await using database = await createDatabase();
    await addMigration(database, false);
    expect(await migrate(database.pool)).toMatchObject({ from: RELEASE + 1, to: RELEASE + 1 });
    await using history = createHistory({ ...UNHURRIED.history, pool: database.pool });
    expect((await history.createConversation(newUser())).created).toBe(true);
  });

  it("makes its functions again where they were dropped", async () => {
    await using database = await createDatabase();
    await addRelease(database, "chatkeep_v99_00000000");
    await addMigration(database, false);
    await database.pool.query(`drop schema ${OURS} cascade`);
    expect(await migrate(database.pool)).toMatchObject({ to: RELEASE + 1 });
    expect(await releasesOf(database)).toContain(OURS);
    await using history = createHistory({ ...UNHURRIED.history, pool: database.pool });
    expect((await history.createConversation(newUser())).created).toBe(true);
  });

  it("refuses with a sentence after a breaking migration, and touches nothing", async () => {
    await using database = await createDatabase();
    await addMigration(database, true);
    const schema = await dumpSchema(database.pool);
    const error: unknown = await migrate(database.pool).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MigrationError);
    expect((error as Error).message).toContain(`is at version ${RELEASE + 1}`);
    expect((error as Error).message).toContain(`none after ${RELEASE}`);
    expect(await dumpSchema(database.pool)).toBe(schema);
  });
});
