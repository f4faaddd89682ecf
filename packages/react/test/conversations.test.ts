import type { Conversation, Owner } from "@chatkeep/protocol";
import { type Chat, ENGLISH, type ThreadState, createSearch, exportConversation } from "@chatkeep/react";
import { fileDatabase } from "@chatkeep/testing";
import { afterAll, expect, onTestFinished, test, vi } from "vitest";

import { textOf } from "../src/state/content.ts";
import { openFixture, state } from "./fixture.ts";

const database = await fileDatabase();
const fixture = await openFixture(database.url);
afterAll(() => fixture[Symbol.asyncDispose]());
const { script, history } = fixture;

const idle = ({ running, status }: ThreadState): boolean => running === null && status === "ready";
const titles = (conversations: readonly Conversation[]): (string | null)[] =>
  conversations.map(({ title }) => title);

/** Conversations of these titles, the last one most recently active, read by a page. */
async function listed(
  owner: Owner,
  named: readonly string[],
): Promise<{ chat: Chat; ids: readonly string[] }> {
  const ids: string[] = [];
  for (const title of named) ids.push((await history.createConversation(owner, { title })).conversation.id);
  const { chat } = fixture.page(owner);
  await chat.conversations.list().refresh();
  await state(chat.conversations.list(), ({ conversations }) => conversations.length === named.length);
  return { chat, ids };
}

test("a conversation is renamed and pinned where it stands, in every list, and stored so", async () => {
  const owner = fixture.owner();
  const { chat, ids } = await listed(owner, ["Bees", "Ants"]);
  const list = chat.conversations.list();
  const renamed = chat.conversations.update(ids[0] ?? "", { title: "  Wasps " });
  await state(list, ({ conversations }) => conversations[1]?.title === "Wasps");
  await renamed;
  await chat.conversations.update(ids[0] ?? "", { pinned: true });
  const { conversations } = await state(list, (now) => now.conversations[1]?.pinnedAt !== null);
  expect(titles(conversations)).toEqual(["Ants", "Wasps"]);
  const stored = await history.getConversation(owner, ids[0] ?? "");
  expect(stored).toEqual(conversations[1]);
});

test("what cannot be changed is shown as it was, and the reason is given", async () => {
  const owner = fixture.owner();
  const { conversation } = await history.createConversation(owner, { title: "Bees" });
  const { chat, network } = fixture.page(owner);
  await chat.conversations.list().refresh();
  const seen: (string | null)[] = [];
  const list = chat.conversations.list();
  await state(list, ({ conversations }) => conversations.length === 1);
  list.subscribe(() => seen.push(...titles(list.getSnapshot().conversations)));
  network.fail("PATCH ");
  await expect(chat.conversations.update(conversation.id, { title: "Wasps" })).rejects.toThrow(/reached/);
  await state(list, ({ conversations }) => conversations[0]?.title === "Bees");
  expect(seen.at(-1)).toBe("Bees");
});

test("a list that could not be read waits to be read again until the page closes", async () => {
  const { chat, network } = fixture.page(fixture.owner());
  network.fail();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const list = chat.conversations.list();
  await list.refresh();
  expect(vi.getTimerCount()).toBe(1);
  chat.close();
  expect(vi.getTimerCount()).toBe(0);
});

test("an archived conversation is in the archive only, and comes back", async () => {
  const owner = fixture.owner();
  const { chat, ids } = await listed(owner, ["Bees", "Ants"]);
  const archive = chat.conversations.list({ kind: "archived" });
  await archive.refresh();
  await chat.conversations.update(ids[1] ?? "", { archived: true });
  await state(archive, ({ conversations }) => titles(conversations).join() === "Ants");
  await state(chat.conversations.list(), ({ conversations }) => titles(conversations).join() === "Bees");
  await chat.conversations.update(ids[1] ?? "", { archived: false });
  await state(archive, ({ conversations }) => conversations.length === 0);
  const { conversations } = await state(chat.conversations.list(), (now) => now.conversations.length === 2);
  expect(titles(conversations)).toEqual(["Ants", "Bees"]);
});

