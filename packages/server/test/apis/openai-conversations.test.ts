import { type Person, newPerson, startApiServer } from "@chatkeep/testing/people";
import { OpenAIConversationsSession } from "@openai/agents";
import { OpenAI as OpenAI6 } from "openai6";
import { OpenAI as OpenAI7 } from "openai7";
import { describe, expect, it } from "vitest";

import { openBreakingWay } from "./cut.ts";

const { url, history, send } = await startApiServer();
const way = await openBreakingWay(url);

const TOOLS = [
  { type: "message", role: "user", content: [{ type: "input_text", text: "two things" }] },
  { type: "function_call", call_id: "call_1", name: "add", arguments: "{not json" },
  { type: "function_call", call_id: "call_2", name: "add", arguments: '{"b":2, "a":1}' },
  { type: "function_call_output", call_id: "call_2", output: "second first" },
  { type: "function_call_output", call_id: "call_1", output: "" },
  { type: "message", role: "assistant", content: [{ type: "output_text", text: "Done." }] },
];
const ODD = [
  { type: "reasoning", summary: [], encrypted_content: "gAAAA", status: "completed" },
  { type: "web_search_call", status: "completed", action: { type: "search", query: "q" } },
  { type: "of_another_year", nested: { "\u0000": ["\ud800", { b: 1, a: 2 }] }, id2: null },
  { type: "message", role: "assistant", content: [{ type: "refusal", refusal: "No." }], phase: "final" },
  { type: "message", role: "assistant", content: [] },
  { type: "message", role: "developer", content: "Be brief." },
  { type: "function_call_output", call_id: "call_9", output: [{ type: "input_text", text: "a list" }] },
];

/** What a client of OpenAI's looks like to us, whatever its version. */
type Client = OpenAI7;

