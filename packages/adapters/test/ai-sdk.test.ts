import { randomUUID } from "node:crypto";

import { createChatTransport, loadMessages } from "@chatkeep/adapters/ai-sdk";
import { AbstractChat, type ChatState, type UIMessage, validateUIMessages } from "ai";
import { describe, expect, it } from "vitest";

import { newOwner, openHistory } from "./fixture.ts";

let said = 0;
const history = await openHistory(async function* ({ question }) {
  yield `${question.content}! `;
  said += 1;
  yield { type: "tool-call", id: "c1", name: "count", arguments: "{}" };
  yield { type: "tool-result", id: "c1", result: said };
  yield "So it is.";
});

class Page extends AbstractChat<UIMessage> {}

async function open(owner = newOwner(), chatId: string = randomUUID()) {
  let messages = await loadMessages({ history, owner, chatId });
  const state: ChatState<UIMessage> = {
    status: "ready",
    error: undefined,
    get messages() {
      return messages;
    },
    set messages(next) {
      messages = next;
    },
    pushMessage: (message) => (messages = [...messages, message]),
    popMessage: () => (messages = messages.slice(0, -1)),
    replaceMessage: (index, message) => (messages = messages.with(index, structuredClone(message))),
    snapshot: (value) => structuredClone(value),
  };
  const errors: Error[] = [];
  const transport = createChatTransport({ history, owner });
  const chat = new Page({ id: chatId, state, transport, onError: (error) => errors.push(error) });
  return { owner, chatId, chat, errors };
}

describe("useChat over a history", () => {
  it("asks, and shows the same after a reload", async () => {
    const page = await open();
    expect(page.chat.messages).toEqual([]);
    await page.chat.sendMessage({ text: "Hello" });
    expect(page.errors).toEqual([]);
    const reloaded = await open(page.owner, page.chatId);
    await validateUIMessages({ messages: reloaded.chat.messages });
    const seen = (messages: readonly UIMessage[]) => messages.map(({ id, role }) => [id, role]);
    expect(seen(reloaded.chat.messages)).toEqual(seen(page.chat.messages));
    expect(reloaded.chat.messages[1]?.parts).toMatchObject([
      { type: "text", text: "Hello! " },
      { type: "tool-count", state: "output-available" },
      { type: "step-start" },
      { type: "text", text: "So it is." },
    ]);
    expect(
      await createChatTransport({ history, owner: page.owner }).reconnectToStream({ chatId: page.chatId }),
    ).toBeNull();
  });

  it("answers anew in place of the old answer, and finds nothing to resume in a new chat", async () => {
    const page = await open();
    await page.chat.resumeStream();
    await page.chat.sendMessage({ text: "Hello" });
    await page.chat.regenerate();
    expect(page.errors).toEqual([]);
    expect((await history.listMessages(page.owner, page.chatId)).total).toBe(2);
    const reloaded = await open(page.owner, page.chatId);
    expect(reloaded.chat.messages.map(({ id }) => id)).toEqual(page.chat.messages.map(({ id }) => id));
  });
});
