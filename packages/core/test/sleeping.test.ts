import { type CoreHistory, createDocsStore, createHistory, createPool, readAddress } from "@chatkeep/core";
import {
  type Sleep,
  type DatabaseProxy,
  UNHURRIED,
  WAIT_TIMEOUT,
  fileDatabase,
  holdTimers,
  startDatabaseProxy,
} from "@chatkeep/testing";
import { expect, it, onTestFinished } from "vitest";

import { newSession } from "./fixture.ts";

const database = await fileDatabase();
/** As long as a test may wait. */
const PATIENT = `?connect_timeout=${WAIT_TIMEOUT / 1000}`;

/** A history on a database that sleeps. */
async function openAsleep(
  sleep: Sleep,
  parameters = "",
): Promise<{ proxy: DatabaseProxy; history: CoreHistory }> {
  const proxy = await startDatabaseProxy(database.url, sleep);
  const url = proxy.url + parameters;
  const pool = createPool(url);
  const { databaseTimeout } = readAddress(url);
  const history = createHistory({
    pool,
    ...(databaseTimeout === undefined ? {} : { databaseTimeout }),
    async *responder() {
      yield "Yes.";
    },
  });
  onTestFinished(async () => {
    await history.close();
    await pool.end();
    await proxy[Symbol.asyncDispose]();
  });
  return { proxy, history };
}

it("a question waits for a database that holds its connections until it is awake, and is saved", async () => {
  const { proxy, history } = await openAsleep("holds", PATIENT);
  const owner = newSession();
  const creating = history.createConversation(owner);
  await proxy.asked();
  proxy.wake();
  const { conversation } = await creating;
  const { turn } = await history.startTurn(owner, conversation.id, { content: "Awake?" });
  expect(turn.persisted).toBe(true);
});

it.each(["closes", "starting"] as const)(
  "a database that cannot be reached while it wakes (%s) is an outage, and is used once it is awake",
  async (sleep) => {
    const { proxy, history } = await openAsleep(sleep);
    const owner = newSession();
    await expect(history.createConversation(owner)).rejects.toMatchObject({
      code: "unavailable",
      retryAfter: 2,
    });
    expect(await history.health()).toMatchObject({ status: "degraded", database: { status: "down" } });
    proxy.wake();
    await expect.poll(async () => (await history.health()).status).toBe("ok");
    await expect
      .poll(() => history.createConversation(owner).catch((error: unknown) => error))
      .toMatchObject({ created: true });
  },
);

it("idle connections that a proxy closed without a word cost nobody an error", async () => {
  const { proxy, history } = await openAsleep("holds", PATIENT);
  proxy.wake();
  const owner = newSession();
  const { conversation } = await history.createConversation(owner);
  await Promise.all([1, 2, 3, 4, 5].map(() => history.listMessages(owner, conversation.id)));
  for (const round of [1, 2, 3]) {
    proxy.cut();
    const all = await Promise.all([
      history.listMessages(owner, conversation.id),
      history.appendMessages(owner, conversation.id, [{ role: "user", content: `Round ${round}` }]),
    ]);
    expect(all).toHaveLength(2);
  }
  expect((await history.listMessages(owner, conversation.id)).total).toBe(3);
});

it("the docs' store takes a silent database for down after its own `databaseTimeout`", async () => {
  const proxy = await startDatabaseProxy(database.url, "holds");
  const pool = createPool(proxy.url, UNHURRIED.pool);
  const store = createDocsStore({ pool, databaseTimeout: 50 });
  onTestFinished(async () => {
    store.close();
    await proxy[Symbol.asyncDispose]();
    await pool.end();
  });
  using _ = holdTimers(1000);
  await expect(store.documents("guide")).rejects.toMatchObject({ code: "unavailable" });
});
