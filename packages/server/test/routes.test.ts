import type { WireConversationPage, WireMessage, WireMessagePage } from "@chatkeep/protocol";
import { startServer } from "@chatkeep/testing/server";
import { expect, test } from "vitest";

const { url, send, refused, session, conversation, logged } = await startServer();

test("a conversation is made, read, changed, listed and deleted", async () => {
  const me = session();
  const body = { scope: "intro", scope_label: "Introduction", metadata: { colour: "red" } };
  const made = await send("/api/conversations", { method: "POST", body, session: me });
  expect(made.status).toBe(201);
  const { id, ...rest } = (await made.json()) as Record<string, unknown>;
  expect(rest).toMatchObject({
    user_id: null,
    scope: "intro",
    scope_label: "Introduction",
    is_default: true,
  });

  const again = await send("/api/conversations", { method: "POST", body, session: me });
  expect(again.status).toBe(200);
  expect(await again.json()).toMatchObject({ id });

  const path = `/api/conversations/${String(id)}`;
  const patch = { title: "Mine", pinned: true, archived: false };
  const changed = await send(path, { method: "PATCH", body: patch, session: me });
  expect(await changed.json()).toMatchObject({
    title: "Mine",
    metadata: { colour: "red" },
    archived_at: null,
  });
  expect(await (await send(path, { session: me })).json()).toMatchObject({ title: "Mine" });

  const list = (await (await send("/api/conversations", { session: me })).json()) as WireConversationPage;
  expect(list).toMatchObject({ total: 1, limit: 20, offset: 0, next_cursor: null });
  expect(list.conversations.map((one) => one.id)).toEqual([id]);

  expect((await send(path, { method: "DELETE", session: me })).status).toBe(204);
  expect(await refused(path, { session: me })).toMatchObject({ status: 404, code: "conversation_not_found" });
});

test("a change of head and of other fields is made whole or not at all", async () => {
  const me = session();
  const { id } = await conversation(me);
  const path = `/api/conversations/${id}`;
  const append = (message: string, parent: string | null) =>
    send(`${path}/messages`, {
      method: "POST",
      body: { id: message, role: "user", content: message, parent_id: parent },
      session: me,
    });
  await append("a", null);
  await append("b", null);
  const read = async () => (await (await send(path, { session: me })).json()) as object;
  const before = await read();
  for (const [body, status] of [
    [{ head_id: "nobody", title: "Mine" }, 404],
    [{ head_id: "a", metadata: { all: "x".repeat(20_000) } }, 413],
  ] as const) {
    expect((await send(path, { method: "PATCH", body, session: me })).status).toBe(status);
    expect(await read()).toEqual(before);
  }
  const body = { head_id: "a", title: "Mine" };
  const changed = await send(path, { method: "PATCH", body, session: me });
  expect(await changed.json()).toMatchObject({ head_id: "a", title: "Mine", preview: "a" });
});

test("conversations are paged with a cursor, and by offset in either order", async () => {
  const me = session();
  const ids = ["a", "b", "c", "d", "e"];
  for (const id of ids) await send("/api/conversations", { method: "POST", body: { id }, session: me });
  const page = async (query: string): Promise<WireConversationPage> =>
    (await (await send(`/api/conversations?${query}`, { session: me })).json()) as WireConversationPage;

  const first = await page("limit=2");
  expect(first.conversations.map((one) => one.id)).toEqual(["e", "d"]);
  const second = await page(`limit=2&cursor=${first.next_cursor ?? ""}`);
  expect(second.conversations.map((one) => one.id)).toEqual(["c", "b"]);
  const counted = await page("limit=2&offset=1&sort=created_at&order=asc");
  expect(counted).toMatchObject({ total: 5, limit: 2, offset: 1 });
  expect(counted.conversations.map((one) => one.id)).toEqual(["b", "c"]);
});

test("messages are appended, one or several at once, and paged from the latest", async () => {
  const me = session();
  const { id } = await conversation(me);
  const path = `/api/conversations/${id}/messages`;
  const one = await send(path, { method: "POST", body: { role: "user", content: "one" }, session: me });
  expect(one.status).toBe(201);
  expect(await one.json()).toMatchObject({ seq: 1, content: "one", conversation_id: id, user_id: null });

  const messages = ["two", "three"].map((content) => ({ role: "user", content, id: content }));
  const several = await send(path, { method: "POST", body: { messages }, session: me });
  const stored = (await several.json()) as { messages: WireMessage[] };
  expect(stored.messages.map(({ seq, id }) => [seq, id])).toEqual([
    [2, "two"],
    [3, "three"],
  ]);

  const page = (await (await send(`${path}?limit=2`, { session: me })).json()) as WireMessagePage;
  expect(page).toMatchObject({ total: 3, limit: 2, offset: 0, has_more: true });
  expect(page.messages.map(({ content }) => content)).toEqual(["two", "three"]);
  const older = (await (await send(`${path}?before=2`, { session: me })).json()) as WireMessagePage;
  expect(older.messages.map(({ content }) => content)).toEqual(["one"]);

  const cleared = await send(path, { method: "DELETE", session: me });
  expect(await cleared.json()).toEqual({ deleted: 3 });
});

