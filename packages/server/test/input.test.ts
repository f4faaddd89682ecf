import { request as nodeRequest } from "node:http";

import { startServer } from "@chatkeep/testing/server";
import { expect, test } from "vitest";

const { url, send, refused, session, conversation, history } = await startServer({ bodyLimit: 1024 * 1024 });

const me = session();
const mine = await conversation(me);
const messages = `/api/conversations/${mine.id}/messages`;
const turns = `/api/conversations/${mine.id}/turns`;

/** What was refused is not stored, and no turn was begun. */
async function expectNothingStored(): Promise<void> {
  const owner = { kind: "session", id: me } as const;
  const page = await history.listMessages(owner, mine.id);
  expect(page.total).toBe(0);
  const { total, conversations } = await history.listConversations(owner);
  expect(total).toBe(1);
  expect(conversations[0]?.runningTurn).toBeNull();
}

test.each([
  ["POST", messages, { role: "user" }, "/content"],
  ["POST", messages, { content: "hello" }, "/role"],
  ["POST", messages, { role: "robot", content: "hello" }, "/role"],
  ["POST", messages, { role: "user", content: "" }, "/content"],
  ["POST", messages, { role: "user", content: " \n\t" }, "/content"],
  ["POST", messages, { role: "user", content: "x".repeat(10_001) }, "/content"],
  ["POST", messages, { role: "user", content: 7 }, "/content"],
  ["POST", messages, { role: "user", content: "hello", colour: "red" }, "/colour"],
  ["POST", messages, { role: "user", content: "hello", "a/b~c": 1 }, "/a~1b~0c"],
  ["POST", messages, JSON.parse('{"role":"user","content":"hello","__proto__":1}'), "/__proto__"],
  ["POST", messages, { role: "user", content: "hello", id: "two words" }, "/id"],
  ["POST", messages, { role: "user", content: "hello", id: "" }, "/id"],
  ["POST", messages, { role: "user", content: "hello", id: "é" }, "/id"],
  ["POST", messages, { role: "user", content: "hello", id: ".." }, "/id"],
  ["POST", messages, { role: "user", content: "hello", id: "x".repeat(129) }, "/id"],
  ["POST", messages, { role: "user", content: "hello", metadata: [1] }, "/metadata"],
  ["POST", messages, { role: "user", content: "hello", metadata: "x" }, "/metadata"],
  ["POST", messages, { role: "user", parts: [{ type: "text" }] }, "/parts/0/text"],
  ["POST", messages, { role: "user", parts: [{ type: "song", text: "la" }] }, "/parts/0/type"],
  ["POST", messages, { role: "user", parts: [{ type: "text", text: "la", tune: 1 }] }, "/parts/0/tune"],
  ["POST", messages, { role: "user", parts: [] }, "/parts"],
  ["POST", messages, { messages: [] }, "/messages"],
  [
    "POST",
    messages,
    { messages: [{ role: "user", content: "one" }, { role: "user" }] },
    "/messages/1/content",
  ],
  [
    "POST",
    messages,
    { messages: [{ role: "user", content: "one" }, { content: "two" }] },
    "/messages/1/role",
  ],
  ["POST", messages, [], ""],
  ["POST", messages, '"hello"', ""],
  ["POST", turns, {}, "/content"],
  ["POST", turns, { content: "" }, "/content"],
  ["POST", turns, { content: "\u2003" }, "/content"],
  ["POST", turns, { content: "😀".repeat(10_001) }, "/content"],
  ["POST", turns, { content: null, parts: null }, "/content"],
  ["POST", turns, { content: "hello", role: "assistant" }, "/role"],
  ["POST", turns, { content: "hello", id: 5 }, "/id"],
  ["POST", "/api/conversations", { title: 5 }, "/title"],
  ["POST", "/api/conversations", { title: " " }, "/title"],
  ["POST", "/api/conversations", { reuse: "newest" }, "/reuse"],
  ["POST", "/api/conversations", { scope: "" }, "/scope"],
  ["POST", "/api/conversations", { scopeLabel: "x" }, "/scopeLabel"],
  ["PATCH", `/api/conversations/${mine.id}`, { pinned: "yes" }, "/pinned"],
  ["PATCH", `/api/conversations/${mine.id}`, { owner: "me" }, "/owner"],
])("%s %s refuses %j and points to %s", async (method, path, body, pointer) => {
  const problem = await refused(path, { method, body, session: me });
  expect(problem).toMatchObject({ status: 400, code: "invalid_request", pointer });
  expect(problem.detail).toMatch(/^\S.*\.$/);
  await expectNothingStored();
});

