import { newPerson, startApiServer } from "@chatkeep/testing/people";
import { describe, expect, it } from "vitest";

const CALL = {
  id: "call_1",
  type: "function",
  function: { name: "add_task", arguments: '{"title": "milk"' },
};

const { send, refused, history } = await startApiServer({
  async *answers() {
    yield { type: "tool-call", id: "call_1", name: "add_task", arguments: CALL.function.arguments };
    yield { type: "tool-result", id: "call_1", result: "done" };
    yield "Added.";
  },
});

const text = expect.any(String) as string;

describe("the API of a user's conversations", () => {
  it("gets or makes one, lists, asks and reads, in the seed's shapes", async () => {
    const { id, headers } = await newPerson();
    const made = await send(`/api/${id}/conversations`, { method: "POST", body: {}, headers });
    expect(made.status).toBe(201);
    const conversation = (await made.json()) as { conversation_id: string };
    expect(conversation).toEqual({ conversation_id: text, user_id: id, created_at: text, updated_at: text });
    const again = await send(`/api/${id}/conversations`, { method: "POST", headers });
    expect(again.status).toBe(200);
    expect(await again.json()).toEqual(conversation);
    const listed = await send(`/api/${id}/conversations`, { headers });
    expect(await listed.json()).toEqual({ user_id: id, conversations: [conversation], next_cursor: null });

    const { conversation_id } = conversation;
    const answered = await send(`/api/${id}/chat`, {
      method: "POST",
      body: { message: "add milk", conversation_id },
      headers,
    });
    expect(await answered.json()).toEqual({ conversation_id, response: "Added.", tool_calls: [CALL] });
    const read = await send(`/api/${id}/conversations/${conversation_id}/messages`, { headers });
    expect(await read.json()).toEqual({
      conversation_id,
      messages: [
        { message_id: text, role: "user", content: "add milk", tool_calls: null, created_at: text },
        { message_id: text, role: "assistant", content: "Added.", tool_calls: [CALL], created_at: text },
      ],
      total: 2,
      next_before: null,
    });
  });

  it("keeps tool conversations as they were sent, by a back end's key", async () => {
    const { id, headers, asServer } = await newPerson();
    const { conversation_id } = (await (
      await send(`/api/${id}/conversations`, { method: "POST", body: {}, headers })
    ).json()) as { conversation_id: string };
    const at = `/api/${id}/conversations/${conversation_id}/messages`;
    const single = { name: "anything", args: [1, { b: 2, a: 1 }] };
    const sent = [
      { role: "user", content: "two things" },
      { role: "assistant", content: "", tool_calls: [CALL, { ...CALL, id: "call_2" }] },
      { role: "tool", content: "second first", tool_call_id: "call_2" },
      { role: "tool", content: "then the first", tool_call_id: "call_1" },
      { role: "assistant", content: "Done.", tool_calls: single },
      { role: "tool", content: "of no call" },
    ];
    for (const body of sent) {
      const stored = await send(at, { method: "POST", body, headers: asServer });
      expect(stored.status).toBe(201);
      expect(await stored.json()).toEqual({
        message_id: text,
        conversation_id,
        tool_calls: null,
        created_at: text,
        ...body,
      });
    }
    const page = (await (await send(at, { headers })).json()) as { messages: object[] };
    expect(page.messages).toMatchObject(sent);
    const own = await refused(at, { method: "POST", body: sent[1], headers });
    expect(own).toMatchObject({ status: 403, pointer: "/role" });
  });

  it.each(["chat", "me", "trash", "sessions", "search", "book", "admin"])(
    "is there for a user whose id is `%s`, as other addresses begin",
    async (name) => {
      const { id, headers } = await newPerson(name);
      const made = await send(`/api/${id}/conversations`, { method: "POST", headers });
      expect(made.status).toBe(201);
      const { conversation_id } = (await made.json()) as { conversation_id: string };
      const asked = await send(`/api/${id}/chat`, { method: "POST", body: { message: "hi" }, headers });
      expect(await asked.json()).toMatchObject({ conversation_id, response: "Added." });
      const listed = await send(`/api/${id}/conversations/`, { headers });
      expect(await listed.json()).toMatchObject({ user_id: id, conversations: [{ conversation_id }] });
      const read = await send(`/api/${id}/conversations/${conversation_id}/messages`, { headers });
      expect(await read.json()).toMatchObject({ messages: [{ content: "hi" }, { content: "Added." }] });
    },
  );

  it("refuses the user `conversations`, whose addresses are those of single conversations, and says so", async () => {
    const { id, headers } = await newPerson("conversations");
    for (const [path, body] of [
      ["conversations", {}],
      ["chat", { message: "hi" }],
    ] as const) {
      const problem = await refused(`/api/${id}/${path}`, { method: "POST", body, headers });
      expect(problem).toMatchObject({ status: 400, pointer: "user_id" });
      expect(problem.detail).toContain("Use the API under `/api/conversations`");
    }
  });

  it("is nobody's under another's id", async () => {
    const me = await newPerson();
    const other = await newPerson();
    const body = { message: "hello" };
    for (const [method, path] of [
      ["POST", "conversations"],
      ["GET", "conversations"],
      ["POST", "chat"],
      ["GET", "conversations/x/messages"],
    ] as const) {
      const init = method === "POST" ? { method, body } : { method };
      const at = `/api/${me.id}/${path}`;
      expect(await refused(at, { ...init, headers: other.headers })).toMatchObject({ status: 403 });
      expect(await refused(at, init)).toMatchObject({ status: 401 });
    }
    const { conversation_id } = (await (
      await send(`/api/${me.id}/conversations`, { method: "POST", body: {}, headers: me.headers })
    ).json()) as { conversation_id: string };
    const foreign = `/api/${other.id}/conversations/${conversation_id}/messages`;
    expect(await refused(foreign, { headers: other.headers })).toMatchObject({ status: 403 });
    const missing = { method: "POST", body: { ...body, conversation_id: "none" }, headers: me.headers };
    expect(await refused(`/api/${me.id}/chat`, missing)).toMatchObject({ status: 404 });
  });

  it("ends a page of large messages early, and goes on from `next_before`", async () => {
    const { id, owner, headers } = await newPerson();
    const { conversation } = await history.createConversation(owner);
    for (let count = 0; count < 6; count += 1) {
      const content = String(count).repeat(3 * 1024 * 1024);
      await history.appendMessages(owner, conversation.id, [{ role: "assistant", content }]);
    }
    const path = `/api/${id}/conversations/${conversation.id}/messages?limit=1000`;
    const pages: string[] = [];
    let next = "";
    do {
      const page = (await (await send(path + next, { headers })).json()) as {
        messages: { content: string }[];
        next_before: number | null;
      };
      pages.unshift(page.messages.map(({ content }) => content[0]).join(""));
      next = page.next_before === null ? "" : `&before=${page.next_before}`;
    } while (next !== "");
    expect(pages.length).toBeGreaterThan(1);
    expect(pages.join("")).toBe("012345");
  });
});
