import { randomUUID } from "node:crypto";

import { startApiServer } from "@chatkeep/testing/people";
import { describe, expect, it } from "vitest";

import { type Chat, VERSIONS, openChat, partsOf } from "./ai-sdk-chat.ts";

const { script, history, url, session, send } = await startApiServer();

describe.each(VERSIONS)("useChat of ai %s", (_, ai) => {
  /** A page of somebody new, or of somebody known after a reload. */
  const open = (id = session(), chat: string = randomUUID(), stored = false): Promise<Chat> =>
    openChat({ ai, url, session: id, chat, history, stored });

  it("answers anew, in place of the old answer", async () => {
    const page = await open();
    const sent = page.chat.sendMessage({ text: "Choose" });
    const first = await script.started(page.id);
    await first.emit("heads");
    first.finish();
    await sent;
    const again = page.chat.regenerate();
    const second = await script.started(page.id);
    expect(second.request.history).toEqual([]);
    await second.emit("tails");
    second.finish();
    await again;
    expect(page.errors).toEqual([]);
    const { messages } = await history.listMessages(page.owner, page.id);
    expect(messages.map(({ content }) => content)).toEqual(["Choose", "tails"]);
    expect(page.chat.messages.map(({ id }) => id)).toEqual(messages.map(({ id }) => id));
  });

  const say = async (page: Awaited<ReturnType<typeof open>>, text: string, answer: string): Promise<void> => {
    const sent = page.chat.sendMessage({ text });
    const run = await script.started(page.id);
    await run.emit(answer);
    run.finish();
    await sent;
  };
  const contents = async (page: Awaited<ReturnType<typeof open>>): Promise<string[]> =>
    (await history.listMessages(page.owner, page.id)).messages.map(({ content }) => content);

  // No base64: its text stays in the message.
  const picture = `data:image/svg+xml,${"A".repeat(5 * 1024 * 1024)}`;
  describe.each([
    ["a blank text", { text: " " }],
    ["a text that is too long", { text: "x".repeat(10_001) }],
    [
      "a picture that is too large",
      { text: "See", files: [{ type: "file" as const, mediaType: "image/png", url: picture }] },
    ],
    ["metadata that is too large", { text: "uno", metadata: { all: "x".repeat(20 * 1024) } }],
  ])("an edit to %s", (_what, edit) => {
    it("is refused, and changes nothing", async () => {
      const page = await open();
      await say(page, "one", "1");
      await say(page, "two", "2");
      await page.chat.sendMessage({ ...edit, messageId: page.chat.messages[0]?.id ?? "" });
      expect(page.errors).toHaveLength(1);
      expect(await contents(page)).toEqual(["one", "1", "two", "2"]);
      expect((await history.listMessages(page.owner, page.id, { branches: "all" })).total).toBe(4);
    });

    it("is refused while an answer is given, and does not stop it", async () => {
      const page = await open();
      await say(page, "one", "1");
      const other = await open(page.owner.id, page.id, true);
      const sent = page.chat.sendMessage({ text: "two" });
      const run = await script.started(page.id);
      await run.emit("still ");
      await page.until((text) => text === "still ");
      await other.chat.sendMessage({ ...edit, messageId: other.chat.messages[0]?.id ?? "" });
      expect(other.errors).toHaveLength(1);
      await run.emit("here");
      run.finish();
      await sent;
      expect(page.errors).toEqual([]);
      expect(page.text()).toBe("still here");
      expect(await contents(page)).toEqual(["one", "1", "two", "still here"]);
    });
  });

  it("another question under an id that is taken is refused, and changes nothing", async () => {
    const page = await open();
    await say(page, "one", "1");
    const { id } = page.chat.messages[0]!;
    const answerId = page.chat.messages[1]!.id;
    page.chat.messages = [];
    await page.chat.sendMessage({ id, role: "user", parts: [{ type: "text", text: "other" }] });
    expect(page.errors).toHaveLength(1);
    // An answer's id, as a question's.
    page.chat.messages = [{ id: answerId, role: "user", parts: [{ type: "text", text: "?" }] }];
    await page.chat.sendMessage({ text: "other", messageId: answerId });
    expect(page.errors).toHaveLength(2);
    expect(await contents(page)).toEqual(["one", "1"]);
    expect((await history.listMessages(page.owner, page.id, { branches: "all" })).total).toBe(2);
  });

  it("shows after a reload what it showed, through edits, other answers and switches", async () => {
    const page = await open();
    const answer = async (asked: Promise<void>, text: string): Promise<void> => {
      const run = await script.started(page.id);
      await run.emit(text);
      run.finish();
      await asked;
      expect(page.errors).toEqual([]);
      const reloaded = await open(page.owner.id, page.id, true);
      expect(partsOf(reloaded.chat)).toEqual(partsOf(page.chat));
    };
    const switchTo = async (message: string): Promise<void> => {
      const path = `/api/conversations/${page.id}`;
      const body = { head_id: message };
      expect((await send(path, { method: "PATCH", body, session: page.owner.id })).status).toBe(200);
      page.chat.messages = (await open(page.owner.id, page.id, true)).chat.messages;
    };
    const texts = (): string[] =>
      page.chat.messages.map(({ parts }) =>
        parts.map((part) => (part.type === "text" ? part.text : "")).join(""),
      );
    await answer(page.chat.sendMessage({ text: "one" }), "1");
    await answer(page.chat.sendMessage({ text: "two" }), "2");
    const [one, , , old] = page.chat.messages.map(({ id }) => id);
    await answer(page.chat.regenerate(), "zwei");
    await answer(page.chat.sendMessage({ text: "uno", messageId: one! }), "eins");
    await answer(page.chat.regenerate(), "primo");
    await answer(page.chat.sendMessage({ text: "due" }), "secondo");
    await answer(page.chat.regenerate({ messageId: page.chat.messages[1]!.id }), "ultimo");
    expect(texts()).toEqual(["uno", "ultimo"]);
    await switchTo(old!);
    expect(texts()).toEqual(["one", "1", "two", "2"]);
    await answer(page.chat.sendMessage({ text: "three" }), "3");
    await answer(page.chat.regenerate({ messageId: page.chat.messages[1]!.id }), "eins");
    expect(texts()).toEqual(["one", "eins"]);
    await switchTo(one!);
    const all = await history.listMessages(page.owner, page.id, { branches: "all" });
    expect(all.total).toBe(14);
  });

  it("a stale tab that asks for another answer makes a version, and the other tab goes on with its own", async () => {
    const page = await open();
    await say(page, "one", "1");
    const shown = [...page.chat.messages];
    await say(page, "two", "2");
    const ahead = [...page.chat.messages];
    page.chat.messages = shown;
    const again = page.chat.regenerate();
    const run = await script.started(page.id);
    await run.emit("eins");
    run.finish();
    await again;
    expect(await contents(page)).toEqual(["one", "eins"]);
    page.chat.messages = ahead;
    await say(page, "three", "3");
    expect(await contents(page)).toEqual(["one", "1", "two", "2", "three", "3"]);
  });

  it("a question sent again unchanged under its own id is a new version", async () => {
    const page = await open();
    await say(page, "one", "1");
    await say(page, "two", "2");
    const sent = page.chat.sendMessage({ text: "one", messageId: page.chat.messages[0]?.id ?? "" });
    const run = await script.started(page.id);
    await run.emit("uno");
    run.finish();
    await sent;
    expect(page.errors).toEqual([]);
    expect(await contents(page)).toEqual(["one", "uno"]);
    expect(page.chat.messages).toHaveLength(2);
    const again = page.chat.regenerate();
    const second = await script.started(page.id);
    await second.emit("un");
    second.finish();
    await again;
    // Of the question that the page shows, which is the later one.
    const { messages } = await history.listMessages(page.owner, page.id);
    expect(messages.map(({ content, versions }) => [content, versions])).toEqual([
      ["one", { index: 2, count: 2 }],
      ["un", { index: 2, count: 2 }],
    ]);
  });

  it("makes a version of a question that is asked otherwise, and keeps what was said before", async () => {
    const page = await open();
    for (const text of ["one", "two"]) {
      const sent = page.chat.sendMessage({ text });
      const run = await script.started(page.id);
      await run.emit("yes");
      run.finish();
      await sent;
    }
    const messageId = page.chat.messages[0]?.id ?? "";
    const sent = page.chat.sendMessage({ text: "uno", messageId });
    const run = await script.started(page.id);
    await run.emit("due");
    run.finish();
    await sent;
    expect(page.errors).toEqual([]);
    const { messages } = await history.listMessages(page.owner, page.id);
    expect(messages.map(({ content }) => content)).toEqual(["uno", "due"]);
    expect(messages[0]?.versions).toEqual({ index: 2, count: 2 });
    await history.setHead(page.owner, page.id, messageId);
    const before = await history.listMessages(page.owner, page.id);
    expect(before.messages.map(({ content }) => content)).toEqual(["one", "yes", "two", "yes"]);
  });

  it("does not resume an answer of another branch than the one that is shown", async () => {
    const page = await open();
    await say(page, "one", "1");
    const shown = page.chat.messages[1]!.id;
    const again = page.chat.regenerate();
    const run = await script.started(page.id);
    await run.emit("uno");
    await page.until((text) => text === "uno");
    await history.setHead(page.owner, page.id, shown);
    const other = await open(page.owner.id, page.id, true);
    await other.chat.resumeStream();
    expect(other.errors).toEqual([]);
    expect(other.text()).toBe("1");
    run.finish();
    await again;
    expect(page.text()).toBe("uno");
  });
});