test.each(["assistant", "tool", "system"])("a person may not write as %s", async (role) => {
  const one = await refused(messages, { method: "POST", body: { role, content: "x" }, session: me });
  expect(one).toMatchObject({ status: 403, code: "forbidden", pointer: "/role" });
  const body = {
    messages: [
      { role: "user", content: "x" },
      { role, content: "x" },
    ],
  };
  const several = await refused(messages, { method: "POST", body, session: me });
  expect(several).toMatchObject({ status: 403, code: "forbidden", pointer: "/messages/1/role" });
  await expectNothingStored();
});

test.each([
  ['{"role":"user","content":"hel', "line 1, column 30"],
  ['{"role":"user",\n "content":hello}', "line 2, column 12"],
  ["{'role':'user'}", "line 1, column 2"],
])("broken JSON %j is refused with its place", async (body, place) => {
  const problem = await refused(messages, { method: "POST", body, session: me });
  expect(problem).toMatchObject({ status: 400, code: "invalid_request", pointer: "" });
  expect(problem.detail).toBe(`The body is not valid JSON: ${place}.`);
  await expectNothingStored();
});

test("bytes that are not UTF-8 are refused", async () => {
  const body = Buffer.from('{"role":"user","content":"\xff"}', "latin1");
  expect(await refused(messages, { method: "POST", body, session: me })).toMatchObject({
    status: 400,
    code: "invalid_request",
    detail: "The body is not valid UTF-8.",
  });
});

test("a body that is nested too deeply is refused before it is walked", async () => {
  const nested = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const body = `{"role":"user","content":"x","metadata":{"a":${nested}}}`;
  expect(await refused(messages, { method: "POST", body, session: me })).toMatchObject({
    status: 400,
    pointer: "",
  });
});

test("a filter by metadata that is nested too deeply is refused before it is walked", async () => {
  const filter = encodeURIComponent('{"a":') + "[".repeat(5_000) + "]".repeat(5_000) + "%7D";
  const asked = await new Promise<string>((resolve, reject) => {
    const path = `/api/conversations?metadata=${filter}`;
    const sent = nodeRequest(url + path, { headers: { "x-session-id": me } }, (reply) => {
      reply.setEncoding("utf8").once("data", resolve);
    });
    sent.on("error", reject).end();
  });
  expect(JSON.parse(asked)).toMatchObject({
    status: 400,
    pointer: "metadata",
    detail: "`metadata` in the query is nested deeper than 500 levels.",
  });
});

test("a number that would not come back equal is refused", async () => {
  const body = '{"role":"user","content":"x","metadata":{"a":[1e400]}}';
  expect(await refused(messages, { method: "POST", body, session: me })).toMatchObject({
    status: 400,
    pointer: "/metadata",
  });
});

test.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp"])(
  "a body of type %s is refused",
  async (type) => {
    const body = JSON.stringify({ role: "user", content: "hello" });
    const headers = { "content-type": type };
    expect(await refused(messages, { method: "POST", body, headers, session: me })).toMatchObject({
      status: 400,
      code: "invalid_request",
      pointer: "content-type",
    });
    await expectNothingStored();
  },
);

