import { once } from "node:events";
import { connect } from "node:net";

import { decodeFrames, type TurnEvent, type WireTurnState } from "@chatkeep/protocol";
import { holdDeadlines } from "@chatkeep/testing";
import { startServer } from "@chatkeep/testing/server";
import { expect, test } from "vitest";

const { url, send, refused, session, conversation, script, history, logged, logs } = await startServer({
  heartbeat: 50,
  // More than two sockets' buffers take.
  historyLimits: { answerLength: 32 * 1024 * 1024 },
});

const STREAM = { accept: "text/event-stream" };

/** A conversation in which a question was asked, its stream, and the run that answers it. */
async function ask(me: string, body: object = { content: "Why?", id: "q1" }) {
  const { id } = await conversation(me);
  const response = await send(`/api/conversations/${id}/turns`, {
    method: "POST",
    body,
    headers: STREAM,
    session: me,
  });
  const run = await script.started(id);
  return { id, path: `/api/conversations/${id}/turns`, response, run, turnId: run.request.turnId };
}

async function eventsOf(response: Response): Promise<TurnEvent[]> {
  const events: TurnEvent[] = [];
  for await (const event of decodeFrames(response.body!)) events.push(event);
  return events;
}

test("a stream is the frames of the AI SDK's protocol, numbered, ended by [DONE]", async () => {
  const me = session();
  const { id, response, run, turnId } = await ask(me);
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-store, no-transform",
    "x-accel-buffering": "no",
    "x-vercel-ai-ui-message-stream": "v1",
  });
  await run.emit("Because.");
  run.finish();
  const text = (await response.text()).replaceAll(": keep-alive\n\n", "");
  const frames = text.split("\n\n");
  expect(frames.slice(-2)).toEqual(["data: [DONE]", ""]);
  const numbered = frames.slice(0, -2).map((frame) => {
    const [number, data, ...rest] = frame.split("\n");
    expect(rest).toEqual([]);
    return [number, JSON.parse(data!.slice("data: ".length)) as { type: string }] as const;
  });
  expect(numbered.map(([number]) => number)).toEqual(numbered.map((_, index) => `id: ${index + 1}`));
  expect(numbered[0]?.[1]).toMatchObject({
    type: "start",
    messageMetadata: { turn_id: turnId, conversation_id: id, message_id: "q1", persisted: true },
  });
  expect(numbered.at(-1)?.[1]).toMatchObject({ type: "finish", messageMetadata: { status: "complete" } });
});

test.each([
  ["HTTP/1.1", true],
  ["HTTP/1.0", false],
])("a stream over %s begins before its first words, in chunks: %s", async (version, isChunked) => {
  const me = session();
  const { path, run, turnId } = await ask(me);
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = "";
  socket.setEncoding("utf8").on("data", (piece: string) => (text += piece));
  socket.write(`GET ${path}/${turnId}/events ${version}\r\nHost: localhost\r\nX-Session-ID: ${me}\r\n\r\n`);
  await expect.poll(() => text).toContain("id: 1\n");
  const [head = "", body = ""] = text.split("\r\n\r\n");
  expect(/transfer-encoding: chunked/i.test(head)).toBe(isChunked);
  expect(body.startsWith("id: 1\n")).toBe(!isChunked);
  await run.emit("Because.");
  run.finish();
  await expect.poll(() => text).toContain("data: [DONE]\n\n");
  socket.destroy();
});

test("without the header the settled turn is given as JSON", async () => {
  const me = session();
  const { id } = await conversation(me);
  const reply = send(`/api/conversations/${id}/turns`, {
    method: "POST",
    body: { content: "Why?" },
    session: me,
  });
  const run = await script.started(id);
  await run.emit("Because.");
  run.finish();
  const state = (await (await reply).json()) as WireTurnState;
  expect(state).toMatchObject({
    persisted: true,
    turn: { status: "complete", conversation_id: id },
    message: { role: "user", content: "Why?", seq: 1 },
    reply: { role: "assistant", content: "Because.", seq: 2, status: "complete" },
  });
  const read = await send(`/api/conversations/${id}/turns/${state.turn.id}`, { session: me });
  expect(await read.json()).toEqual(state);
});