test("a deleted conversation is restored with its messages and its draft", async () => {
  const owner = fixture.owner();
  const { chat, ids } = await listed(owner, ["Bees", "Ants"]);
  const id = ids[0] ?? "";
  await history.appendMessages(owner, id, [{ role: "user", content: "Do they sting?" }]);
  chat.setDraft(chat.thread(id), "half a thought");
  const trash = chat.conversations.list({ kind: "deleted" });
  await trash.refresh();
  await chat.conversations.remove(id);
  const { removed } = await state(chat.conversations, (now) => now.removed.length === 1);
  expect(titles(removed)).toEqual(["Bees"]);
  await state(trash, ({ conversations }) => titles(conversations).join() === "Bees");
  await expect(history.getConversation(owner, id)).rejects.toMatchObject({ code: "conversation_not_found" });
  expect(chat.draft(chat.thread(id))).toBe("");

  await chat.conversations.restore(id);
  await state(chat.conversations, (now) => now.removed.length === 0 && now.known.has(id));
  await state(chat.conversations.list(), ({ conversations }) => conversations.length === 2);
  await state(trash, ({ conversations }) => conversations.length === 0);
  const thread = chat.thread(id);
  chat.show(thread);
  expect((await state(thread, idle)).entries).toHaveLength(1);
  expect(chat.draft(thread)).toBe("half a thought");
});

test("what was looked for last is shown, with what to mark, and its message can be gone to", async () => {
  const owner = fixture.owner();
  const { conversation } = await history.createConversation(owner, { title: "Bees" });
  for (let from = 0; from < 300; from += 100) {
    const batch = Array.from({ length: 100 }, (_, index) => ({
      role: "user" as const,
      content: from + index === 120 ? "The nightly backup ran." : `no. ${from + index}`,
    }));
    await history.appendMessages(owner, conversation.id, batch);
  }
  const { chat } = fixture.page(owner);
  const search = createSearch({ history: chat.history, owner, schedule: queueMicrotask });
  search.set("x");
  search.set("backu");
  const { hits } = await state(search, ({ status }) => status === "ready");
  expect(hits.map(({ message }) => message.seq)).toEqual([121]);
  const { snippet } = hits[0]!;
  expect(snippet.marks.map(({ start, end }) => snippet.text.slice(start, end))).toEqual(["backup"]);

  const thread = chat.thread(conversation.id);
  chat.show(thread);
  await thread.goTo(121);
  const middle = await state(thread, ({ target }) => target !== null);
  expect(middle.target?.id).toBe(hits[0]?.message.id);
  expect(middle.entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 50 }, (_, index) => 97 + index));
  expect([middle.older, middle.newer]).toEqual(["more", "more"]);
  await thread.loadNewer();
  await thread.loadOlder();
  expect(thread.getSnapshot().entries.at(0)?.seq).toBe(47);
  expect(thread.getSnapshot().entries.at(-1)?.seq).toBe(196);
  for (let page = 0; page < 3; page++) await thread.loadNewer();
  const whole = await state(thread, ({ newer }) => newer === "none");
  expect(whole.entries.at(-1)?.seq).toBe(300);

  search.set("bee");
  const named = await state(search, ({ titles }) => titles.length > 0);
  expect(named.titles.map(({ title, marks }) => [title, marks])).toEqual([["Bees", [{ start: 0, end: 4 }]]]);

  search.set("  ");
  expect((await state(search, ({ status }) => status === "idle")).hits).toEqual([]);
  search.set("!?");
  expect((await state(search, ({ status }) => status === "ready")).hits).toEqual([]);
});

test("at most 400 messages are held; both ways lead on", async () => {
  const owner = fixture.owner();
  const { conversation } = await history.createConversation(owner);
  for (let from = 0; from < 600; from += 100) {
    const batch = Array.from({ length: 100 }, (_, index) => ({
      role: "user" as const,
      content: `no. ${from + index}`,
    }));
    await history.appendMessages(owner, conversation.id, batch);
  }
  const { chat } = fixture.page(owner);
  const thread = chat.thread(conversation.id);
  chat.show(thread);
  await state(thread, idle);
  const most: number[] = [];
  for (let page = 0; page < 11; page++) {
    await thread.loadOlder();
    most.push((await state(thread, ({ older }) => older !== "loading")).entries.length);
  }
  expect(Math.max(...most)).toBe(400);
  const top = thread.getSnapshot();
  expect([top.older, top.newer, top.entries[0]?.seq]).toEqual(["none", "more", 1]);
  for (let page = 0; page < 5; page++) await thread.loadNewer();
  const end = await state(thread, ({ newer }) => newer === "none");
  expect([end.older, end.entries.length, end.entries.at(-1)?.seq]).toEqual(["more", 400, 600]);
});

