import { createHistory, createPool } from "@chatkeep/core";
import { UNHURRIED, fileDatabase } from "@chatkeep/testing";
import { newPerson, startApiServer } from "@chatkeep/testing/people";
import { afterAll, describe, expect, it } from "vitest";

import { stableIds } from "../../src/apis/openai/stable-ids.ts";

const database = await fileDatabase();
const pool = createPool(database.url, UNHURRIED.pool);
const history = createHistory({ ...UNHURRIED.history, pool });
afterAll(async () => {
  await history.close();
  await pool.end();
});

const ADDRESS = "https://host.example/v1/responses";

it("is known for its retry from when it was cut off, however long it was being answered", async () => {
  const { owner } = await newPerson();
  const kept = Promise.withResolvers<void>();
  const telling: Parameters<typeof stableIds>[0]["history"] = {
    claimIdempotencyKey: history.claimIdempotencyKey,
    extendIdempotencyKey: (...given) => history.extendIdempotencyKey(...given).finally(kept.resolve),
  };
  const connection = new AbortController();
  const send = (attempt: number, signal: AbortSignal) => {
    const headers = { "x-stainless-retry-count": String(attempt) };
    const request = new Request(ADDRESS, { method: "POST", headers, signal });
    const arrived = performance.now();
    return stableIds({ history: telling, owner, request, arrived, body: { input: "Think hard" } });
  };
  const id = await send(0, connection.signal).idOf("conversation");
  await database.pool.query("update chatkeep.idempotency_keys set sent_at = sent_at - interval '5 minutes'");
  connection.abort();
  await kept.promise;
  expect(await send(1, AbortSignal.any([])).idOf("conversation")).toBe(id);
  expect(await send(0, AbortSignal.any([])).idOf("conversation")).not.toBe(id);
});

describe("a POST with an Idempotency-Key at OpenAI's API", async () => {
  const { send } = await startApiServer();

  it("is stored once, whatever it says of retries; with another body it is refused", async () => {
    const { headers } = await newPerson();
    const post = (path: string, body: object, key: string): Promise<Response> =>
      send(path, { method: "POST", body, headers: { ...headers, "idempotency-key": key } });
    const made = (await (await post("/v1/conversations", {}, "a")).json()) as { id: string };
    expect(await (await post("/v1/conversations", {}, "a")).json()).toMatchObject({ id: made.id });
    expect(await (await post("/v1/conversations", {}, "b")).json()).not.toMatchObject({ id: made.id });

    const path = `/v1/conversations/${made.id}/items`;
    const item = (content: string): object => ({ items: [{ type: "message", role: "user", content }] });
    const stored = await (await post(path, item("Yes."), "a")).json();
    expect(await (await post(path, item("Yes."), "a")).json()).toEqual(stored);
    const other = await post(path, item("No."), "a");
    expect([other.status, await other.json()]).toMatchObject([
      409,
      { error: { code: "idempotency_mismatch" } },
    ]);
    await (await post(path, item("Yes."), "b")).json();
    const { data } = (await (await send(path, { headers })).json()) as { data: object[] };
    expect(data).toHaveLength(2);
    expect((await post(path, item("Yes."), "x".repeat(256))).status).toBe(400);
  });
});
