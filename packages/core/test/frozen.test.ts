import { setImmediate } from "node:timers/promises";

import { type ConnectionPool, type CoreHistory, createHistory, createPool } from "@chatkeep/core";
import { createScriptedResponder, fileDatabase, takeTimers } from "@chatkeep/testing";
import { collect } from "@chatkeep/testing/contract";
import { Pool } from "pg";
import { expect, it, onTestFinished } from "vitest";

import { newUser } from "./fixture.ts";

const database = await fileDatabase();
const HOUR = 3_600_000;

function open(options: Partial<Parameters<typeof createHistory>[0]>) {
  const pool = createPool(database.url);
  const history = createHistory({ pool, ...options });
  onTestFinished(async () => {
    await history.close();
    await pool.end();
  });
  return history;
}

it("a platform is given the work of a turn, which ends when the turn and what follows it are stored", async () => {
  const script = createScriptedResponder();
  const works: Promise<unknown>[] = [];
  const title = Promise.withResolvers<string>();
  const generating = Promise.withResolvers<void>();
  const history = open({
    responder: script.responder,
    waitUntil: (work) => void works.push(work),
    generateTitle: () => {
      generating.resolve();
      return title.promise;
    },
  });
  const me = newUser();
  const { conversation } = await history.createConversation(me);
  const { events } = await history.startTurn(me, conversation.id, { content: "What is it?" });
  expect(works).toHaveLength(1);
  let isDone = false;
  void works[0]!.then(() => (isDone = true));
  const run = await script.started(conversation.id);
  await run.emit("A book.");
  expect(isDone).toBe(false);
  run.finish();
  await collect(events);
  await generating.promise;
  expect(isDone).toBe(false);
  title.resolve("Of books");
  await works[0];
  expect(await history.getConversation(me, conversation.id)).toMatchObject({ title: "Of books" });
});

const refusal = new Error("outside a request");

it.each<[string, () => unknown]>([
  [
    "throws",
    () => {
      throw refusal;
    },
  ],
  ["rejects", () => Promise.reject(refusal)],
])("a platform that refuses the work is told of, and the turn goes on: it %s", async (_, waitUntil) => {
  const told: unknown[] = [];
  const history = open({
    async *responder() {
      yield "Hello.";
    },
    waitUntil,
    onError: (error) => told.push(error),
  });
  const me = newUser();
  const { conversation } = await history.createConversation(me);
  const { turn, events } = await history.startTurn(me, conversation.id, { content: "Hi" });
  await collect(events);
  expect(told).toEqual([refusal]);
  expect(await history.getTurn(me, conversation.id, turn.id)).toMatchObject({
    turn: { status: "complete" },
    reply: { content: "Hello." },
  });
});

it("a turn that its platform's time limit would cut is settled before, and its reader is told", async () => {
  const script = createScriptedResponder();
  const history = open({ responder: script.responder, deadline: HOUR });
  const me = newUser();
  const { conversation } = await history.createConversation(me);
  // 2 s before the limit.
  using timers = takeTimers(HOUR - 2000);
  const { turn, events } = await history.startTurn(me, conversation.id, { content: "Tell me all" });
  const run = await script.started(conversation.id);
  await run.emit("Half");
  timers.elapse();
  timers.elapse();
  const { chunk } = (await collect(events)).at(-1)!;
  expect(chunk).toMatchObject({ type: "error", errorText: expect.stringContaining("time limit") });
  expect(run.request.signal.aborted).toBe(true);
  expect(await history.getTurn(me, conversation.id, turn.id)).toMatchObject({
    turn: { status: "interrupted", error: { code: "interrupted" } },
    reply: { status: "interrupted", content: "Half" },
  });
});

it.each(["databaseTimeout", "lease", "idleTimeout", "deadline"])(
  "a %s that no timer can hold is refused",
  (name) => {
    for (const time of [Number.POSITIVE_INFINITY, Number.NaN, 2 ** 31])
      expect(() => createHistory({ pool: database.pool, [name]: time })).toThrow(
        `\`${name}\` must be at most`,
      );
  },
);

it("maintenance settles what a frozen process left, from a process that did nothing else; thawed, the first tells its reader", async () => {
  const script = createScriptedResponder();
  const pool = createPool(database.url);
  let thawed: Promise<void> = Promise.resolve();
  let lastQuery: Promise<unknown> = Promise.resolve();
  const frozenPool: ConnectionPool = {
    query: async (config) => {
      await thawed;
      const query = pool.query(config);
      lastQuery = Promise.allSettled([lastQuery, query]);
      return query;
    },
    connect: () => pool.connect(),
    on: () => undefined,
  };
  const frozen = createHistory({ pool: frozenPool, responder: script.responder });
  onTestFinished(async () => {
    await frozen.close();
    await pool.end();
  });
  const me = newUser();
  const { conversation } = await frozen.createConversation(me);
  const { turn, events } = await frozen.startTurn(me, conversation.id, { content: "Hi" });
  const run = await script.started(conversation.id);
  await run.emit("Half");
  const reader = events[Symbol.asyncIterator]();
  for (let type: string | undefined; type !== "text-delta";) type = (await reader.next()).value?.chunk.type;
  const { promise, resolve: thaw } = Promise.withResolvers<void>();
  thawed = promise;
  // One that is under way would renew the lease.
  for (let last: unknown; last !== lastQuery;) {
    last = lastQuery;
    await lastQuery;
    await setImmediate();
  }
  await database.pool.query("update chatkeep.nodes set lease_until = now() - interval '1 minute'");

  const history = open({});
  await history.maintain();
  const settled = { turn: { status: "interrupted" }, reply: { content: "Half" } };
  expect(await history.getTurn(me, conversation.id, turn.id)).toMatchObject(settled);
  void run.emit(" and more");
  thaw();
  expect((await collect({ [Symbol.asyncIterator]: () => reader })).at(-1)?.chunk).toMatchObject({
    type: "error",
  });
  expect(await history.getTurn(me, conversation.id, turn.id)).toMatchObject(settled);
});

it("nothing is open and nothing asks, a while after the last turn and its last reader", async () => {
  const pool = new Pool({ connectionString: database.url, application_name: "idle" });
  const script = createScriptedResponder();
  // A lease of 10 s is looked after for a minute.
  const [node, other] = [0, 1].map(() =>
    createHistory({ pool, lease: 500, responder: script.responder }),
  ) as [CoreHistory, CoreHistory];
  onTestFinished(async () => {
    await node.close();
    await other.close();
    await pool.end();
  });
  const connections = async (): Promise<string[]> => {
    const { rows } = await database.pool.query<{ query: string }>(
      "select query from pg_stat_activity where application_name = 'idle'",
    );
    return rows.map(({ query }) => query);
  };
  const me = newUser();
  const { conversation } = await node.createConversation(me);
  const { turn, events } = await node.startTurn(me, conversation.id, { content: "Hi" });
  const run = await script.started(conversation.id);
  const read = collect(other.followTurn(me, conversation.id, turn.id));
  await expect.poll(connections).toContain("listen chatkeep_events");
  await run.emit("Hello.");
  run.finish();
  await Promise.all([collect(events), read]);
  await expect.poll(connections).toEqual([]);
});