test("who asks in the middle of a conversation sees its end, and the answer", async () => {
  const owner = fixture.owner();
  const { conversation } = await history.createConversation(owner);
  const batch = Array.from({ length: 200 }, (_, index) => ({
    role: "user" as const,
    content: `no. ${index}`,
  }));
  await history.appendMessages(owner, conversation.id, batch);
  const { chat } = fixture.page(owner);
  const thread = chat.thread(conversation.id);
  chat.show(thread);
  await thread.goTo(50);
  await state(thread, ({ newer }) => newer === "more");
  thread.send("And now?");
  const run = await script.started(conversation.id);
  await run.emit("Now.");
  run.finish();
  const done = await state(
    thread,
    (now) => idle(now) && now.newer === "none" && now.entries.at(-1)?.seq === 202,
  );
  expect(done.entries.at(-2)?.parts).toEqual([{ type: "text", text: "And now?" }]);
});

test("of two tabs that ask first in a scope both are in its one default conversation", async () => {
  const owner = fixture.owner();
  const scope = { id: "chapter-3", label: "Sensors" };
  const tabs = [fixture.page(owner), fixture.page(owner)].map(({ chat }) => chat);
  const opened = tabs.map((chat) => chat.scope(scope));
  for (const [index, chat] of tabs.entries()) {
    chat.show(opened[index]!.getSnapshot());
    await state(opened[index]!.getSnapshot(), ({ status }) => status === "new");
  }
  expect((await history.listConversations(owner)).total).toBe(0);
  opened.forEach((one, index) => one.getSnapshot().send(`From tab ${index}`));
  const { conversation } = await history.createConversation(owner, {
    scope: scope.id,
    scopeLabel: scope.label,
  });
  for (let answer = 0; answer < 2; answer++) {
    const run = await script.started(conversation.id);
    await run.emit("Yes.");
    run.finish();
  }
  for (const one of opened) await state(one, (thread) => thread.conversationId === conversation.id);
  for (const one of opened) {
    await one.getSnapshot().open();
    await state(one.getSnapshot(), (now) => idle(now) && now.entries.length === 4);
  }
  expect((await history.listConversations(owner)).conversations).toMatchObject([
    { scope: "chapter-3", scopeLabel: "Sensors", isDefault: true, messageCount: 4 },
  ]);
  const reloaded = fixture.page(owner).chat;
  const again = reloaded.scope(scope);
  reloaded.show(again.getSnapshot());
  await state(again, (thread) => thread.conversationId === conversation.id);
  const other = reloaded.scope({ id: "chapter-4" });
  reloaded.show(other.getSnapshot());
  expect((await state(other.getSnapshot(), ({ status }) => status === "new")).entries).toEqual([]);
});

test("a first question in a scope outlives a reload without a network, and a draft does", async () => {
  const owner = fixture.owner();
  const browser = new Map<string, string>();
  const before = fixture.page(owner, browser);
  before.network.fail();
  const scope = { id: "chapter-5", label: "Motors" };
  const thread = before.chat.scope(scope).getSnapshot();
  before.chat.show(thread);
  await state(thread, ({ status }) => status === "failed");
  thread.send("Is anybody there?");
  before.chat.setDraft(thread, "and then");
  await state(thread, ({ outcome }) => outcome === "not_sent");
  before.chat.close();

  const { chat } = fixture.page(owner, browser);
  const opened = chat.scope(scope);
  chat.show(opened.getSnapshot());
  const kept = await state(opened.getSnapshot(), ({ entries }) => entries.length === 1);
  expect(chat.draft(opened.getSnapshot())).toBe("and then");
  opened.getSnapshot().retry(kept.entries[0]?.id ?? "");
  const { conversation } = await history.createConversation(owner, { scope: "chapter-5" });
  const run = await script.started(conversation.id);
  await run.emit("I am.");
  run.finish();
  const there = await state(opened, ({ conversationId }) => conversationId === conversation.id);
  expect((await state(there, (now) => idle(now) && now.entries.length === 2)).entries[0]?.id).toBe(
    kept.entries[0]?.id,
  );
  expect(chat.draft(there)).toBe("and then");
});

/** What is shown, each message after its role. */
const said = ({ entries }: ThreadState): string[] =>
  entries.map(({ role, parts }) => `${role}: ${textOf(parts)}`);