test("`Accept: text/event-stream;q=0` asks for JSON", async () => {
  const me = session();
  const { id } = await conversation(me);
  const reply = send(`/api/conversations/${id}/turns`, {
    method: "POST",
    body: { content: "Why?" },
    headers: { accept: "text/event-stream;q=0, application/json" },
    session: me,
  });
  (await script.started(id)).finish();
  expect((await reply).headers.get("content-type")).toBe("application/json; charset=utf-8");
});

test("an answer that fails is data, not an HTTP error", async () => {
  const me = session();
  const { id } = await conversation(me);
  const reply = send(`/api/conversations/${id}/turns`, {
    method: "POST",
    body: { content: "Why?" },
    session: me,
  });
  const run = await script.started(id);
  await run.emit("Half");
  run.fail(new Error("no more"));
  const response = await reply;
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    turn: { status: "failed" },
    reply: { content: "Half", status: "failed", error: { code: "model_error" } },
  });
});

test("a stream is resumed from any event, by header or by query, by several at once", async () => {
  const me = session();
  const { path, response, run, turnId } = await ask(me);
  for (const word of ["one ", "two ", "three "]) await run.emit(word);
  await run.emit({ type: "reasoning", text: "hm" });
  run.finish();
  const all = await eventsOf(response);
  const events = `${path}/${turnId}/events`;
  for (let after = 0; after <= all.length; after++) {
    const [byHeader, byQuery] = await Promise.all([
      send(events, { session: me, headers: { ...STREAM, "last-event-id": String(after) } }).then(eventsOf),
      send(`${events}?after=${after}`, { session: me }).then(eventsOf),
    ]);
    expect(byHeader).toEqual(all.slice(after));
    expect(byQuery).toEqual(byHeader);
  }
  // A browser's EventSource reconnects to the same address: its header is newer than the query.
  const both = await send(`${events}?after=1`, { session: me, headers: { "last-event-id": "3" } });
  expect(await eventsOf(both)).toEqual(all.slice(3));
});

test("two readers follow a running turn, each from its own place", async () => {
  const me = session();
  const { path, response, run, turnId } = await ask(me);
  await run.emit("one ");
  const second = await send(`${path}/${turnId}/events?after=1`, { session: me });
  await run.emit("two");
  run.finish();
  const [all, rest] = await Promise.all([eventsOf(response), eventsOf(second)]);
  expect(rest).toEqual(all.slice(1));
});

test("a closed connection detaches its reader and stops nothing, and is no error", async () => {
  const me = session();
  const { id, path, run, turnId, response } = await ask(me);
  const reader = response.body!.getReader();
  await reader.read();
  await reader.cancel();
  const other = new AbortController();
  const second = send(`${path}/${turnId}/events`, { session: me, signal: other.signal });
  await (await second).body!.getReader().read();
  other.abort();
  await run.emit("Still here.");
  run.finish();
  const resumed = await eventsOf(await send(`${path}/${turnId}/events?after=0`, { session: me }));
  expect(resumed.at(-1)?.chunk.type).toBe("finish");
  const page = await history.listMessages({ kind: "session", id: me }, id);
  expect(page.messages.at(-1)).toMatchObject({ content: "Still here.", status: "complete" });
  expect(logged().filter((line) => Number(line["level"]) >= 40)).toEqual([]);
});

test("a client that leaves before its JSON answer stops nothing", async () => {
  const me = session();
  const { id } = await conversation(me);
  const leaving = new AbortController();
  const reply = fetch(`${url}/api/conversations/${id}/turns`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-session-id": me },
    body: JSON.stringify({ content: "Why?" }),
    signal: leaving.signal,
  });
  const run = await script.started(id);
  leaving.abort();
  await expect(reply).rejects.toThrow("aborted");
  await logs('"status":499');
  await run.emit("Because.");
  run.finish();
  const turn = await eventsOf(
    await send(`/api/conversations/${id}/turns/${run.request.turnId}/events`, { session: me }),
  );
  expect(turn.at(-1)?.chunk).toMatchObject({ type: "finish" });
  expect(logged().filter((line) => Number(line["level"]) >= 40)).toEqual([]);
});

