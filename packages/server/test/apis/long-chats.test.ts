import { randomBytes, randomUUID } from "node:crypto";

import { HttpAgent } from "@ag-ui/client";
import { startApiServer } from "@chatkeep/testing/people";
import * as ai5 from "ai5";
import * as ai6 from "ai6";
import * as ai7 from "ai7";
import { describe, expect, it, test } from "vitest";

import { openChat } from "./ai-sdk-chat.ts";

const { script, history, url, session, send } = await startApiServer();

const picture = (): { type: "file"; url: string; mime: string } => ({
  type: "file",
  url: `data:image/png;base64,${randomBytes(3_000_000).toString("base64")}`,
  mime: "image/png",
});

/** Answers the next question of a conversation with pictures of 3 MB. */
async function draw(id: string, count: number): Promise<void> {
  const run = await script.started(id);
  for (let drawn = 0; drawn < count; drawn += 1) await run.emit(picture());
  run.finish();
}

/** Waits for the page and for its answer; only for the page, when the question is refused. */
async function both(sent: Promise<unknown>, answered: Promise<void>): Promise<void> {
  await Promise.race([sent, answered]);
  await sent;
}

async function say(id: string, text: string): Promise<void> {
  const run = await script.started(id);
  await run.emit(text);
  run.finish();
}

describe.each([
  ["5", ai5],
  ["6", ai6],
  ["7", ai7],
])("the default transport of ai %s, which sends all messages", (_, version) => {
  const ai = version as unknown as typeof ai7;

  it.each([
    ["three answers", [1, 1, 1]],
    ["one answer", [3]],
  ])("asks on after %s with three pictures of 3 MB", async (__, counts) => {
    const page = await openChat({ ai, url, session: session(), chat: randomUUID(), history });
    for (const count of counts)
      await both(page.chat.sendMessage({ text: "Draw a cat" }), draw(page.id, count));
    await both(page.chat.sendMessage({ text: "thanks" }), say(page.id, "You are welcome."));
    expect(page.errors).toEqual([]);
    expect(page.text()).toBe("You are welcome.");
    const { messages } = await history.listMessages(page.owner, page.id, { files: "url" });
    expect(messages.slice(-2).map(({ content }) => content)).toEqual(["thanks", "You are welcome."]);
    expect(messages).toHaveLength(2 * counts.length + 2);
  });
});

test("an AG-UI client, which sends all messages, asks on after four pictures of 3 MB", async () => {
  const threadId = randomUUID();
  const agent = new HttpAgent({ url: `${url}/ag-ui`, headers: { "x-session-id": session() }, threadId });
  const { url: data } = picture();
  const source = { type: "data" as const, value: data.slice(data.indexOf(",") + 1), mimeType: "image/png" };
  for (let turn = 0; turn < 4; turn += 1) {
    agent.addMessage({ id: randomUUID(), role: "user", content: [{ type: "image", source }] });
    await both(agent.runAgent(), say(threadId, "A cat."));
  }
  expect(agent.messages.at(-1)).toMatchObject({ role: "assistant", content: "A cat." });
});

test.each([
  ["the last message is larger than a body may be", [{ id: "a", role: "user", parts: [] }], 9_000_000],
  ["earlier messages are 16 times as large", [{ id: "a", role: "user", parts: ["x".repeat(1 << 27)] }], 1],
])("a chat is refused with one sentence when %s", async (_, before, size) => {
  const last = { id: "b", role: "user", parts: [{ type: "text", text: "x".repeat(size) }] };
  const body = { id: randomUUID(), messages: [...before, last] };
  const response = await send("/api/chat", { method: "POST", session: session(), body });
  expect(response.status).toBe(413);
  expect(((await response.json()) as { detail: string }).detail).toMatch(/is larger than \d+ bytes\.$/);
});
