import { createHistory, createPool, releaseSchema } from "@chatkeep/core";
import { UNHURRIED, createScriptedResponder, fileDatabase } from "@chatkeep/testing";
import type { Pool } from "pg";
import { describe, expect, it } from "vitest";

import { newUser } from "./fixture.ts";

const database = await fileDatabase();

/** The statements that are prepared on the one connection of the pool. */
async function preparedOn(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    "select name from pg_prepared_statements order by name",
  );
  return rows.map(({ name }) => name);
}

const NAME = `${releaseSchema("chatkeep")}.list_conversations`;

describe("statements", () => {
  it("are prepared once under their names", async () => {
    const pool = createPool(database.url, { ...UNHURRIED.pool, max: 1 });
    const history = createHistory({ ...UNHURRIED.history, pool });
    await history.listConversations(newUser());
    await history.listConversations(newUser());
    expect(await preparedOn(pool)).toEqual([NAME]);
    await history.close();
    await pool.end();
  });

  it("have no names where that is switched off", async () => {
    const pool = createPool(database.url, { ...UNHURRIED.pool, max: 1 });
    const history = createHistory({ ...UNHURRIED.history, pool, preparedStatements: "never" });
    await history.listConversations(newUser());
    expect(await preparedOn(pool)).toEqual([]);
    await history.close();
    await pool.end();
  });

  it("go on without names, for good, when the server turns out not to keep them", async () => {
    const pool = createPool(database.url, { ...UNHURRIED.pool, max: 1 });
    const history = createHistory({ ...UNHURRIED.history, pool });
    const me = newUser();
    await history.listConversations(me);
    // What a transaction pooler does: the next transaction is on a connection that knows no names.
    await pool.query("deallocate all");
    expect((await history.listConversations(me)).total).toBe(0);
    await history.createConversation(me);
    expect((await history.listConversations(me)).total).toBe(1);
    expect(await preparedOn(pool)).toEqual([]);
    await history.close();
    await pool.end();
  });

  it("go on without names when another client took the name", async () => {
    const pool = createPool(database.url, { ...UNHURRIED.pool, max: 1 });
    await pool.query(`prepare "${NAME}" as select 1`);
    const history = createHistory({ ...UNHURRIED.history, pool });
    expect((await history.listConversations(newUser())).total).toBe(0);
    await history.close();
    await pool.end();
  });

  it("hold no connection between them", async () => {
    const pool = createPool(database.url, { ...UNHURRIED.pool, max: 1 });
    const history = createHistory({ ...UNHURRIED.history, pool });
    await history.createConversation(newUser());
    expect([pool.totalCount, pool.idleCount, pool.waitingCount]).toEqual([1, 1, 0]);
    await history.close();
    await pool.end();
  });

  it("hold none while responders think: on a pool of one, five turns run and everything else is answered", async () => {
    const pool = createPool(database.url, { ...UNHURRIED.pool, max: 1 });
    const script = createScriptedResponder();
    const history = createHistory({ ...UNHURRIED.history, pool, responder: script.responder });
    const me = newUser();
    const ids = ["1", "2", "3", "4", "5"];
    for (const id of ids) {
      await history.createConversation(me, { id });
      await history.startTurn(me, id, { content: "Hello" });
      await (await script.started(id)).emit("Half");
    }
    expect((await history.listConversations(me)).total).toBe(5);
    for (const id of ids)
      expect((await history.getConversation(me, id)).runningTurn).toEqual(expect.any(String));
    await history.close();
    await pool.end();
  });

  it("are none when a history is made, and none when it is closed unused", async () => {
    const pool = createPool(database.url, UNHURRIED.pool);
    const history = createHistory({ ...UNHURRIED.history, pool });
    await history.close();
    expect(pool.totalCount).toBe(0);
    await pool.end();
  });
});