const shows =
  (text: string) =>
  (now: ThreadState): boolean =>
    idle(now) && said(now).some((line) => line.includes(text));

test("an answer that is given again takes nothing away from what another tab has asked since", async () => {
  const owner = fixture.owner();
  const one = fixture.page(owner).chat;
  const thread = one.newThread();
  thread.send("Will it work?");
  const run = await script.started(thread.conversationId);
  await run.emit("I think");
  run.fail(new Error("the model is gone"));
  const failed = await state(thread, (now) => idle(now) && now.entries[1]?.status === "failed");

  const same = fixture.page(owner).chat.thread(thread.conversationId);
  await same.open();
  same.send("From elsewhere");
  const other = await script.started(thread.conversationId);
  await other.emit("Yes.");
  other.finish();
  await state(same, (now) => idle(now) && now.entries.length === 4);
  await thread.regenerate(failed.entries[1]?.id ?? "");
  const again = await script.started(thread.conversationId);
  await again.emit("It does.");
  again.finish();
  await state(thread, (now) => idle(now) && said(now).at(-1) === "assistant: It does.");
  const shown = async (): Promise<string[]> =>
    (await history.listMessages(owner, thread.conversationId)).messages.map(({ content }) => content);
  expect(await shown()).toEqual(["Will it work?", "It does."]);
  const old = failed.entries[1]?.id ?? "";
  await history.setHead(owner, thread.conversationId, old);
  expect(await shown()).toEqual(["Will it work?", "I think", "From elsewhere", "Yes."]);
});

test("a conversation is exported whole, to read and as data", async () => {
  const owner = fixture.owner();
  const { conversation } = await history.createConversation(owner, { title: 'What/is "it"?' });
  const batch = Array.from({ length: 230 }, (_, index) => ({
    role: "user" as const,
    content: `no. ${index}`,
  }));
  await history.appendMessages(owner, conversation.id, batch);
  const asked = { history, owner, conversationId: conversation.id, strings: ENGLISH };
  const read = await exportConversation({ ...asked, format: "markdown" });
  expect(read.name).toBe("What is it.md");
  expect(read.text.match(/^no\. \d+$/gm)).toEqual(batch.map(({ content }) => content));
  const data = await exportConversation({ ...asked, format: "json" });
  const parsed = JSON.parse(data.text) as {
    conversation: { title: string };
    messages: { content: string }[];
  };
  expect(parsed.conversation.title).toBe('What/is "it"?');
  expect(parsed.messages.map(({ content }) => content)).toEqual(batch.map(({ content }) => content));
});

test("an edited question is a version: what was there stays, and every tab goes between them", async () => {
  const owner = fixture.owner();
  const { chat } = fixture.page(owner);
  const thread = chat.newThread();
  for (const [question, answer] of [
    ["First", "1"],
    ["Secnod", "2"],
  ] as const) {
    thread.send(question, "what was selected");
    const run = await script.started(thread.conversationId);
    await run.emit(answer);
    run.finish();
    await state(thread, (now) => idle(now) && now.entries.at(-1)?.status === "complete");
  }
  const { entries } = await state(thread, (now) => idle(now) && now.entries.length === 4);
  const elsewhere = fixture.page(owner).chat.thread(thread.conversationId);
  await elsewhere.open();
  thread.edit(entries[2]?.id ?? "", "Second");
  const run = await script.started(thread.conversationId);
  await run.emit("Two");
  run.finish();
  const edited = await state(thread, (now) => idle(now) && now.entries[2]?.versions.count === 2);
  const after = ["user: First", "assistant: 1", "user: Second", "assistant: Two"];
  expect(said(edited)).toEqual(after);
  expect(edited.entries[2]).toMatchObject({
    contextText: "what was selected",
    versions: { index: 2, count: 2 },
  });
  await elsewhere.open();
  expect(said(await state(elsewhere, shows("Two")))).toEqual(after);

  await thread.showVersion(edited.entries[2]?.id ?? "", -1);
  const before = ["user: First", "assistant: 1", "user: Secnod", "assistant: 2"];
  expect(said(await state(thread, shows("Secnod")))).toEqual(before);
  await elsewhere.open();
  expect(said(await state(elsewhere, shows("Secnod")))).toEqual(before);
  const { messages } = await history.listMessages(owner, thread.conversationId);
  expect(messages.map(({ id }) => id)).toEqual(entries.map(({ id }) => id));
});
