import { createPool, migrate } from "@chatkeep/core";
import {
  type WireMessage,
  type WireRecentErrors,
  type WireTurnState,
  decodeFrames,
} from "@chatkeep/protocol";
import { holdTimers, startPostgres } from "@chatkeep/testing";
import { SERVER_KEY, SERVER_KEYS, startServer } from "@chatkeep/testing/server";
import { afterAll, expect, test } from "vitest";

const postgres = await startPostgres();
const pool = createPool(postgres.url("postgres"));
await migrate(pool);
await pool.end();

const { url, send, refused, session, conversation, script, logged } = await startServer({
  databaseUrl: postgres.url("postgres"),
  serverKeys: SERVER_KEYS,
});
const operator = { headers: { authorization: `Bearer ${SERVER_KEY}` } };
afterAll(() => postgres.remove());

test("an outage is told: reads are 503, an answer says that it is not saved, and it passes without a restart", async () => {
  const me = session();
  const { id } = await conversation(me);
  const path = `/api/conversations/${id}`;
  await postgres.stop("immediate");

  for (const address of ["/api/conversations", path, `${path}/messages`]) {
    using _ = holdTimers(2000);
    expect(await refused(address, { session: me })).toMatchObject({ status: 503, code: "unavailable" });
  }
  const first = await refused("/api/conversations", { session: me });
  const { headers } = await send(path, { session: me });
  expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await refused("/api/conversations", { method: "POST", body: {}, session: me })).toMatchObject({
    status: 503,
  });

  // Sessions are answered all the same, which `degraded` says.
  expect(await (await fetch(`${url}/health`)).json()).toEqual({
    status: "degraded",
    database: { status: "down", latency_ms: null, reason: "The database cannot be reached." },
  });
  const asking = send(`${path}/turns`, { method: "POST", body: { id: "q1", content: "Why?" }, session: me });
  const run = await script.started(id);
  await run.emit("Because.");
  run.finish();
  const answer = await asking;
  expect(answer.headers.get("x-chatkeep-persisted")).toBe("false");
  expect(await answer.json()).toMatchObject({
    persisted: false,
    turn: { persisted: false, status: "complete", message_id: "q1" },
    message: { role: "user", content: "Why?" },
    reply: { role: "assistant", content: "Because." },
  });

  const streaming = send(`${path}/turns`, {
    method: "POST",
    body: { id: "q2", content: "And?" },
    headers: { accept: "text/event-stream" },
    session: me,
  });
  const second = await script.started(id);
  await second.emit("So.");
  second.finish();
  const stream = await streaming;
  expect(stream.headers.get("x-chatkeep-persisted")).toBe("false");
  const types: string[] = [];
  for await (const { chunk } of decodeFrames(stream.body!)) types.push(chunk.type);
  expect(types.at(-1)).toBe("finish");

  // The operator is told all that can be told without the database.
  expect(await (await send("/api/admin/overview", operator)).json()).toMatchObject({
    health: { status: "degraded" },
    node: { unsaved_answers: { shown: 2, saved: 0 } },
    store: null,
  });
  const { errors } = (await (await send("/api/admin/errors", operator)).json()) as WireRecentErrors;
  expect(errors).toContainEqual(
    expect.objectContaining({ code: "unavailable", route: "/api/conversations", request_id: first.instance }),
  );

  await postgres.start();
  expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: "ok" });
  const page = await send(`${path}/messages`, { session: me });
  expect(await page.json()).toMatchObject({ messages: [], total: 0 });
  expect(logged().filter((line) => line["msg"] === "a request failed")).toEqual([]);
});

test("an answer that was shown is stored, as it was shown and once, when its token is sent", async () => {
  const me = session();
  const { id } = await conversation(me);
  const path = `/api/conversations/${id}/turns`;
  // One turn before the outage: a node that never wrote a turn has no key to sign with.
  const first = send(path, { method: "POST", body: { content: "First?" }, session: me });
  const run = await script.started(id);
  await run.emit("First.");
  run.finish();
  await first;
  await postgres.stop("immediate");
  const asking = send(path, { method: "POST", body: { id: "q1", content: "Why?" }, session: me });
  const second = await script.started(id);
  await second.emit("Because.");
  second.finish();
  const { turn, reply, token } = (await (await asking).json()) as WireTurnState & { token: string };
  await postgres.start();
  await fetch(`${url}/health`);

  for (let time = 0; time < 2; time++) {
    const stored = await send(`${path}/import`, { method: "POST", body: { token }, session: me });
    expect(await stored.json()).toMatchObject({ id: turn.id, persisted: true, status: "complete" });
  }
  const { messages } = (await (await send(`/api/conversations/${id}/messages`, { session: me })).json()) as {
    messages: WireMessage[];
  };
  expect(messages.map(({ content }) => content)).toEqual(["First?", "First.", "Why?", "Because."]);
  expect(messages[3]!.id).toBe(reply?.id);
  expect(script.calls(id)).toBe(2);
  const forged = { method: "POST", body: { token: `${token}x` }, session: me };
  expect(await refused(`${path}/import`, forged)).toMatchObject({ status: 400, pointer: "/token" });
});
