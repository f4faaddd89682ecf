import { createHash, randomUUID } from "node:crypto";

import { ownerId, releaseSchema } from "@chatkeep/core";
import { fileDatabase } from "@chatkeep/testing";
import { afterAll, describe, expect, it } from "vitest";

import { newUser, openFixture } from "./fixture.ts";

const database = await fileDatabase();
const { history, asRestarted, close } = openFixture(database.url, newUser);
const other = await asRestarted();
afterAll(async () => {
  await other.close();
  await close();
});

const first = (says: string, waited = 1) => ({ says, attempt: 0, waited });
const retry = (says: string) => ({ says, attempt: 1, waited: 1 });

/** As if the owner's sendings had come that many seconds ago. */
async function age(owner: ReturnType<typeof newUser>, seconds: number): Promise<void> {
  await database.pool.query(
    "update chatkeep.sendings set sent_at = sent_at - make_interval(secs => $2) where owner_id = $1",
    [ownerId(owner), seconds],
  );
}

describe("a request without an id", () => {
  it("is another each time that it is said, one after the other and at once, on any node", async () => {
    const me = newUser();
    const names = [await history.nameSending(me, first("yes")), await other.nameSending(me, first("yes"))];
    const nodes = [history, other, history, other];
    names.push(...(await Promise.all(nodes.map((node) => node.nameSending(me, first("yes"))))));
    expect(new Set(names).size).toBe(6);
  });

  it("keeps its name when it is sent again, on another node too", async () => {
    const me = newUser();
    await history.nameSending(me, first("yes"));
    const name = await history.nameSending(me, first("yes"));
    expect(await other.nameSending(me, retry("yes"))).toBe(name);
    expect(await history.nameSending(me, { ...retry("yes"), attempt: 2 })).toBe(name);
    expect(await other.nameSending(me, retry("no"))).not.toBe(name);
    expect(await other.nameSending(newUser(), retry("yes"))).not.toBe(name);
    // And the next is another one.
    expect(await other.nameSending(me, first("yes"))).not.toBe(name);
  });

  it("has its retry's name when that came in first, and only then", async () => {
    const me = newUser();
    const name = await other.nameSending(me, retry("yes"));
    expect(await other.nameSending(me, { ...retry("yes"), attempt: 2 })).toBe(name);
    await age(me, 3);
    expect(await history.nameSending(me, first("yes", 5000))).toBe(name);
    // What comes now and has not waited is said anew.
    const next = await other.nameSending(me, retry(`${name} again`));
    await age(me, 3);
    expect(await history.nameSending(me, first(`${name} again`, 1000))).not.toBe(next);
    expect(await history.nameSending(me, first("yes", 60_000))).not.toBe(name);
  });

  it("has one name when its first sending and its retries come in at once, on two nodes", async () => {
    const me = newUser();
    for (let round = 0; round < 20; round += 1) {
      const says = `round ${round}`;
      const names = await Promise.all([
        other.nameSending(me, retry(says)),
        history.nameSending(me, first(says, 60_000)),
        history.nameSending(me, { ...retry(says), attempt: 2 }),
        other.nameSending(me, { ...retry(says), attempt: 2 }),
      ]);
      expect(new Set(names).size).toBe(1);
    }
  });

  it("has its retry's name too when it waited for that in the database", async () => {
    const me = newUser();
    await history.nameSending(me, first("something else"));
    const client = await database.pool.connect();
    await client.query("begin");
    const { rows } = await client.query<{ name: string }>(
      `select name from ${releaseSchema("chatkeep")}.name_sending($1, 'user', $2, $3, 1, '1 ms', '2 min') name`,
      [ownerId(me), createHash("sha256").update("yes").digest("hex"), randomUUID()],
    );
    const naming = history.nameSending(me, first("yes", 1000));
    const isWaiting = async (): Promise<unknown> =>
      (
        await database.pool.query(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
             and query like '%name_sending%' and now() - query_start > '1100 ms'`,
        )
      ).rowCount;
    await expect.poll(isWaiting, { timeout: 10_000 }).toBe(1);
    await client.query("commit");
    client.release();
    expect(await naming).toBe(rows[0]?.name);
  });

  it("is known for as long since it was cut off, however long it was being answered", async () => {
    const me = newUser();
    const name = await history.nameSending(me, first("yes"));
    await age(me, 300);
    await history.keepSending(me, "yes", name);
    await age(me, 100);
    expect(await other.nameSending(me, retry("yes"))).toBe(name);
  });

  it("is forgotten when no client sends it again, and its owner erased with it", async () => {
    const me = newUser();
    const says = randomUUID();
    const name = await history.nameSending(me, first(says));
    await age(me, 121);
    expect(await history.nameSending(me, retry(says))).not.toBe(name);
    const left = async (): Promise<unknown> =>
      (await database.pool.query("select id from chatkeep.sendings where owner_id = $1", [ownerId(me)]))
        .rowCount;
    expect(await left()).toBe(1);
    await age(me, 601);
    await history.purge();
    expect(await left()).toBe(0);
    await history.nameSending(me, first(says));
    await history.eraseData(me);
    expect(await left()).toBe(0);
  });
});