test("a message with this id and another body is refused", async () => {
  const me = session();
  const { id } = await conversation(me);
  const path = `/api/conversations/${id}/messages`;
  const post = (content: string): Promise<Response> =>
    send(path, { method: "POST", body: { id: "m1", role: "user", content }, session: me });
  expect(await (await post("one")).json()).toMatchObject({ id: "m1", seq: 1 });
  expect(await (await post("one")).json()).toMatchObject({ id: "m1", seq: 1 });
  const problem = await refused(path, {
    method: "POST",
    body: { id: "m1", role: "user", content: "two" },
    session: me,
  });
  expect(problem).toMatchObject({ status: 409, code: "idempotency_mismatch" });
});

test("what null stands for is not given: the fields of a reply are taken as they are", async () => {
  const me = session();
  const { id } = await conversation(me);
  const nothing = {
    tool_calls: null,
    tool_call_id: null,
    citations: null,
    parts: null,
    id: null,
    usage: null,
  };
  const body = { role: "user", content: "hello", ...nothing };
  const response = await send(`/api/conversations/${id}/messages`, { method: "POST", body, session: me });
  expect(await response.json()).toMatchObject({ content: "hello", tool_calls: null, citations: null });
});

test("any JSON comes back as it was: key order, numbers, NUL, lone surrogates and __proto__", async () => {
  const me = session();
  const { id } = await conversation(me);
  const metadata = '{"b":1,"a":{"__proto__":{"x":[]},"\\u0000":"\\ud800","e":-0.1e-7,"z":[null,1e21]}}';
  const body = `{"role":"user","parts":[{"type":"data","name":"n","data":${metadata}},{"type":"text","text":"\\udfff\\u0000"}],"metadata":${metadata}}`;
  const response = await send(`/api/conversations/${id}/messages`, { method: "POST", body, session: me });
  const text = await response.text();
  expect(text).toContain(`"metadata":${JSON.stringify(JSON.parse(metadata))}`);
  expect(text).toContain(`"data":${JSON.stringify(JSON.parse(metadata))}`);
  expect(text).toContain('"content":"\\udfff\\u0000"');
});

test.each([
  "a/b",
  "a%2Fb",
  "a%b",
  "?x=1",
  "#",
  "ö".normalize("NFD").slice(0, 1),
  "~!$&'()*+,;=:@",
  "a\\b",
  "%",
])("the id %j is kept through a path", async (id) => {
  const me = session();
  await send("/api/conversations", { method: "POST", body: { id }, session: me });
  const response = await send(`/api/conversations/${encodeURIComponent(id)}`, { session: me });
  expect(await response.json()).toMatchObject({ id });
  const messages = await send(`/api/conversations/${encodeURIComponent(id)}/messages`, { session: me });
  expect(messages.status).toBe(200);
});

test("trailing slashes are accepted on every route", async () => {
  const me = session();
  const { id } = await conversation(me);
  for (const path of [
    "/api/conversations",
    `/api/conversations/${id}`,
    `/api/conversations/${id}/messages`,
  ]) {
    expect((await send(`${path}/`, { session: me })).status).toBe(200);
    expect((await send(`${path}/?`, { session: me })).status).toBe(200);
  }
  expect((await send("/api/conversations/", { method: "POST", body: {}, session: me })).status).toBe(201);
  expect((await send("/health/")).status).toBe(200);
});

test("a POST without a body is an empty one", async () => {
  const response = await send("/api/conversations", { method: "POST", session: session() });
  expect(response.status).toBe(201);
});

test("HEAD is GET without its body", async () => {
  const me = session();
  const { id } = await conversation(me);
  for (const path of ["/health", "/openapi.json", "/docs", `/api/conversations/${id}`]) {
    const response = await send(path, { method: "HEAD", session: me });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("");
  }
  expect((await send(`/api/conversations/${id}`, { method: "HEAD" })).status).toBe(401);
});

