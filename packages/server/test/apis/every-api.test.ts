import { randomUUID } from "node:crypto";

import {
  type Citation,
  type Conversation,
  type Message,
  type Responder,
  type WireMessage,
  createClient,
  messageFromWire,
  uiMessagesOf,
} from "@chatkeep/protocol";
import { type Person, newPerson, startApiServer } from "@chatkeep/testing/people";
import { validateUIMessages as validate5 } from "ai5";
import { validateUIMessages as validate6 } from "ai6";
import { validateUIMessages as validate7 } from "ai7";
import { OpenAI } from "openai7";
import { describe, expect, it } from "vitest";

import { openChat } from "./ai-sdk-chat.ts";

const CITATION: Citation = {
  path: "docs/intro.md",
  chapter: "Introduction",
  section: "What it is",
  anchor: "what",
  quote: "A “book”\u0000.",
  score: 0.92,
  url: null,
};

/** An answer with all that the APIs tell each other of: parallel calls, results out of order, no JSON. */
const answers: Responder = async function* ({ question }) {
  if (question.role === "tool") return yield "Done.";
  yield { type: "citation", citation: CITATION };
  yield { type: "tool-call", id: "c1", name: "add", arguments: "{not json" };
  yield { type: "tool-call", id: "c2", name: "add", arguments: '{"b":1, "a":2}' };
  // Left to the client.
  if (question.content === CLIENT_RUNS) return;
  yield { type: "tool-result", id: "c2", result: { b: 1, a: [null] } };
  yield { type: "tool-result", id: "c1", result: "it threw", error: true };
  yield { type: "data", name: "chart", data: { "\ud800": 1 } };
  yield { type: "intent", intent: "create_todo", processed: true };
  yield "Done \ud83d\ude00 \u202b\u05d0\u202c.";
};

/** Asks for calls that the client runs. */
const CLIENT_RUNS = "I run the tools";

const { url, history, send } = await startApiServer({ answers });

const post = async (
  person: Person,
  path: string,
  body: object,
  headers = person.headers,
): Promise<unknown> => {
  const response = await send(path, { method: "POST", body, headers });
  if (!response.ok) throw new Error(`${path} answers ${response.status}: ${await response.text()}`);
  return (response.headers.get("content-type") ?? "").includes("json") ? response.json() : response.text();
};
const clientOf = ({ asServer: { authorization, ...defaultHeaders } }: Person): OpenAI =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey: authorization?.slice("Bearer ".length) ?? "", defaultHeaders });

const CALLS = [
  { id: "c1", type: "function", function: { name: "add", arguments: "{not json" } },
  { id: "c2", type: "function", function: { name: "add", arguments: "" } },
];
const TOOLS = [
  { role: "user", content: "two things" },
  { role: "assistant", content: "", tool_calls: CALLS },
  { role: "tool", content: "second first", tool_call_id: "c2" },
  { role: "tool", content: "", tool_call_id: "c1" },
  { role: "assistant", content: "Done.", tool_calls: { odd: [{ b: 1, a: 2 }] } },
];

