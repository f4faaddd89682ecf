import { createPool, migrate, checkIsolation } from "@chatkeep/core";
import {
  UNHURRIED,
  type Database,
  PGVECTOR_SETTINGS,
  type Postgres,
  createDatabase,
  createScriptedResponder,
  hasPgvector,
  meaningOf,
  startPostgres,
} from "@chatkeep/testing";
import type { PoolClient } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type CoreFixture, createLogin, newUser, openFixture } from "./fixture.ts";
import {
  type Victim,
  dropPolicies,
  dropPredicates,
  intrude,
  makeVictim,
  ownerFunctions,
  undone,
} from "./intruder.ts";

/** The functions of an owner that touch vectors; without pgvector they do nothing. */
const NAMES = ["near_messages", "postpone_message_vectors", "put_message_vectors"];

describe.runIf(hasPgvector()).each(["roles", "forced"] as const)(
  "vectors, with row-level security by %s",
  (security) => {
    let postgres: Postgres;
    let database: Database;
    let login: Awaited<ReturnType<typeof createLogin>>;
    let fixture: CoreFixture;
    let victim: Victim;
    let client: PoolClient;

    beforeAll(async () => {
      postgres = await startPostgres({ settings: { ...PGVECTOR_SETTINGS, fsync: "off" } });
      database = await createDatabase({ server: postgres.url("postgres"), contents: "empty" });
      login = await createLogin(database);
      if (security === "roles") await migrate(database.pool, { grantTo: [login.name], vectors: true });
      else {
        // A login that may not create the extension; its operator put it where hosts put extensions.
        await database.pool.query("create schema extensions");
        await database.pool.query("create extension vector with schema extensions");
        await database.pool.query(`grant usage on schema extensions to ${login.name}`);
        await database.pool.query(`grant create on database ${database.name} to ${login.name}`);
        const pool = createPool(login.url, UNHURRIED.pool);
        const migrated = await migrate(pool, { vectors: true });
        if (migrated.security !== security) throw new Error(`Row-level security is by ${migrated.security}.`);
        await pool.end();
      }
      const responder = createScriptedResponder();
      const embed = (texts: readonly string[]): Promise<number[][]> =>
        Promise.resolve(texts.map((text) => meaningOf(text)));
      fixture = openFixture(
        login.url,
        newUser,
        { lease: 600_000, embedding: { model: "own", embed } },
        responder,
      );
      victim = await makeVictim(fixture.history, responder, database.pool, newUser());
      await fixture.history.indexBacklog();
      client = await database.pool.connect();
    });
    afterAll(async () => {
      client.release();
      await fixture.close();
      await postgres.remove();
    });

    /** Which functions see or change the victim's vectors, after `prepare` opened one lock or both. */
    const leaks = (prepare: (on: PoolClient) => Promise<unknown>): Promise<string[]> =>
      undone(client, async () => {
        await prepare(client);
        const leaking: string[] = [];
        for (const fn of await ownerFunctions(database.pool)) {
          if (!NAMES.includes(fn.name)) continue;
          const { seen, changed, refusal } = await intrude(client, fn, victim);
          expect([fn.name, refusal]).toEqual([fn.name, undefined]);
          if (seen || changed) leaking.push(fn.name);
        }
        return leaking;
      });

    it("either lock alone keeps them from another owner; with both open the same calls leak", async () => {
      const { rows } = await database.pool.query(
        "select count(*)::int as embedded from chatkeep.message_vectors where owner_id = $1 and embedding is not null",
        [victim.owner],
      );
      expect(rows).toEqual([{ embedded: 3 }]);
      expect(await leaks(() => Promise.resolve())).toEqual([]);
      expect(await leaks(dropPredicates)).toEqual([]);
      expect(await leaks(dropPolicies)).toEqual([]);
      const both = await leaks(async (on) => {
        await dropPolicies(on);
        await dropPredicates(on);
      });
      expect(both).toEqual(NAMES);
    });

    it("whoever logs in sees no vector, and the check at the start finds nothing wrong", async () => {
      const pool = createPool(login.url, { ...UNHURRIED.pool, max: 1 });
      const outcome = await pool.query("select from chatkeep.message_vectors").then(
        ({ rowCount }) => `${rowCount} rows`,
        ({ code }: { code: string }) => code,
      );
      expect(outcome).toBe(security === "roles" ? "42501" : "0 rows");
      const connection = await pool.connect();
      expect(await checkIsolation(connection)).toEqual({ faults: [], warnings: [] });
      connection.release();
      await pool.end();
    });
  },
);