test("another method is refused and told which there are; OPTIONS tells them too", async () => {
  const { id } = await conversation(session());
  const cases = [
    ["/api/conversations", "POST, GET, HEAD, OPTIONS"],
    [`/api/conversations/${id}`, "GET, PATCH, DELETE, HEAD, OPTIONS"],
    ["/health", "GET, HEAD, OPTIONS"],
  ] as const;
  for (const [path, allow] of cases) {
    const response = await send(path, { method: "PUT" });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe(allow);
    expect(await response.json()).toMatchObject({ status: 405, code: "method_not_allowed" });
    const options = await send(path, { method: "OPTIONS" });
    expect([options.status, options.headers.get("allow")]).toEqual([204, allow]);
  }
});

test("another method is refused in the error format of the address's API", async () => {
  const response = await send("/v1/responses", { method: "DELETE" });
  expect([response.status, response.headers.get("allow")]).toEqual([405, "POST, OPTIONS"]);
  expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
  expect(await response.json()).toMatchObject({ error: { code: "method_not_allowed", param: null } });
});

test("what is not there is a problem too", async () => {
  for (const path of ["/", "/api", "/api/nothing", "/api/conversations/x/y/z"]) {
    expect(await refused(path, { session: session() })).toMatchObject({ status: 404, code: "not_found" });
  }
});

test("another's conversation is forbidden, whatever is asked of it", async () => {
  const { id } = await conversation(session());
  const other = session();
  const path = `/api/conversations/${id}`;
  const turn = `${path}/turns/0b3f6e0a-6d0e-4b7e-9d60-0a4c6b7a2f10`;
  const calls = [
    ["GET", path],
    ["PATCH", path, { title: "x" }],
    ["DELETE", path],
    ["GET", `${path}/messages`],
    ["POST", `${path}/messages`, { role: "user", content: "x" }],
    ["DELETE", `${path}/messages`],
    ["POST", `${path}/turns`, { content: "x" }],
    ["GET", turn],
    ["GET", `${turn}/events`],
    ["POST", `${turn}/stop`],
  ] as const;
  for (const [method, address, body] of calls) {
    expect(await refused(address, { method, body, session: other })).toMatchObject({
      status: 403,
      code: "forbidden",
    });
  }
});

test("a sane request id is taken over, another is made, and both are given back and logged", async () => {
  const given = await send("/health", { headers: { "x-request-id": "proxy-1:2/3" } });
  expect(given.headers.get("x-request-id")).toBe("proxy-1:2/3");
  const made = await send("/health", { headers: { "x-request-id": "not sane <script>" } });
  expect(made.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  const ids = logged().map((line) => line["requestId"]);
  expect(ids).toContain("proxy-1:2/3");
  expect(ids).toContain(made.headers.get("x-request-id"));
});

test("a person's data is never cached, and no reply is sniffed or framed", async () => {
  const me = session();
  const { id } = await conversation(me);
  for (const path of [
    "/api/conversations",
    `/api/conversations/${id}`,
    `/api/conversations/${id}/messages`,
  ]) {
    const { headers } = await send(path, { session: me });
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
  }
});

test("neither session ids, nor ids in addresses, nor text are logged", async () => {
  const me = session();
  const secret = "a-very-secret-word";
  await send("/api/conversations", {
    method: "POST",
    body: { id: `c-${secret}`, title: secret },
    session: me,
  });
  const path = `/api/conversations/c-${secret}`;
  await send(`${path}/messages`, { method: "POST", body: { role: "user", content: secret }, session: me });
  await send(`${path}/messages?limit=5&session_id=${me}`, { session: me });
  await send(`${path}/messages`, {
    method: "POST",
    body: `{"role":"user","content":"${secret}`,
    session: me,
  });
  await send(`/nowhere/${secret}?q=${secret}`, { session: me });
  const lines = JSON.stringify(logged());
  expect(lines).not.toContain(me);
  expect(lines).not.toContain(secret);
  expect(
    logged().filter((line) => line["route"] === "/api/conversations/{conversation_id}/messages"),
  ).not.toEqual([]);
});

test("the probe of the database is live", async () => {
  const health = await fetch(`${url}/health`);
  expect(health.status).toBe(200);
  expect(health.headers.get("cache-control")).toBe("no-store");
  expect(await health.json()).toMatchObject({ status: "ok", database: { status: "ok" } });
  expect(await (await fetch(`${url}/ready`)).json()).toEqual({ ready: true });
});
