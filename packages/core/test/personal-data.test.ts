import { randomUUID } from "node:crypto";

import {
  type CoreHistory,
  type PoolOptions,
  createHistory,
  createPool,
  ownerId,
  releaseSchema,
} from "@chatkeep/core";
import type { Owner } from "@chatkeep/protocol";
import { UNHURRIED, fileDatabase, takeTimers } from "@chatkeep/testing";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";

import { newSession, newUser, openFixture } from "./fixture.ts";

const database = await fileDatabase();
const fixture = openFixture(database.url, newSession);
const { history } = fixture;
afterAll(() => fixture.close());

const DAY = 86_400_000;

/** How many rows of an owner there are, in every table that has owners. */
async function rowsOf(owner: Owner): Promise<Record<string, number>> {
  const { rows: tables } = await database.pool.query<{ name: string; key: string }>(
    `select c.relname as name, case c.relname when 'owners' then 'id' else 'owner_id' end as key
     from pg_class c
     where c.relnamespace = 'chatkeep'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and c.relname <> 'audit' and (c.relname = 'owners' or exists (
         select from pg_attribute a where a.attrelid = c.oid and a.attname = 'owner_id'))`,
  );
  const counts: Record<string, number> = {};
  for (const { name, key } of tables) {
    const { rows } = await database.pool.query<{ count: number }>(
      `select count(*)::int as count from chatkeep.${name} where ${key} = $1`,
      [ownerId(owner)],
    );
    counts[name] = rows[0]!.count;
  }
  return counts;
}

/** Fills a conversation past the front door: 100,000 messages in a second. */
async function fill(owner: Owner, conversation: string, count: number, bytes = 100): Promise<void> {
  await database.pool.query(
    `insert into chatkeep.messages (owner_id, conversation_id, seq, id, role, parts)
     select $1, $2, seq, 'm' || seq, 'user', json_build_array(json_build_object('type', 'text', 'text', repeat('x', $4)))
     from generate_series(1, $3::bigint) seq`,
    [ownerId(owner), conversation, count, bytes],
  );
  await database.pool.query(
    "update chatkeep.conversations set last_seq = $3 where owner_id = $1 and id = $2",
    [ownerId(owner), conversation, count],
  );
}

async function newConversation(owner: Owner): Promise<string> {
  return (await history.createConversation(owner)).conversation.id;
}

/** Makes something of an owner older than it is. */
async function backdate(table: string, column: string, owner: Owner, days: number): Promise<void> {
  const key = table === "owners" ? "id" : "owner_id";
  await database.pool.query(
    `update chatkeep.${table} set ${column} = ${column} - make_interval(days => $2) where ${key} = $1`,
    [ownerId(owner), days],
  );
}

describe("erasing", () => {
  it("leaves no row of the owner in any table, the receipt in the audit, and everybody else's alone", async () => {
    const [me, other] = [newUser(), newUser()];
    const id = await newConversation(me);
    await history.appendMessages(me, id, [{ role: "user", content: "Forget me" }]);
    await history.deleteConversation(me, await newConversation(me));
    await history.createHandle(me, id);
    const theirs = await newConversation(other);
    await history.appendMessages(other, theirs, [{ role: "user", content: "Keep me" }]);
    const before = await rowsOf(other);

    const receipt = await history.eraseData(me, { actor: "key:backend" });
    expect(receipt).toMatchObject({ conversations: 2, messages: 1, turns: 0 });
    expect(new Set(Object.values(await rowsOf(me)))).toEqual(new Set([0]));
    expect(await rowsOf(other)).toEqual(before);
    const { rows } = await database.pool.query(
      "select actor, action, details from chatkeep.audit where owner_id = $1",
      [ownerId(me)],
    );
    expect(rows).toEqual([{ actor: "key:backend", action: "erase", details: receipt }]);
    expect(JSON.stringify(rows)).not.toContain("Forget me");
    expect(await history.eraseData(me)).toMatchObject({ conversations: 0, messages: 0 });
  });

  it("takes every branch, fork and deleted message along", async () => {
    const me = newSession();
    const id = await newConversation(me);
    const say = (ids: string, parent: string | null) =>
      history.appendMessages(
        me,
        id,
        Array.from(ids).map((one) => ({ id: one, role: "user" as const, content: one })),
        { parent },
      );
    await say("abc", null);
    await say("xy", "a");
    await say("n", null);
    await history.forkConversation(me, id, "y");
    await history.deleteMessages(me, id, { ids: ["b", "x"] });
    await history.setHead(me, id, "c");
    expect(await rowsOf(me)).toMatchObject({
      segments: 2,
      deleted_messages: 2,
      messages: 7,
      conversations: 2,
    });
    expect(await history.eraseData(me)).toMatchObject({ conversations: 2, messages: 7 });
    expect(new Set(Object.values(await rowsOf(me)))).toEqual(new Set([0]));
  });

  it("goes in steps of a thousand messages, and a step under way keeps nobody waiting", async () => {
    const me = newUser();
    for (let count = 0; count < 2; count++) await fill(me, await newConversation(me), 5_000);
    const other = newUser();
    const theirs = await newConversation(other);
    const steps: number[] = [];
    const erasing = createHistory({
      ...UNHURRIED.history,
      pool: {
        async query(config) {
          if (!config.text.includes(".erase_batch(")) return database.pool.query(config);
          const step = await database.pool.connect();
          await step.query("begin");
          const result = await step.query(config);
          // It has done its work and holds its locks.
          await history.appendMessages(other, theirs, [{ role: "user", content: "And I?" }]);
          await step.query("commit");
          step.release();
          steps.push(...result.rows.map((row: { messages_erased: unknown }) => Number(row.messages_erased)));
          return result;
        },
        connect: () => database.pool.connect(),
        on: () => undefined,
      },
    });
    expect(await erasing.eraseData(me)).toMatchObject({ conversations: 2, messages: 10_000 });
    await erasing.close();
    expect(steps.length).toBeGreaterThanOrEqual(10);
    expect(Math.max(...steps)).toBe(1_000);
    expect(new Set(Object.values(await rowsOf(me)))).toEqual(new Set([0]));
  });

  it("is not undone by a restore that comes in between", async () => {
    const me = newUser();
    const id = await newConversation(me);
    await history.deleteConversation(me, id);
    await database.pool.query(`select from ${releaseSchema("chatkeep")}.begin_erasure($1)`, [ownerId(me)]);
    await expect(history.restoreConversation(me, id)).rejects.toMatchObject({
      code: "conversation_not_found",
    });
    expect((await history.listTrash(me)).conversations).toEqual([]);
    await history.eraseData(me);
  });
});

