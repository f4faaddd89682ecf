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

const first = (content: string, waited = 1) => ({ content, attempt: 0, waited });
const retry = (content: string) => ({ content, attempt: 1, waited: 1 });

/** As if the owner's requests had come that many seconds ago. */
async function age(owner: ReturnType<typeof newUser>, seconds: number): Promise<void> {
  await database.pool.query(
    "update chatkeep.idempotency_keys set sent_at = sent_at - make_interval(secs => $2) where owner_id = $1",
    [ownerId(owner), seconds],
  );
}

describe("a request without an id", () => {
  it("is another request each time that it is sent on purpose, one after the other and at once, on any node", async () => {
    const me = newUser();
    const names = [
      await history.claimIdempotencyKey(me, first("yes")),
      await other.claimIdempotencyKey(me, first("yes")),
    ];
    const nodes = [history, other, history, other];
    names.push(...(await Promise.all(nodes.map((node) => node.claimIdempotencyKey(me, first("yes"))))));
    expect(new Set(names).size).toBe(6);
  });

  it("keeps its key when it is retried, on another node too", async () => {
    const me = newUser();
    await history.claimIdempotencyKey(me, first("yes"));
    const name = await history.claimIdempotencyKey(me, first("yes"));
    expect(await other.claimIdempotencyKey(me, retry("yes"))).toBe(name);
    expect(await history.claimIdempotencyKey(me, { ...retry("yes"), attempt: 2 })).toBe(name);
    expect(await other.claimIdempotencyKey(me, retry("no"))).not.toBe(name);
    expect(await other.claimIdempotencyKey(newUser(), retry("yes"))).not.toBe(name);
    // And the next is another one.
    expect(await other.claimIdempotencyKey(me, first("yes"))).not.toBe(name);
  });

  it("gets its retry's key when that came in first, and only then", async () => {
    const me = newUser();
    const name = await other.claimIdempotencyKey(me, retry("yes"));
    expect(await other.claimIdempotencyKey(me, { ...retry("yes"), attempt: 2 })).toBe(name);
    await age(me, 3);
    expect(await history.claimIdempotencyKey(me, first("yes", 5000))).toBe(name);
    // What comes now and has not waited is said anew.
    const next = await other.claimIdempotencyKey(me, retry(`${name} again`));
    await age(me, 3);
    expect(await history.claimIdempotencyKey(me, first(`${name} again`, 1000))).not.toBe(next);
    expect(await history.claimIdempotencyKey(me, first("yes", 60_000))).not.toBe(name);
  });

  it("gives one key when the first attempt and its retries come in at once, on two nodes", async () => {
    const me = newUser();
    for (let round = 0; round < 20; round += 1) {
      const content = `round ${round}`;
      const names = await Promise.all([
        other.claimIdempotencyKey(me, retry(content)),
        history.claimIdempotencyKey(me, first(content, 60_000)),
        history.claimIdempotencyKey(me, { ...retry(content), attempt: 2 }),
        other.claimIdempotencyKey(me, { ...retry(content), attempt: 2 }),
      ]);
      expect(new Set(names).size).toBe(1);
    }
  });

  it("gets its retry's key too when it waited for that in the database", async () => {
    const me = newUser();
    await history.claimIdempotencyKey(me, first("something else"));
    const client = await database.pool.connect();
    await client.query("begin");
    const { rows } = await client.query<{ name: string }>(
      `select name from ${releaseSchema("chatkeep")}.claim_idempotency_key($1, 'user', $2, $3, 1, '1 ms', '2 min') name`,
      [ownerId(me), createHash("sha256").update("yes").digest("hex"), randomUUID()],
    );
    const naming = history.claimIdempotencyKey(me, first("yes", 1000));
    const isWaiting = async (): Promise<unknown> =>
      (
        await database.pool.query(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
             and query like '%claim_idempotency_key%' and now() - query_start > '1100 ms'`,
        )
      ).rowCount;
    await expect.poll(isWaiting).toBe(1);
    await client.query("commit");
    client.release();
    expect(await naming).toBe(rows[0]?.name);
  });

  it("keeps its key for two minutes after it was cut off, however long it was being answered", async () => {
    const me = newUser();
    const name = await history.claimIdempotencyKey(me, first("yes"));
    await age(me, 300);
    await history.extendIdempotencyKey(me, "yes", name);
    await age(me, 100);
    expect(await other.claimIdempotencyKey(me, retry("yes"))).toBe(name);
  });

  it("is forgotten when no client retries it, and erased with its owner", async () => {
    const me = newUser();
    const content = randomUUID();
    const name = await history.claimIdempotencyKey(me, first(content));
    await age(me, 121);
    expect(await history.claimIdempotencyKey(me, retry(content))).not.toBe(name);
    const left = async (): Promise<unknown> =>
      (
        await database.pool.query("select id from chatkeep.idempotency_keys where owner_id = $1", [
          ownerId(me),
        ])
      ).rowCount;
    expect(await left()).toBe(1);
    await age(me, 601);
    await history.purge();
    expect(await left()).toBe(0);
    await history.claimIdempotencyKey(me, first(content));
    await history.eraseData(me);
    expect(await left()).toBe(0);
  });
});
