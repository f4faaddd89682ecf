import { newPerson, startApiServer } from "@chatkeep/testing/people";
import { describe, expect, it } from "vitest";

const { send, refused, history } = await startApiServer({
  async *answers({ question }) {
    if (question.content === "fail") throw new Error("the model is gone");
    yield { type: "intent", intent: "create_todo", processed: true };
    yield "Added ‘buy milk’.";
  },
});

interface Started {
  sessionId: string;
  conversationId: string;
}

async function start(headers: Record<string, string>, body: object = {}): Promise<Started> {
  const response = await send("/api/chat/start", { method: "POST", body, headers });
  expect(response.status).toBe(200);
  return (await response.json()) as Started;
}

describe("the API of chat sessions", () => {
  it("starts one, answers in it and reads it, in the seeds' shapes", async () => {
    const { id: userId, headers } = await newPerson();
    const response = await send("/api/chat/start", { method: "POST", body: {}, headers });
    const started = (await response.json()) as Started;
    expect(started).toEqual({
      sessionId: expect.stringMatching(/^sess_[\w-]{32}$/) as string,
      conversationId: expect.any(String) as string,
      message: "Chat session started successfully",
    });
    const { sessionId, conversationId } = started;

    const answered = await send(`/api/chat/${sessionId}/message`, {
      method: "POST",
      body: { message: "buy milk", userId },
      headers,
    });
    expect(await answered.json()).toEqual({
      response: "Added ‘buy milk’.",
      intent: "create_todo",
      processed: true,
      sessionId,
      conversationId,
    });

    const read = await send(`/api/chat/${sessionId}/history?limit=50&offset=0`, { headers });
    const base = { id: expect.any(String) as string, sessionId, timestamp: expect.any(String) as string };
    expect(await read.json()).toEqual({
      messages: [
        { ...base, sender: "user", content: "buy milk", intent: null, processed: null },
        { ...base, sender: "ai", content: "Added ‘buy milk’.", intent: "create_todo", processed: true },
      ],
      totalCount: 2,
      sessionId,
      conversationId,
    });
  });

  it("starts one of a conversation that is there, and of no other's", async () => {
    const me = await newPerson();
    const other = await newPerson();
    const { conversationId } = await start(me.headers);
    const again = await start(me.headers, { conversationId });
    expect(again.conversationId).toBe(conversationId);
    const body = { conversationId };
    expect(await refused("/api/chat/start", { method: "POST", body, headers: other.headers })).toMatchObject({
      status: 403,
    });
    const missing = { method: "POST", body: { conversationId: "none" }, headers: me.headers };
    expect(await refused("/api/chat/start", missing)).toMatchObject({ status: 404 });
  });

  it("is read by nobody else, whoever holds the handle", async () => {
    const me = await newPerson();
    const other = await newPerson();
    const { sessionId } = await start(me.headers);
    for (const [path, method, body] of [
      ["message", "POST", { message: "hello" }],
      ["history", "GET", undefined],
      ["", "DELETE", undefined],
    ] as const) {
      const at = `/api/chat/${sessionId}${path === "" ? "" : `/${path}`}`;
      const init = { method, ...(body === undefined ? {} : { body }) };
      expect(await refused(at, { ...init, headers: other.headers })).toMatchObject({ status: 403 });
      expect(await refused(at, init)).toMatchObject({ status: 401 });
      const missing = at.replace(sessionId, `sess_${"0".repeat(32)}`);
      expect(await refused(missing, { ...init, headers: me.headers })).toMatchObject({ status: 404 });
    }
  });

  it("refuses a user id that is not the credential's", async () => {
    const { headers } = await newPerson();
    const { sessionId } = await start(headers);
    for (const userId of ["somebody", 7]) {
      const body = { message: "hello", userId };
      const problem = await refused(`/api/chat/${sessionId}/message`, { method: "POST", body, headers });
      expect(problem).toMatchObject({ status: 403, pointer: "/userId" });
    }
  });

  it("is inactive once it was ended, and its conversation stays", async () => {
    const { headers, owner } = await newPerson();
    const { sessionId, conversationId } = await start(headers);
    const ended = await send(`/api/chat/${sessionId}`, { method: "DELETE", headers });
    expect(await ended.json()).toEqual({ message: expect.any(String) as string, sessionId });
    const body = { message: "hello" };
    const problem = await refused(`/api/chat/${sessionId}/message`, { method: "POST", body, headers });
    expect(problem).toMatchObject({ status: 400, detail: "Chat session is inactive" });
    expect((await history.getConversation(owner, conversationId)).messageCount).toBe(0);
  });

  it("tells of an answer that failed, and refuses blank text", async () => {
    const { headers } = await newPerson();
    const { sessionId } = await start(headers);
    const at = `/api/chat/${sessionId}/message`;
    const failed = await send(at, { method: "POST", body: { message: "fail" }, headers });
    expect(await failed.json()).toMatchObject({
      response: "",
      status: "failed",
      error: { code: "model_error" },
    });
    expect(await refused(at, { method: "POST", body: { message: " " }, headers })).toMatchObject({
      status: 400,
    });
    const long = { message: "x".repeat(10_001) };
    expect(await refused(at, { method: "POST", body: long, headers })).toMatchObject({ status: 400 });
  });

  it("takes what the seeds send to the canonical paths, with a slash at the end", async () => {
    const { headers, id } = await newPerson();
    const made = await send("/api/conversations/", { method: "POST", body: {}, headers });
    expect(made.status).toBe(201);
    const conversation = (await made.json()) as { id: string };
    expect(conversation).toMatchObject({ user_id: id, created_at: expect.any(String) as string });
    const listed = await send("/api/conversations/?limit=20&offset=0&sort=updated_at&order=desc", {
      headers,
    });
    expect(await listed.json()).toMatchObject({
      conversations: [{ id: conversation.id }],
      total: 1,
      limit: 20,
      offset: 0,
    });
    const at = `/api/conversations/${conversation.id}/messages`;
    const stored = await send(at, { method: "POST", body: { role: "user", content: "hi" }, headers });
    expect(stored.status).toBe(201);
    const message = { user_id: id, conversation_id: conversation.id, role: "user", content: "hi" };
    expect(await stored.json()).toMatchObject(message);
    expect(await (await send(at, { headers })).json()).toMatchObject({
      messages: [message],
      total: 1,
      limit: 50,
      offset: 0,
    });
  });
});
