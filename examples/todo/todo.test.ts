import { createClient } from "@chatkeep/protocol";
import { mintToken } from "@chatkeep/server";
import { fileDatabase } from "@chatkeep/testing";
import { afterAll, describe, expect, it } from "vitest";

import { readIntent } from "./intents.ts";
import { startTodoApp } from "./main.ts";

const SECRET = "a secret of the test, and long enough";
const database = await fileDatabase();
const app = await startTodoApp({ databaseUrl: database.url, secret: SECRET, logLevel: "fatal" });
afterAll(() => app.close());

/** Somebody signed in, and how they talk: through the handles of seed 3. */
async function signIn(name: string) {
  const headers = {
    authorization: `Bearer ${await mintToken({ user: name, secret: SECRET })}`,
    "content-type": "application/json",
  };
  const call = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
    const response = await fetch(app.url + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return (await response.json()) as Record<string, unknown>;
  };
  const { sessionId, conversationId } = await call("POST", "/api/chat/start", {});
  return {
    conversationId: String(conversationId),
    say: (message: string) =>
      call("POST", `/api/chat/${String(sessionId)}/message`, { message, userId: name }),
    history: () => call("GET", `/api/chat/${String(sessionId)}/history`),
    client: createClient({ baseUrl: app.url, credentials: () => ({ authorization: headers.authorization }) }),
  };
}

describe("the reader of intents", () => {
  it.each([
    ["Add buy milk", { intent: "create_todo", title: "buy milk" }],
    ["Please create a todo to call Ada.", { intent: "create_todo", title: "call Ada" }],
    ["remind me to water the flowers!", { intent: "create_todo", title: "water the flowers" }],
    ["What is on my list?", { intent: "list_todos", which: "open" }],
    ["show all my tasks", { intent: "list_todos", which: "all" }],
    ["which todos are done", { intent: "list_todos", which: "done" }],
    ["mark buy milk as done", { intent: "complete_todo", what: "buy milk" }],
    ["Delete the milk task", { intent: "delete_todo", what: "milk" }],
    ["complete the second one", { intent: "complete_todo", what: "second one" }],
    ["Sing me a song", { intent: "unknown" }],
  ])("%s", (text, intent) => {
    expect(readIntent(text)).toEqual(intent);
  });
});

describe("the assistant", () => {
  it("creates, lists, completes and deletes, and says what it took each message for", async () => {
    const ada = await signIn("ada");
    expect(await ada.say("Add buy milk")).toMatchObject({
      response: "Added “buy milk”.",
      intent: "create_todo",
      processed: true,
    });
    await ada.say("add call Bob");
    await ada.say("add write to Bob");
    expect(await ada.say("What is on my list?")).toMatchObject({
      response: "1. buy milk\n2. call Bob\n3. write to Bob",
      intent: "list_todos",
    });
    expect(await ada.say("complete the second one")).toMatchObject({ response: "Done: “call Bob”." });
    expect(await ada.say("delete it")).toMatchObject({ response: "Removed “call Bob”.", processed: true });
    expect(await ada.say("complete the dishes")).toMatchObject({ intent: "complete_todo", processed: false });
    expect(await ada.say("What is left on my list?")).toMatchObject({
      response: "1. buy milk\n2. write to Bob",
    });
  });

  it("keeps intent, processed and each tool's call for a reload", async () => {
    const eve = await signIn("eve");
    await eve.say("add sleep");
    const { messages } = (await eve.history()) as { messages: Record<string, unknown>[] };
    expect(messages).toMatchObject([
      { sender: "user", content: "add sleep" },
      { sender: "ai", content: "Added “sleep”.", intent: "create_todo", processed: true },
    ]);
    const me = { kind: "user", id: "eve" } as const;
    const page = await eve.client.listMessages(me, eve.conversationId);
    expect(page.messages[1]?.parts.map(({ type }) => type)).toEqual(["tool-call", "tool-result", "text"]);
  });

  it("keeps one person's todos from another's", async () => {
    const [one, two] = [await signIn("one"), await signIn("two")];
    await one.say("add a secret plan");
    expect(await two.say("show all my todos")).toMatchObject({ response: "There is nothing on your list." });
    expect(await two.say("delete secret plan")).toMatchObject({ processed: false });
  });
});
