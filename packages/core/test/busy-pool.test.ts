import { createHistory, createPool } from "@chatkeep/core";
import { WAIT_TIMEOUT, createScriptedResponder, fileDatabase } from "@chatkeep/testing";
import { afterAll, expect, test } from "vitest";

import { newSession } from "./fixture.ts";

const { url } = await fileDatabase();
const pool = createPool(url, { max: 2, connectTimeout: WAIT_TIMEOUT });
const probe = createPool(url, { max: 1 });
const { responder, calls } = createScriptedResponder();
const history = createHistory({ pool, probe, responder });
afterAll(async () => {
  await history.close();
  await pool.end();
  await probe.end();
});

test("a full pool that the probe shares is an outage, and the operator is told how to tell them apart", async () => {
  const shared = createPool(url, { max: 1 });
  const taken = await shared.connect();
  const { promise: told, resolve: onError } = Promise.withResolvers<unknown>();
  const other = createHistory({ pool: shared, responder, onError });
  await expect(other.createConversation(newSession())).rejects.toMatchObject({ code: "unavailable" });
  expect(await told).toMatchObject({ message: expect.stringMatching(/pass `probe` to createHistory/) });
  taken.release();
  await other.close();
  await shared.end();
});

test("a full pool is no outage: no answer is given unsaved, and the health is ok", async () => {
  const owner = newSession();
  const { conversation } = await history.createConversation(owner);
  const taken = [await pool.connect(), await pool.connect()];
  await probe.query("select 1");
  pool.options.connectionTimeoutMillis = 1;

  const question = { id: "q", content: "Are you busy?" };
  await expect(history.startTurn(owner, conversation.id, question)).rejects.toMatchObject({
    code: "unavailable",
    message: "The server is busy. Nothing is lost; try again in a moment.",
    retryAfter: 2,
  });
  await expect(history.health()).resolves.toMatchObject({ status: "ok", database: { status: "ok" } });
  expect(calls(conversation.id)).toBe(0);

  for (const connection of taken) connection.release();
  pool.options.connectionTimeoutMillis = WAIT_TIMEOUT;
  const { turn } = await history.startTurn(owner, conversation.id, question);
  expect(turn).toMatchObject({ persisted: true, status: "running" });
});