test("`application/json; charset=utf-8` is taken, in any case", async () => {
  const own = await conversation(me);
  const response = await send(`/api/conversations/${own.id}/messages`, {
    method: "POST",
    body: JSON.stringify({ role: "user", content: "hello" }),
    headers: { "content-type": "Application/JSON; charset=UTF-8" },
    session: me,
  });
  expect(response.status).toBe(201);
  await send(`/api/conversations/${own.id}`, { method: "DELETE", session: me });
});

test("a body of 20 MB is refused by its declared length, before it is sent", async () => {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const call = nodeRequest(`${url}${messages}`, {
    method: "POST",
    headers: { "content-type": "application/json", "content-length": 20_000_000, "x-session-id": me },
  });
  call.on("response", (response) => resolve(response.statusCode ?? 0)).on("error", reject);
  call.flushHeaders();
  expect(await promise).toBe(413);
  call.destroy();
});

test("a body of 20 MB without a declared length is refused when the limit is passed", async () => {
  const block = new Uint8Array(64 * 1024).fill(0x20);
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(block);
      sent += block.byteLength;
      if (sent >= 20_000_000) controller.close();
    },
  });
  const response = await fetch(`${url}${messages}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-session-id": me },
    body,
    duplex: "half",
  } as RequestInit);
  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({
    code: "payload_too_large",
    detail: "The body is larger than 1048576 bytes.",
  });
  await expectNothingStored();
});

test.each([
  ["limit=0", "limit"],
  ["limit=101", "limit"],
  ["limit=ten", "limit"],
  ["limit=", "limit"],
  ["limit=1e1", "limit"],
  ["limit=-5", "limit"],
  ["limit=5&limit=6", "limit"],
  ["before=-1", "before"],
  ["before=1&after=2", "before"],
  ["page=2", "page"],
])("GET messages?%s is refused", async (query, pointer) => {
  expect(await refused(`${messages}?${query}`, { session: me })).toMatchObject({ status: 400, pointer });
});

test.each([
  ["limit=0", "limit"],
  ["archived=yes", "archived"],
  ["sort=title", "sort"],
  ["order=up", "order"],
  ["cursor=nonsense", "cursor"],
  ["session_id=5", "session_id"],
])("GET conversations?%s is refused", async (query, pointer) => {
  expect(await refused(`/api/conversations?${query}`, { session: me })).toMatchObject({
    status: 400,
    pointer,
  });
});

test.each([
  `/api/conversations/${"x".repeat(129)}`,
  "/api/conversations/two%20words",
  "/api/conversations/%C3%A9",
])("the malformed id in %s is refused", async (path) => {
  expect(await refused(path, { session: me })).toMatchObject({
    status: 400,
    code: "invalid_request",
    pointer: "conversation_id",
  });
});

test.each([
  [null, 401, "unauthenticated"],
  ["", 401, "unauthenticated"],
  ["me", 400, "invalid_request"],
  ["0b3f6e0a-6d0e-1b7e-9d60-0a4c6b7a2f10", 400, "invalid_request"],
])("the session id %j is answered with %i", async (id, status, code) => {
  const headers: Record<string, string> = id === null ? {} : { "x-session-id": id };
  for (const path of ["/api/conversations", messages, `${turns}/x/events`]) {
    expect(await refused(path, { headers })).toMatchObject({ status, code });
  }
});

test("who is asking is checked before the body is read", async () => {
  expect(await refused(messages, { method: "POST", body: "{" })).toMatchObject({ status: 401 });
});

test("a session id is taken in any case of its letters", async () => {
  const page = await send("/api/conversations", { session: me.toUpperCase() });
  expect(await page.json()).toMatchObject({ total: 1 });
});

test.each(["x", "-1", "1.5.2", "1.", "12345678901"])("the Last-Event-ID %j is refused", async (id) => {
  const path = `${turns}/0b3f6e0a-6d0e-4b7e-9d60-0a4c6b7a2f10/events`;
  expect(await refused(path, { headers: { "last-event-id": id }, session: me })).toMatchObject({
    status: 400,
    pointer: "last-event-id",
  });
});