/** What is said through each API to somebody new. */
const WRITERS: Record<string, (person: Person) => Promise<unknown>> = {
  "the native API, messages": async (person) => {
    const made = (await post(person, "/api/conversations", {})) as Conversation;
    const parts = [
      { type: "reasoning", text: "Hm." },
      { type: "citation", citation: { ...CITATION, url: "https://example.org/a" } },
      { type: "text", text: "See [1]." },
      { type: "data", name: "of-another-year", data: { x: [1e21, "\u0000"] } },
    ];
    const messages = [...TOOLS, { role: "assistant", parts }, { role: "system", content: "Be brief." }];
    await post(person, `/api/conversations/${made.id}/messages`, { messages }, person.asServer);
  },
  "the native API, a turn": async (person) => {
    const made = (await post(person, "/api/conversations", {})) as Conversation;
    await post(person, `/api/conversations/${made.id}/turns`, { content: "Ask", context_text: "selected" });
  },
  "a book's assistant": (person) =>
    post(person, "/chat/agent", { question: "What is it?", filters: { chapter: "Introduction" } }),
  "a book's assistant, streamed": (person) => post(person, "/chat", { question: "And all?", stream: true }),
  "a book widget": (person) =>
    post(person, "/api/chat", { session_id: null, message: "This?", selected_text: "a <b>" }),
  "a chat session": async (person) => {
    const { sessionId } = (await post(person, "/api/chat/start", {})) as { sessionId: string };
    await post(person, `/api/chat/${sessionId}/message`, { message: "buy milk", userId: person.id });
  },
  "a user's conversations, messages": async (person) => {
    const at = `/api/${encodeURIComponent(person.id)}/conversations`;
    const { conversation_id: id } = (await post(person, at, {})) as { conversation_id: string };
    for (const message of TOOLS) await post(person, `${at}/${id}/messages`, message, person.asServer);
  },
  "a user's conversations, a question": (person) =>
    post(person, `/api/${person.id}/chat`, { message: "add" }),
  "the AI SDK": (person) =>
    post(person, "/api/chat", {
      id: randomUUID(),
      trigger: "submit-message",
      messages: [
        {
          id: "ui-message-1",
          role: "user",
          parts: [
            { type: "text", text: "Look" },
            { type: "file", mediaType: "image/png", url: "https://example.org/a.png" },
            { type: "of-another-year", value: 1 },
          ],
        },
      ],
    }),
  "the AI SDK, with tools of the page's own": async (person) => {
    const id = randomUUID();
    const message = { id: "q", role: "user", parts: [{ type: "text", text: CLIENT_RUNS }] };
    await post(person, "/api/chat", { id, message });
    const parts = [
      { type: "tool-add", toolCallId: "c1", state: "output-error", input: "{not json", errorText: "no" },
      { type: "tool-add", toolCallId: "c2", state: "output-available", input: {}, output: { "\u0000": [] } },
    ];
    await post(person, "/api/chat", { id, messages: [message, { id: "a", role: "assistant", parts }] });
  },
  "OpenAI's responses, with functions of the client's own": async (person) => {
    const client = clientOf(person);
    const { id } = await client.responses.create({ model: "any", input: CLIENT_RUNS });
    const output = (call: string) => ({ type: "function_call_output" as const, call_id: call, output: "" });
    await client.responses.create({ previous_response_id: id, input: [output("c2"), output("c1")] });
  },
  "OpenAI's items": async (person) => {
    const items = [
      { type: "message", role: "user", content: [{ type: "input_text", text: "Hello" }] },
      { type: "function_call", call_id: "c1", name: "add", arguments: "{not json" },
      { type: "function_call", call_id: "c2", name: "add", arguments: "{}" },
      { type: "function_call_output", call_id: "c2", output: "2" },
      { type: "function_call_output", call_id: "c1", output: "" },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "Three." }] },
      { type: "of_another_year", nested: { "\u0000": ["\ud800"] } },
    ];
    const { id } = await clientOf(person).conversations.create();
    await clientOf(person).conversations.items.create(id, { items: items as never });
  },
  "OpenAI's responses": (person) => clientOf(person).responses.create({ model: "any", input: "Ask" }),
};

describe.each(Object.entries(WRITERS))("what is written through %s", (_, write) => {
  it("is read through every other API: the same messages, ids and order, and all that they hold", async () => {
    const person = await newPerson();
    await write(person);
    const { conversations } = await history.listConversations(person.owner);
    expect(conversations).toHaveLength(1);
    const conversation = conversations[0]!;
    const { messages } = await history.listMessages(person.owner, conversation.id);
    expect(messages.length).toBeGreaterThan(1);
    for (const [reader, read] of Object.entries(READERS)) {
      const { got, expected } = await read(person, conversation, messages);
      expect([reader, got]).toEqual([reader, expected]);
    }
  });
});

describe("a conversation with versions", () => {
  it("is read through every API as the head's branch, whichever that is, and is gone on with there", async () => {
    const person = await newPerson();
    const { owner } = person;
    const { conversation } = await history.createConversation(owner);
    const { id } = conversation;
    const said = (...ids: string[]) =>
      ids.map((one, index) => ({
        id: one,
        role: index % 2 === 0 ? ("user" as const) : ("assistant" as const),
        content: `This is ${one}.`,
      }));
    await history.appendMessages(owner, id, said("q1", "a1", "q2", "a2"));
    await history.appendMessages(owner, id, said("q2b", "a2b"), { parent: "a1" });
    await history.appendMessages(owner, id, said("q1b", "a1b"), { parent: null });
    const { "an export": _, ...readers } = READERS;
    for (const [head, branch] of [
      ["a2", "q1 a1 q2 a2"],
      ["a2b", "q1 a1 q2b a2b"],
      ["a1b", "q1b a1b"],
    ] as const) {
      const headed = await history.setHead(owner, id, head);
      const { messages, total } = await history.listMessages(owner, id);
      expect([messages.map((message) => message.id).join(" "), total]).toEqual([branch, messages.length]);
      for (const [reader, read] of Object.entries(readers)) {
        const { got, expected } = await read(person, headed, messages);
        expect([head, reader, got]).toEqual([head, reader, expected]);
      }
      // The widget has asked, behind what it shows.
      const { messages: after } = await history.listMessages(owner, id);
      expect(after.map((message) => message.id).slice(0, -2)).toEqual(messages.map((message) => message.id));
      expect(after.at(-2)?.content).toBe("Go on");
    }
  });
});

type Read = (
  person: Person,
  conversation: Conversation,
  messages: readonly Message[],
) => Promise<{ got: unknown; expected: unknown }>;

const get = async (person: Person, path: string): Promise<Record<string, unknown>> => {
  const response = await send(path, { headers: person.headers });
  expect([path, response.status]).toEqual([path, 200]);
  return (await response.json()) as Record<string, unknown>;
};
const pick = (list: unknown, ...keys: string[]): unknown[] =>
  (list as Record<string, unknown>[]).map((one) => keys.map((key) => one[key] ?? null));