describe("exporting", () => {
  it("gives every message once, in order, whatever their sizes, and keeps it in the audit", async () => {
    const me = newUser();
    const id = await newConversation(me);
    await fill(me, id, 250, 40_000);
    const seqs: number[] = [];
    const ends: unknown[] = [];
    for await (const line of history.exportData(me)) {
      if (line.type === "message") seqs.push(line.message.seq);
      else if (line.type === "end") ends.push(line);
    }
    expect(ends).toEqual([{ type: "end", conversations: 1, messages: 250, files: 0 }]);
    expect(seqs).toEqual(Array.from({ length: 250 }, (_, index) => index + 1));
    const { rows } = await database.pool.query(
      "select actor, action from chatkeep.audit where owner_id = $1",
      [ownerId(me)],
    );
    expect(rows).toEqual([{ actor: "owner", action: "export" }]);
  });

  it("reads large messages in pages that fit in memory", async () => {
    const me = newUser();
    const id = await newConversation(me);
    await fill(me, id, 12, 400_000);
    const pool = createPool(database.url, UNHURRIED.pool);
    const { rows } = await pool.query<{ page: unknown[] }>(
      `select ${releaseSchema("chatkeep")}.export_messages($1, $2, 0, 0, 100) as page`,
      [ownerId(me), id],
    );
    // 1 MiB, and the message that passes it.
    expect(rows[0]!.page).toHaveLength(3);
    await pool.end();
  });

  it.each(["clear", "erasure"])("has no end when a %s takes away what it has not read yet", async (act) => {
    const me = newUser();
    const ids = [await newConversation(me), await newConversation(me)];
    for (const id of ids) await fill(me, id, 12, 400_000);
    const types = new Set<string>();
    const read = async (): Promise<void> => {
      for await (const line of history.exportData(me)) {
        types.add(line.type);
        if (line.type !== "message") continue;
        if (act === "clear") await history.clearMessages(me, line.message.conversationId);
        else await history.eraseData(me);
      }
    };
    await expect(read()).rejects.toMatchObject({ code: "conflict" });
    expect([...types]).toEqual(["conversation", "message"]);
  });
});

