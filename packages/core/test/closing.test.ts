import { type ConnectionPool, createHistory, createPool } from "@chatkeep/core";
import { UNHURRIED, fileDatabase } from "@chatkeep/testing";
import { afterAll, expect, it } from "vitest";

import { newUser } from "./fixture.ts";

const database = await fileDatabase();
const pool = createPool(database.url, UNHURRIED.pool);
afterAll(() => pool.end());

const isFlush = (text: string): boolean => text.includes(".write_events(");

it("a closed history makes no more calls, not even for a flush that fails afterwards", async () => {
  const flushing = Promise.withResolvers<void>();
  const failing = Promise.withResolvers<never>();
  let calls = 0;
  const failingPool: ConnectionPool = {
    query(config) {
      calls += 1;
      if (!isFlush(config.text)) return pool.query(config);
      flushing.resolve();
      return failing.promise;
    },
    connect: () => pool.connect(),
    on: () => undefined,
  };
  const history = createHistory({
    ...UNHURRIED.history,
    pool: failingPool,
    async *responder({ signal }) {
      await new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason as Error)),
      );
      yield "never";
    },
  });
  const me = newUser();
  const { conversation } = await history.createConversation(me);
  await history.startTurn(me, conversation.id, { content: "Hi" });
  await flushing.promise;
  await history.close();
  const before = calls;
  // What the driver says of a pool that its host has ended.
  failing.reject(new Error("Cannot use a pool after calling end on the pool"));

  // As long as a living node needs for five flushes, which come at the pace of a flush's retries.
  const flushed = Promise.withResolvers<void>();
  let flushes = 0;
  const countingPool: ConnectionPool = {
    query(config) {
      if (isFlush(config.text) && (flushes += 1) === 5) flushed.resolve();
      return pool.query(config);
    },
    connect: () => pool.connect(),
    on: () => undefined,
  };
  await using living = createHistory({
    ...UNHURRIED.history,
    pool: countingPool,
    async *responder() {
      await flushed.promise;
      yield "Done.";
    },
  });
  const { conversation: other } = await living.createConversation(me);
  await living.startTurn(me, other.id, { content: "Hi" });
  await flushed.promise;
  expect(calls).toBe(before);
});

it("a request that is served while its process goes down is told so, not of a fault", async () => {
  const ended = createPool(database.url, UNHURRIED.pool);
  await using history = createHistory({ ...UNHURRIED.history, pool: ended });
  const me = newUser();
  const { conversation } = await history.createConversation(me);
  await ended.end();
  const told = { code: "unavailable", status: 503, retryAfter: 1 };
  await expect(history.getConversation(me, conversation.id)).rejects.toMatchObject(told);
});