describe.each([
  ["6", OpenAI6],
  ["7", OpenAI7],
])("the openai client, version %s", (_, OpenAI) => {
  const clientOf = (person: Person, baseURL = `${url}/v1`): Client => {
    const { authorization, ...defaultHeaders } = person.asServer;
    const apiKey = authorization?.slice("Bearer ".length) ?? "";
    return new OpenAI({ baseURL, apiKey, defaultHeaders }) as unknown as Client;
  };
  const open = async (): Promise<{ person: Person; client: Client; id: string }> => {
    const person = await newPerson();
    const client = clientOf(person);
    const { id } = await client.conversations.create({ metadata: { topic: "demo" } });
    return { person, client, id };
  };
  const append = async (client: Client, id: string, items: readonly object[]) =>
    (await client.conversations.items.create(id, { items: items as never })).data as unknown as Record<
      string,
      unknown
    >[];
  const all = async (client: Client, id: string, query: object = {}): Promise<Record<string, unknown>[]> => {
    const items: Record<string, unknown>[] = [];
    for await (const item of client.conversations.items.list(id, query)) {
      items.push(item as unknown as Record<string, unknown>);
    }
    return items;
  };

  it("makes, reads, annotates and deletes a conversation", async () => {
    const { client, id } = await open();
    const conversation = await client.conversations.retrieve(id);
    expect(conversation).toEqual({
      id: expect.stringMatching(/^conv_[0-9a-f]{32}$/) as string,
      object: "conversation",
      created_at: expect.any(Number) as number,
      metadata: { topic: "demo" },
    });
    expect(Math.abs(conversation.created_at - Date.now() / 1000)).toBeLessThan(60);
    const updated = await client.conversations.update(id, { metadata: { topic: "other" } });
    expect(updated.metadata).toEqual({ topic: "other" });
    expect(await client.conversations.delete(id)).toEqual({
      id,
      object: "conversation.deleted",
      deleted: true,
    });
    await expect(client.conversations.retrieve(id)).rejects.toMatchObject({
      status: 404,
      code: "conversation_not_found",
      type: "invalid_request_error",
    });
  });

  it("gives items back as they were sent, of types we know and of others", async () => {
    const { client, id } = await open();
    const stored = await append(client, id, [...TOOLS, ...ODD]);
    expect(stored).toHaveLength(TOOLS.length + ODD.length);
    expect(stored).toMatchObject(
      [...TOOLS, ...ODD].map((item) => {
        const { content } = item as { content?: unknown };
        return typeof content === "string" && !ODD.includes(item as never)
          ? { ...item, content: [{ text: content }] }
          : item;
      }),
    );
    expect(stored.map((item) => String(item["id"]).replace(/_.*/, ""))).toEqual(
      "msg fc fc fco fco msg rs msg msg msg msg msg fco".split(" "),
    );
    expect(await all(client, id, { order: "asc" })).toEqual(stored);
    expect(await all(client, id)).toEqual(stored.toReversed());
    const fetched = await client.conversations.items.retrieve(String(stored[3]?.["id"]), {
      conversation_id: id,
    });
    expect(fetched).toEqual(stored[3]);
  });

  it("takes more than 20 items in one POST, and pages through them both ways", async () => {
    const { client, id } = await open();
    const items = Array.from({ length: 45 }, (_, index) => ({
      type: "message",
      role: "user",
      content: `m${index}`,
    }));
    const stored = await append(client, id, items);
    const page = await client.conversations.items.list(id);
    expect(page.data).toHaveLength(20);
    expect(page).toMatchObject({ has_more: true, last_id: stored[25]?.["id"] });
    expect(await all(client, id)).toEqual(stored.toReversed());
    expect(await all(client, id, { order: "asc", limit: 7 })).toEqual(stored);
  });

  it("deletes an item", async () => {
    const { client, id } = await open();
    const stored = await append(client, id, TOOLS);
    const first = String(stored[0]?.["id"]);
    expect(await client.conversations.items.delete(first, { conversation_id: id })).toMatchObject({ id });
    expect(await all(client, id, { order: "asc" })).toEqual(stored.slice(1));
    await expect(client.conversations.items.retrieve(first, { conversation_id: id })).rejects.toMatchObject({
      status: 404,
      code: "message_not_found",
    });
  });

  it("deletes no item alone that is one of an answer's, and says how to delete the answer", async () => {
    const { person, client, id } = await open();
    const conversation = (await history.listConversations(person.owner)).conversations[0]?.id ?? "";
    await history.appendMessages(person.owner, conversation, [
      { id: "q", role: "user", content: "two things" },
      {
        id: "answer",
        role: "assistant",
        parts: [
          { type: "tool-call", id: "c1", name: "add", arguments: "{}" },
          { type: "tool-result", id: "c1", result: 3 },
          { type: "text", text: "Three." },
        ],
      },
    ]);
    const items = await all(client, id, { order: "asc" });
    expect(items).toHaveLength(4);
    for (const item of items.slice(1)) {
      const deleting = client.conversations.items.delete(String(item["id"]), { conversation_id: id });
      const refusal = (await deleting.catch((error: unknown) => error)) as Error & { status: number };
      expect(refusal).toMatchObject({ status: 409, code: "conflict" });
      const way = /DELETE (\S+)$/.exec(refusal.message)?.[1] ?? "";
      expect(way).toBe(`/api/conversations/${conversation}/messages/answer`);
    }
    expect(await all(client, id)).toHaveLength(4);
    const path = `/api/conversations/${conversation}/messages/answer`;
    expect((await send(path, { method: "DELETE", headers: person.headers })).status).toBe(204);
    expect(await all(client, id)).toHaveLength(1);
  });

  it("stores nothing twice when it sends again what was cut off after the write", async () => {
    const { person, id } = await open();
    const client = clientOf(person, `${way.url}/v1`);
    const before = way.attempts.length;
    way.cutAfterAnswer(2);
    const stored = await append(client, id, TOOLS);
    expect(way.attempts.slice(before)).toEqual(["0", "1", "2"]);
    expect(await all(client, id, { order: "asc" })).toEqual(stored);
    expect(stored).toHaveLength(TOOLS.length);

    way.cutBefore(1);
    const items = [{ type: "message", role: "user", content: "never seen" }];
    await append(client, id, items);
    expect(await all(client, id)).toHaveLength(TOOLS.length + 1);
  });

  it("stores the same words as often as they are said", async () => {
    const { client, id } = await open();
    const yes = [{ type: "message", role: "user", content: "yes" }];
    await append(client, id, yes);
    await append(client, id, yes);
    await Promise.all([append(client, id, yes), append(client, id, yes), append(client, id, yes)]);
    expect(await all(client, id)).toHaveLength(5);
  });

  it("finds its retry beside what others wrote meanwhile", async () => {
    const { client, person, id } = await open();
    const body = { items: [{ type: "message", role: "user", content: "once" }] };
    const post = (count: string) =>
      send(`/v1/conversations/${id}/items`, {
        method: "POST",
        body,
        headers: { ...person.asServer, "x-stainless-retry-count": count },
      });
    const first = await (await post("0")).json();
    await append(client, id, [{ type: "message", role: "user", content: "somebody else" }]);
    expect(await (await post("1")).json()).toEqual(first);
    expect(await all(client, id)).toHaveLength(2);
  });

  it("makes a conversation with items once, and no second one for a retry", async () => {
    const person = await newPerson();
    const client = clientOf(person, `${way.url}/v1`);
    way.cutAfterAnswer(1);
    const items = [{ type: "message", role: "user", content: "first words" }] as never;
    const { id } = await client.conversations.create({ items });
    expect(await all(client, id)).toHaveLength(1);
    expect((await history.listConversations(person.owner)).total).toBe(1);
    way.cutAfterAnswer(1);
    const empty = await client.conversations.create({ metadata: { topic: "empty" } });
    expect(empty.id).not.toBe(id);
    expect((await history.listConversations(person.owner)).total).toBe(2);
  });

  it("tells errors in OpenAI's form, with the request's id", async () => {
    const { client, id } = await open();
    const wrong = client.conversations.items.create(id, { items: [] });
    await expect(wrong).rejects.toMatchObject({
      status: 400,
      type: "invalid_request_error",
      code: "invalid_request",
      param: "/items",
      requestID: expect.any(String) as string,
    });
    const other = await newPerson();
    await expect(clientOf(other).conversations.retrieve(id)).rejects.toMatchObject({
      status: 403,
      type: "permission_error",
      code: "forbidden",
    });
    const none = new OpenAI({ baseURL: `${url}/v1`, apiKey: "nobody", maxRetries: 0 }) as unknown as Client;
    await expect(none.conversations.retrieve(id)).rejects.toMatchObject({ status: 401 });
    const user = new OpenAI({
      baseURL: `${url}/v1`,
      apiKey: other.headers["authorization"]?.slice("Bearer ".length) ?? "",
    }) as unknown as Client;
    const own = await user.conversations.create();
    await expect(append(user, own.id, [TOOLS[5] as object])).rejects.toMatchObject({ status: 403 });
    await append(user, own.id, [TOOLS[0] as object]);
  });

  it("keeps an Agents session", async () => {
    const person = await newPerson();
    const session = new OpenAIConversationsSession({ client: clientOf(person) as never });
    const words = [
      { type: "message", role: "user", content: "Hello" },
      {
        type: "message",
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: "Hi." }],
      },
      { type: "function_call", callId: "c1", name: "add", arguments: "{}", status: "completed" },
      {
        type: "function_call_result",
        callId: "c1",
        name: "add",
        status: "completed",
        output: { type: "text", text: "3" },
      },
    ] as const;
    await session.addItems(words as never);
    const items = await session.getItems();
    expect(items).toMatchObject([
      { role: "user", content: [{ type: "input_text", text: "Hello" }] },
      { role: "assistant", content: [{ type: "output_text", text: "Hi." }] },
      { type: "function_call", callId: "c1", name: "add", arguments: "{}" },
      { type: "function_call_result", callId: "c1" },
    ]);
    expect(await session.getItems(2)).toEqual(items.slice(-2));
    expect(await session.popItem()).toEqual(items[3]);
    expect(await session.getItems()).toEqual(items.slice(0, 3));
    const id = await session.getSessionId();
    await session.clearSession();
    expect((await history.listConversations(person.owner)).total).toBe(0);
    expect(await session.getSessionId()).not.toBe(id);
  });
});