describe("the janitor", () => {
  const purge = (): ReturnType<CoreHistory["purge"]> =>
    history.purge({ undo: 30 * DAY, sessionIdle: 180 * DAY });

  it("takes what was in the trash for 30 days, and leaves what can be restored as it was", async () => {
    const me = newUser();
    const [old, fresh] = [await newConversation(me), await newConversation(me)];
    await history.appendMessages(me, old, [{ role: "user", content: "Old" }]);
    await history.deleteConversation(me, old);
    await backdate("conversations", "deleted_at", me, 31);
    await fill(me, fresh, 3_000);
    await history.deleteConversation(me, fresh);
    await purge();
    const trash = await history.listTrash(me);
    expect(trash.conversations.map(({ id }) => id)).toEqual([fresh]);
    await expect(history.restoreConversation(me, old)).rejects.toMatchObject({
      code: "conversation_not_found",
    });
    expect((await history.restoreConversation(me, fresh)).messageCount).toBe(3_000);
    const page = await history.listMessages(me, fresh, { after: 0, limit: 1 });
    expect(page.messages[0]).toMatchObject({ seq: 1 });
  });

  it("takes cleared messages from the disk, and none of those that came after or wait in the trash", async () => {
    const me = newUser();
    const id = await newConversation(me);
    await fill(me, id, 2_500);
    await history.clearMessages(me, id);
    await history.appendMessages(me, id, [{ role: "user", content: "After" }]);
    await history.deleteConversation(me, id);
    await purge();
    expect((await rowsOf(me))["messages"]).toBe(1);
    await history.restoreConversation(me, id);
    expect((await history.listMessages(me, id)).messages).toMatchObject([{ seq: 2_501, content: "After" }]);
  });

  it("takes sessions that were idle for 180 days, and no user", async () => {
    const [idle, active, user] = [newSession(), newSession(), newUser()];
    for (const owner of [idle, active, user]) {
      const id = await newConversation(owner);
      await history.appendMessages(owner, id, [{ role: "user", content: "Hello" }]);
    }
    await backdate("owners", "active_at", idle, 181);
    await backdate("owners", "active_at", active, 179);
    await backdate("owners", "active_at", user, 1_000);
    await purge();
    expect(new Set(Object.values(await rowsOf(idle)))).toEqual(new Set([0]));
    for (const owner of [active, user]) expect((await history.listConversations(owner)).total).toBe(1);
  });

  it("may run on any number of nodes at once", async () => {
    const owners = Array.from({ length: 20 }, newSession);
    for (const owner of owners) {
      await fill(owner, await newConversation(owner), 1_500);
      await backdate("owners", "active_at", owner, 200);
    }
    await Promise.all([purge(), purge(), purge(), purge()]);
    for (const owner of owners) expect(new Set(Object.values(await rowsOf(owner)))).toEqual(new Set([0]));
  });

  it("ends after its present step when it is told to", async () => {
    const ending = new AbortController();
    ending.abort();
    expect(await history.purge({}, ending.signal)).toBe(0);
  });
});

describe("a claim that takes longer than a statement may", () => {
  /** A node with such a pool, and a session whose conversations somebody holds until `release`. */
  const openBusy = async (url: string, options: PoolOptions = {}) => {
    const pool = createPool(url, options);
    const node = createHistory({ ...UNHURRIED.history, pool });
    const session = newSession();
    await history.createConversation(session, { title: "Much" });
    const holder = await database.pool.connect();
    await holder.query("begin");
    await holder.query("select from chatkeep.owners where id = $1 for update", [ownerId(session)]);
    onTestFinished(async () => {
      await node.close();
      await pool.end();
    });
    const release = async (): Promise<void> => {
      await holder.query("commit");
      holder.release();
    };
    return { node, session, user: newUser(), release };
  };
  /** The connections whose claim waits. */
  const blocked = async (): Promise<number[]> => {
    const { rows } = await database.pool.query<{ pid: number }>(
      `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
       and query like '%claim_session%'`,
    );
    return rows.map(({ pid }) => pid);
  };
  const titles = async (user: Owner): Promise<unknown> =>
    (await history.listConversations(user)).conversations.map(({ title }) => title);

  it("is told to be under way, and comes to its end", async () => {
    const STATEMENT = 77_000;
    using times = takeTimers(STATEMENT);
    const { node, session, user, release } = await openBusy(database.url, { statementTimeout: STATEMENT });
    const claiming = node.claimSession(user, session);
    claiming.catch(() => undefined);
    // It is tried twice.
    for (const tries of [1, 2]) {
      await expect.poll(blocked).toHaveLength(tries);
      for (let time = 0; time < 2; time++) times.elapse();
    }
    await expect(claiming).rejects.toMatchObject({
      code: "unavailable",
      retryAfter: 60,
      message: expect.stringContaining("still being moved") as string,
    });
    await release();
    await expect.poll(() => titles(user)).toEqual(["Much"]);
    expect(await node.claimSession(user, session)).toEqual({ claimed: 0 });
  });

  it("is told to need the operator where the database ends it, and has moved nothing", async () => {
    const { node, session, user, release } = await openBusy(database.url);
    const claiming = node.claimSession(user, session);
    claiming.catch(() => undefined);
    // As its statement_timeout does. It is tried twice.
    for (const _ of [1, 2]) {
      await expect.poll(blocked).toHaveLength(1);
      const [pid] = await blocked();
      await database.pool.query("select pg_cancel_backend($1)", [pid]);
      await expect.poll(blocked).not.toContain(pid);
    }
    await expect(claiming).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("statement_timeout") as string,
    });
    expect(await titles(user)).toEqual([]);
    await release();
    expect(await node.claimSession(user, session)).toEqual({ claimed: 1 });
  });
});

it("an act of a server key is kept with its name, and no word of anybody", async () => {
  const me: Owner = { kind: "user", id: randomUUID() };
  await history.recordAct(me, "key:backend");
  const { rows } = await database.pool.query(
    "select actor, action, details from chatkeep.audit where owner_id = $1",
    [ownerId(me)],
  );
  expect(rows).toEqual([{ actor: "key:backend", action: "act", details: null }]);
});