test("a stop ends the turn with what there is of it, twice as once", async () => {
  using _ = holdDeadlines();
  const me = session();
  const { path, response, run, turnId } = await ask(me);
  await run.emit("Half");
  const stop = (): Promise<Response> => send(`${path}/${turnId}/stop`, { method: "POST", session: me });
  expect(await (await stop()).json()).toMatchObject({ id: turnId, status: "stopped" });
  await run.aborted;
  expect(await (await stop()).json()).toMatchObject({ id: turnId, status: "stopped" });
  expect((await eventsOf(response)).at(-1)?.chunk).toEqual({ type: "abort" });
});

test("the same question again attaches to its turn; another waits for it", async () => {
  const me = session();
  const { id, path, response, run, turnId } = await ask(me);
  const again = await send(path, {
    method: "POST",
    body: { content: "Why?", id: "q1" },
    headers: STREAM,
    session: me,
  });
  const other = await refused(path, { method: "POST", body: { content: "And?" }, session: me });
  expect(other).toMatchObject({ status: 409, code: "turn_in_progress", turn_id: turnId });
  const changed = await refused(path, { method: "POST", body: { content: "What?", id: "q1" }, session: me });
  expect(changed).toMatchObject({ status: 409, code: "idempotency_mismatch" });
  await run.emit("Because.");
  run.finish();
  expect(await eventsOf(again)).toEqual(await eventsOf(response));
  const settled = await send(path, { method: "POST", body: { content: "Why?", id: "q1" }, session: me });
  expect(await settled.json()).toMatchObject({ turn: { id: turnId, status: "complete" } });
  expect(script.calls(id)).toBe(1);
});

test("a turn that is not there is 404 before a stream begins", async () => {
  const me = session();
  const { id } = await conversation(me);
  const path = `/api/conversations/${id}/turns/0b3f6e0a-6d0e-4b7e-9d60-0a4c6b7a2f10`;
  for (const [method, address] of [
    ["GET", path],
    ["GET", `${path}/events`],
    ["POST", `${path}/stop`],
  ] as const) {
    expect(await refused(address, { method, session: me })).toMatchObject({
      status: 404,
      code: "turn_not_found",
    });
  }
  expect((await send(`${path}/events`, { method: "HEAD", session: me })).status).toBe(404);
});

test("HEAD of a stream answers its headers and follows nothing", async () => {
  const me = session();
  const { id, path, response: followed, run, turnId } = await ask(me);
  for (const address of [`${path}/${turnId}/events`, `/api/chat/${id}/stream`]) {
    const response = await send(address, { method: "HEAD", session: me });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(await response.text()).toBe("");
  }
  // A stream that nobody reads is cut off after two heartbeats, with the connection.
  let text = "";
  for await (const bytes of followed.body!) {
    text += Buffer.from(bytes).toString();
    if (text.split(": keep-alive\n\n").length > 4) run.finish();
  }
  expect(logged().map(({ msg }) => msg)).not.toContain("cut off a reader that does not read");
});

test("a silent turn is kept open by heartbeats", async () => {
  const me = session();
  const { response, run } = await ask(me);
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of response.body!) {
    text += decoder.decode(bytes, { stream: true });
    if (text.split(": keep-alive\n\n").length > 3) run.finish();
  }
  expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
});

test("a reader that does not read is cut off, holds no memory, and can resume", async () => {
  const me = session();
  const { id, path, run, turnId } = await ask(me);
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  await once(socket, "connect");
  socket.write(`GET ${path}/${turnId}/events HTTP/1.1\r\nHost: localhost\r\nX-Session-ID: ${me}\r\n\r\n`);
  await once(socket, "readable");
  // From here on it reads nothing. 16 MB are more than two sockets' buffers take.
  let last = "";
  const block = "x".repeat(256 * 1024);
  const cut = once(socket, "close");
  socket.on("error", () => undefined);
  for (let count = 0; count < 64; count++) await run.emit(block);
  // What the buffers hold is read before the end is seen.
  await logs("cut off a reader that does not read");
  socket.resume();
  await cut;
  run.finish();
  const owner = { kind: "session", id: me } as const;
  for await (const { chunk } of history.followTurn(owner, id, turnId, { after: 2 })) last = chunk.type;
  expect(last).toBe("finish");
  const page = await history.listMessages({ kind: "session", id: me }, id);
  expect(page.messages.at(-1)?.content).toHaveLength(64 * block.length);
});