/** What each API tells of a conversation, beside what it has to tell. The widget asks, so it is the last. */
const READERS: Record<string, Read> = {
  "the native API": async (person, { id }, messages) => {
    const page = await get(person, `/api/conversations/${id}/messages`);
    return { got: (page["messages"] as WireMessage[]).map(messageFromWire), expected: messages };
  },
  "the client library": async (person, { id }, messages) => {
    const client = createClient({ baseUrl: url, credentials: () => person.headers });
    return { got: (await client.listMessages(person.owner, id)).messages, expected: messages };
  },
  "an export": async (person, __, messages) => {
    const lines = [];
    for await (const line of history.exportData(person.owner))
      if (line.type === "message") lines.push(line.message);
    return { got: lines, expected: messages };
  },
  "a book's assistant": async (person, __, messages) => {
    const page = await get(person, "/chat/history");
    const keys = ["id", "role", "content", "citations"];
    return {
      got: [page["total"], pick(page["messages"], ...keys)],
      expected: [messages.length, pick(messages, ...keys)],
    };
  },
  "a chat session": async (person, { id }, messages) => {
    const { sessionId } = (await post(person, "/api/chat/start", { conversationId: id })) as {
      sessionId: string;
    };
    const page = await get(person, `/api/chat/${sessionId}/history`);
    const keys = ["id", "content", "intent", "processed"];
    return { got: pick(page["messages"], ...keys), expected: pick(messages, ...keys) };
  },
  "a user's conversations": async (person, { id }, messages) => {
    const page = await get(person, `/api/${person.id}/conversations/${id}/messages`);
    return {
      got: pick(page["messages"], "message_id", "role", "content", "tool_calls", "tool_call_id"),
      expected: pick(messages, "id", "role", "content", "toolCalls", "toolCallId"),
    };
  },
  "OpenAI's items": async (person, { id }, messages) => {
    const { data } = await clientOf(person).conversations.items.list(
      /^[0-9a-f-]{36}$/.test(id) ? `conv_${id.replaceAll("-", "")}` : id,
      { order: "asc", limit: 100 },
    );
    const items = data as unknown as Record<string, unknown>[];
    const annotations = items.flatMap((item) =>
      ((item["content"] ?? []) as { annotations?: { chatkeep: Citation }[] }[]).flatMap(
        (piece) => piece.annotations ?? [],
      ),
    );
    const parts = messages.flatMap((message) => message.parts);
    const calls = parts.filter((part) => part.type === "tool-call");
    return {
      got: [
        pick(
          items.filter(({ type }) => type === "function_call"),
          "call_id",
          "name",
          "arguments",
        ),
        annotations.map(({ chatkeep }) => chatkeep),
        textsOf(items),
        pick(
          items.filter(({ type }) => type === "of_another_year"),
          "nested",
        ),
      ],
      expected: [
        pick(calls, "id", "name", "arguments"),
        parts.flatMap((part) => (part.type === "citation" ? [part.citation] : [])),
        parts.flatMap((part) => (part.type === "text" && part.text !== "" ? [part.text] : [])),
        parts.flatMap((part) =>
          part.type === "data" && part.name === "openai-item" ? pick([part.data], "nested") : [],
        ),
      ],
    };
  },
  "the AI SDK": async (person, { id }, messages) => {
    const page = await openChat({
      ai: await import("ai7"),
      url,
      session: "",
      chat: id,
      history: { listMessages: () => history.listMessages(person.owner, id) },
      stored: true,
    });
    for (const validate of [validate5, validate6, validate7] as (typeof validate7)[]) {
      await validate({ messages: page.chat.messages });
    }
    // A tool's message is told in the call that it answers, and what goes on with it in the answer that called.
    const told = messages.filter(({ role, turnId }, index) => {
      const before = messages[index - 1];
      return role !== "tool" && (before?.role !== "tool" || turnId === null || before.turnId !== turnId);
    });
    return {
      got: [page.chat.messages.map((message) => message.id), page.chat.messages],
      expected: [told.map((message) => message.id), uiMessagesOf(messages)],
    };
  },
  "a book widget": async (person, __, messages) => {
    const asked = { session_id: null, message: "Go on" };
    const page = (await post(person, "/api/chat", asked)) as { history: Record<string, unknown>[] };
    return {
      got: pick(page.history.slice(0, messages.length), "id", "role", "content", "context_text"),
      expected: pick(messages, "id", "role", "content", "contextText"),
    };
  },
};

function textsOf(items: readonly Record<string, unknown>[]): string[] {
  return items.flatMap((item) =>
    item["type"] === "message"
      ? (item["content"] as { text?: string }[]).flatMap(({ text }) =>
          text === undefined || text === "" ? [] : [text],
        )
      : [],
  );
}
