import { createHistory, createPool } from "@chatkeep/core";
import { fileDatabase } from "@chatkeep/testing";
import { newPerson } from "@chatkeep/testing/people";
import { afterAll, expect, it } from "vitest";

import { sendingOf } from "../../src/apis/openai/sending.ts";

const database = await fileDatabase();
const pool = createPool(database.url);
const history = createHistory({ pool });
afterAll(async () => {
  await history.close();
  await pool.end();
});

const ADDRESS = "https://host.example/v1/responses";

it("is known for its retry from when it was cut off, however long it was being answered", async () => {
  const { owner } = await newPerson();
  const kept = Promise.withResolvers<void>();
  const telling: Parameters<typeof sendingOf>[0]["history"] = {
    nameSending: history.nameSending,
    keepSending: (...given) => history.keepSending(...given).finally(kept.resolve),
  };
  const connection = new AbortController();
  const send = (attempt: number, signal: AbortSignal) => {
    const headers = { "x-stainless-retry-count": String(attempt) };
    const request = new Request(ADDRESS, { method: "POST", headers, signal });
    const arrived = performance.now();
    return sendingOf({ history: telling, owner, request, arrived, body: { input: "Think hard" } });
  };
  const id = await send(0, connection.signal).idOf("conversation");
  await database.pool.query("update chatkeep.sendings set sent_at = sent_at - interval '5 minutes'");
  connection.abort();
  await kept.promise;
  expect(await send(1, AbortSignal.any([])).idOf("conversation")).toBe(id);
  expect(await send(0, AbortSignal.any([])).idOf("conversation")).not.toBe(id);
});
