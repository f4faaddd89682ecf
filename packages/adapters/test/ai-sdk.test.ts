import { randomUUID } from "node:crypto";

import { createChatTransport, loadMessages } from "@chatkeep/adapters/ai-sdk";
import * as ai7 from "ai";
import type { ChatState, UIMessage } from "ai";
import * as ai5 from "ai5";
import * as ai5Oldest from "ai5-oldest";
import * as ai6 from "ai6";
import * as ai6Oldest from "ai6-oldest";
import * as ai7Oldest from "ai7-oldest";
import { describe, expect, it } from "vitest";

import { newOwner, openHistory } from "./fixture.ts";

let said = 0;
/** What an answer waits for in the middle, by its question. */
const gates = new Map<string, { readonly begun: () => void; readonly goOn: Promise<void> }>();
const history = await openHistory(async function* ({ question }) {
  yield `${question.content}! `;
  said += 1;
  yield { type: "tool-call", id: "c1", name: "count", arguments: "{}" };
  yield { type: "tool-result", id: "c1", result: said };
  gates.get(question.content)?.begun();
  await gates.get(question.content)?.goOn;
  yield "So it is.";
});

/** Holds the answer to a question in its middle. */
function holdAnswer(question: string): { readonly begun: Promise<void>; readonly goOn: () => void } {
  const begun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  gates.set(question, { begun: begun.resolve, goOn: goOn.promise });
  return { begun: begun.promise, goOn: goOn.resolve };
}

describe.each([
  ["5.0.89", ai5Oldest],
  ["5", ai5],
  ["6.0.50", ai6Oldest],
  ["6", ai6],
  ["7.0.40", ai7Oldest],
  ["7", ai7],
])("useChat of ai %s over a history", (_, sdk) => {
  const ai = sdk as unknown as typeof ai7;
  class Page extends ai.AbstractChat<UIMessage> {}

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
    const transport = createChatTransport({ history, owner, messages });
    const chat = new Page({ id: chatId, state, transport, onError: (error) => errors.push(error) });
    return { owner, chatId, chat, errors };
  }
  const seen = ({ chat }: Awaited<ReturnType<typeof open>>) =>
    chat.messages.map(({ id, role, parts }) => [
      id,
      role,
      parts.map((part) =>
        Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined)),
      ),
    ]);

  it("queues a question that is sent while the answer of another page is given", async () => {
    const page = await open();
    const held = holdAnswer(`One? ${page.chatId}`);
    const first = page.chat.sendMessage({ text: `One? ${page.chatId}` });
    await held.begun;
    const other = await open(page.owner, page.chatId);
    const second = other.chat.sendMessage({ text: "Two?" }, { body: { when_busy: "queue" } });
    await expect
      .poll(async () => (await history.listQueuedQuestions(page.owner, page.chatId)).length)
      .toBe(1);
    held.goOn();
    await Promise.all([first, second]);
    expect([...page.errors, ...other.errors]).toEqual([]);
    const { messages } = await history.listMessages(page.owner, page.chatId);
    expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant"]);
    expect(other.chat.messages.at(-1)?.id).toBe(messages.at(-1)?.id);
  });

  it("asks, and shows the same after a reload", async () => {
    const page = await open();
    expect(page.chat.messages).toEqual([]);
    await page.chat.sendMessage({ text: "Hello" });
    expect(page.errors).toEqual([]);
    const reloaded = await open(page.owner, page.chatId);
    await ai.validateUIMessages({ messages: reloaded.chat.messages });
    expect(seen(reloaded)).toEqual(seen(page));
    expect(reloaded.chat.messages[1]?.parts).toMatchObject([
      { type: "text", text: "Hello! " },
      { type: "tool-count", state: "output-available" },
      { type: "step-start" },
      { type: "text", text: "So it is." },
    ]);
    await reloaded.chat.resumeStream();
    expect(reloaded.errors).toEqual([]);
    expect(seen(reloaded)).toEqual(seen(page));
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

  it("makes versions of a question that is edited, sent again unchanged, or given other metadata", async () => {
    const page = await open();
    await page.chat.sendMessage({ text: "Hello", metadata: { mood: "good" } });
    const messageId = page.chat.messages[0]!.id;
    for (const edit of [
      { text: "Hi", metadata: { mood: "good" } },
      { text: "Hello", metadata: { mood: "good" } },
      { text: "Hello", metadata: { mood: "bad" } },
    ]) {
      await page.chat.sendMessage({ ...edit, messageId });
      expect(page.errors).toEqual([]);
      expect(page.chat.messages).toHaveLength(2);
      const { messages } = await history.listMessages(page.owner, page.chatId);
      expect(messages.map(({ content, metadata }) => [content, metadata])).toEqual([
        [edit.text, edit.metadata],
        [`${edit.text}! So it is.`, null],
      ]);
    }
    const all = await history.listMessages(page.owner, page.chatId, { branches: "all" });
    expect(all.total).toBe(8);
  });

  it("shows an answer once that is given while the page is loaded, and one that was finished since", async () => {
    const page = await open();
    const question = `Slow ${randomUUID()}`;
    const { begun, goOn } = holdAnswer(question);
    const sent = page.chat.sendMessage({ text: question });
    await begun;
    const early = await open(page.owner, page.chatId);
    const late = await open(page.owner, page.chatId);
    expect(early.chat.messages).toHaveLength(1);
    const resumed = early.chat.resumeStream();
    goOn();
    await Promise.all([sent, resumed]);
    await late.chat.resumeStream();
    for (const resumedPage of [early, late]) {
      expect(resumedPage.errors).toEqual([]);
      expect(seen(resumedPage)).toEqual(seen(page));
    }
  });

  it("shows an answer once that the page was cut off from in its middle, and resumes", async () => {
    const page = await open();
    const question = `Cut ${randomUUID()}`;
    const { begun, goOn } = holdAnswer(question);
    const sent = page.chat.sendMessage({ text: question });
    await begun;
    await page.chat.stop();
    await sent;
    goOn();
    // Before 5.0.233, 6.0.250 and 7.0.61, the AI SDK itself puts a resumed answer behind what the page shows of it.
    page.chat.messages = page.chat.messages.slice(0, 1);
    await page.chat.resumeStream();
    expect(page.errors).toEqual([]);
    expect(seen(page)).toEqual(seen(await open(page.owner, page.chatId)));
  });
});
