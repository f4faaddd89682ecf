import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

import type { ResponderEvent } from "@chatkeep/protocol";
import { startDatabaseProxy } from "@chatkeep/testing";
import { startServer } from "@chatkeep/testing/server";
import { type AnyClientTool, ChatClient, type UIMessage } from "@tanstack/ai-client";
import { toolDefinition } from "@tanstack/ai/client";
import { expect, onTestFinished, test } from "vitest";

import { createConnection } from "../src/tanstack-ai.ts";

const { url, history, script, session } = await startServer();

interface Page {
  readonly client: ChatClient;
  messages(): UIMessage[];
  readonly errors: unknown[];
}

function openPage(me: string, threadId: string, server = url, tools: readonly AnyClientTool[] = []): Page {
  const errors: unknown[] = [];
  const client = new ChatClient({
    connection: createConnection({ url: server, headers: { "x-session-id": me } }),
    threadId,
    tools,
    persistence: true,
    onError: (error) => void errors.push(error),
  });
  client.attach();
  onTestFinished(() => client.dispose());
  return { client, errors, messages: () => client.getMessages() };
}

async function ask(
  page: Page,
  threadId: string,
  text: string,
  ...events: readonly ResponderEvent[]
): Promise<void> {
  const sending = page.client.sendMessage(text);
  const run = await script.started(threadId);
  for (const event of events) await run.emit(event);
  run.finish();
  await sending;
}

const textOf = ({ parts }: UIMessage): string =>
  parts.map((part) => (part.type === "text" ? part.content : "")).join("");
/** What a person sees: without the time, the id of a result and the step of reasoning, which the client makes up. */
const shown = (messages: readonly UIMessage[]): unknown =>
  messages.map(({ id, role, parts }) => ({
    id,
    role,
    parts: parts.map((part) => ({
      ...part,
      ...(part.type === "tool-result" && { id: "" }),
      ...(part.type === "thinking" && { stepId: "" }),
    })),
  }));

const WEATHER: readonly ResponderEvent[] = [
  { type: "reasoning", text: "Look it up." },
  "One moment. ",
  { type: "tool-call", id: "c", name: "look_up", arguments: '{"day":"Monday"}' },
  { type: "tool-result", id: "c", result: { Monday: "rain" } },
  "It rains.",
];

test("an answer is stored, and a page that loads later shows equal messages", async () => {
  const [me, threadId] = [session(), randomUUID()];
  const page = openPage(me, threadId);
  await ask(page, threadId, "Which weather?", ...WEATHER);
  await ask(page, threadId, "Sure?", "Yes.");
  expect(page.errors).toEqual([]);
  expect(
    page
      .messages()
      .map(textOf)
      .filter((text) => text !== ""),
  ).toEqual(["Which weather?", "One moment. ", "It rains.", "Sure?", "Yes."]);
  const other = openPage(me, threadId);
  await expect.poll(() => other.messages().length).toBeGreaterThan(0);
  expect(shown(other.messages())).toEqual(shown(page.messages()));
  const { messages } = await history.listMessages({ kind: "session", id: me }, threadId);
  expect(messages.map(({ content }) => content)).toEqual([
    "Which weather?",
    "One moment. It rains.",
    "Sure?",
    "Yes.",
  ]);
});

test("a page that loads while an answer runs follows it", async () => {
  const [me, threadId] = [session(), randomUUID()];
  const page = openPage(me, threadId);
  await ask(page, threadId, "First?", "First.");
  const sending = page.client.sendMessage("Second?");
  const run = await script.started(threadId);
  await run.emit("Half ");
  const other = openPage(me, threadId);
  await expect.poll(() => textOf(other.messages().at(-1)!)).toBe("Half ");
  await run.emit("and all.");
  run.finish();
  await sending;
  await expect.poll(() => textOf(other.messages().at(-1)!)).toBe("Half and all.");
  await expect.poll(() => other.client.getIsLoading()).toBe(false);
  expect(shown(other.messages())).toEqual(shown(page.messages()));
  expect([...page.errors, ...other.errors]).toEqual([]);
});

test("a connection that is cut in the middle of an answer loses and repeats nothing", async () => {
  await using proxy = await startDatabaseProxy(url);
  const [me, threadId] = [session(), randomUUID()];
  const page = openPage(me, threadId, new URL(proxy.url).origin);
  const sending = page.client.sendMessage("Long?");
  const run = await script.started(threadId);
  await run.emit({ type: "reasoning", text: "Think." });
  await run.emit("One ");
  await expect.poll(() => page.messages().map(textOf)).toEqual(["Long?", "One "]);
  proxy.cut();
  await run.emit("two ");
  await run.emit("three.");
  run.finish();
  await sending;
  expect(page.errors).toEqual([]);
  expect(page.messages().map(textOf)).toEqual(["Long?", "One two three."]);
  expect(script.calls(threadId)).toBe(1);
});

test("a call of a tool of the page is answered by it, and the answer goes on", async () => {
  const [me, threadId] = [session(), randomUUID()];
  const paint = toolDefinition({
    name: "paint",
    description: "Paints.",
    inputSchema: { type: "object", properties: { colour: { type: "string" } } },
  }).client(() => ({ done: true }));
  const page = openPage(me, threadId, url, [paint]);
  const sending = page.client.sendMessage("Paint it");
  const run = await script.started(threadId);
  expect(run.request.question.metadata).toMatchObject({ ag_ui: { tools: [{ name: "paint" }] } });
  await run.emit({ type: "tool-call", id: "p", name: "paint", arguments: '{"colour":"red"}' });
  run.finish();
  const next = await script.started(threadId);
  expect(next.request.question.parts).toEqual([{ type: "tool-result", id: "p", result: { done: true } }]);
  await next.emit("Painted.");
  next.finish();
  await sending;
  await expect.poll(() => textOf(page.messages().at(-1)!)).toContain("Painted.");
  expect(page.errors).toEqual([]);
  const other = openPage(me, threadId);
  await expect.poll(() => other.messages().map(textOf).join("")).toBe("Paint itPainted.");
});

test("a page shows nobody else's thread", async () => {
  const [me, threadId] = [session(), randomUUID()];
  await ask(openPage(me, threadId), threadId, "Mine", "Yours.");
  const other = openPage(session(), threadId);
  await other.client.sendMessage("Let me in");
  expect(String(other.errors[0])).toContain("403");
  expect(other.messages().map(textOf)).toEqual(["Let me in", ""]);
});

test("the guide's client asks and gets an answer", async () => {
  const [sessionId, threadId] = [session(), randomUUID()];
  const guide = readFileSync(new URL("../../../docs/guide/apis.md", import.meta.url), "utf8");
  const [, code = ""] = /^## TanStack AI$[\s\S]*?```ts\n([\s\S]*?)```/m.exec(guide) ?? [];
  expect(code).toContain("http://localhost:3000");
  // oxlint-disable-next-line no-implied-eval, typescript/no-implied-eval -- it is what the guide says
  const program = new Function(
    "names",
    `const { ChatClient, createConnection, sessionId, threadId } = names; return (async () => {
      ${code.replace("http://localhost:3000", url)}\nreturn client; })();`,
  ) as (names: object) => Promise<ChatClient>;
  const running = program({ ChatClient, createConnection, sessionId, threadId });
  const run = await script.started(threadId);
  await run.emit("It is a question and its answer.");
  run.finish();
  const client = await running;
  onTestFinished(() => client.dispose());
  expect(client.getMessages().map(textOf)).toEqual(["What is a turn?", "It is a question and its answer."]);
});
