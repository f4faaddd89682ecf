import { createHistory } from "@chatkeep/core";
import type { Citation } from "@chatkeep/protocol";
import type { Thread, ThreadState } from "@chatkeep/react";
import { UNHURRIED, fileDatabase } from "@chatkeep/testing";
import { afterAll, expect, onTestFinished, test } from "vitest";

import { openFixture, state } from "./fixture.ts";

const database = await fileDatabase();
const fixture = await openFixture(database.url);
afterAll(() => fixture[Symbol.asyncDispose]());
const { script, history } = fixture;

const citation: Citation = {
  path: "docs/intro.md",
  chapter: "Introduction",
  section: null,
  anchor: "intro",
  quote: "It keeps.",
  score: 0.9,
  url: "/book/docs/intro.md#intro",
};

/** What is read in a thread, as `who: text`. */
function said({ entries }: ThreadState): string[] {
  return entries.map(
    ({ role, parts }) =>
      `${role}: ${parts.map((part) => (part.type === "text" ? part.text : `<${part.type}>`)).join("")}`,
  );
}
const idle = ({ running, status }: ThreadState): boolean => running === null && status === "ready";
const shows = (text: string) => (now: ThreadState) => said(now).some((line) => line.includes(text));

/** Asks and answers, to the end. */
async function exchange(thread: Thread, question: string, answer: string): Promise<void> {
  thread.send(question);
  const run = await script.started(thread.conversationId);
  await run.emit(answer);
  run.finish();
  await state(thread, (now) => idle(now) && shows(answer)(now));
}

test("nothing is created before the first question, however often a page is opened", async () => {
  const owner = fixture.owner();
  for (let opened = 0; opened < 3; opened++) {
    const { chat } = fixture.page(owner);
    chat.show(chat.newThread());
    expect(chat.newThread()).toBe(chat.newThread());
    await chat.conversations.list().refresh();
  }
  expect((await history.listConversations(owner)).total).toBe(0);
});

test("a question is shown at once, its answer as it is made, and what is stored is what was seen", async () => {
  const owner = fixture.owner();
  const { chat } = fixture.page(owner);
  const thread = chat.newThread();
  thread.send("What does it do?");
  const sent = await state(thread, ({ entries }) => entries.length === 1);
  expect(sent.entries[0]).toMatchObject({ role: "user", delivery: expect.stringMatching(/queued|sending/) });

  const run = await script.started(thread.conversationId);
  await run.emit("It keeps [1");
  const growing = await state(thread, shows("It keeps [1"));
  expect(growing.entries.map(({ status }) => status)).toEqual(["complete", "streaming"]);
  expect(growing.outcome).toBe("generating");
  await run.emit({ type: "citation", citation });
  await run.emit("] everything.");
  run.finish();
  const live = await state(thread, (now) => now.outcome === "complete");
  const done = await state(thread, idle);

  const stored = await history.listMessages(owner, thread.conversationId);
  expect(done.entries.map(({ id, parts }) => ({ id, parts }))).toEqual(
    stored.messages.map(({ id, parts }) => ({ id, parts })),
  );
  expect(live.entries.map(({ id, parts }) => ({ id, parts }))).toEqual(
    done.entries.map(({ id, parts }) => ({ id, parts })),
  );
  expect(sent.entries[0]?.id).toBe(stored.messages[0]?.id);
  const { conversations } = await state(
    chat.conversations.list(),
    ({ conversations: [first] }) => first?.title !== null && first?.runningTurn === null,
  );
  expect(conversations.map(({ id, title }) => ({ id, title }))).toEqual([
    { id: thread.conversationId, title: "What does it do?" },
  ]);
});

test("a page that is opened during an answer shows what there is and follows it to the end", async () => {
  const owner = fixture.owner();
  const first = fixture.page(owner);
  const thread = first.chat.newThread();
  thread.send("Tell me");
  const run = await script.started(thread.conversationId);
  await run.emit("Once upon ");
  await state(thread, shows("Once upon "));
  first.chat.close();

  const { chat } = fixture.page(owner);
  const again = chat.thread(thread.conversationId);
  const seen: string[] = [];
  again.subscribe(() => seen.push(said(again.getSnapshot())[1] ?? ""));
  chat.show(again);
  await state(again, shows("Once upon "));
  await state(again, ({ running }) => running !== null);
  await run.emit("a time.");
  run.finish();
  const done = await state(again, (now) => idle(now) && now.outcome === "complete");
  expect(said(done)).toEqual(["user: Tell me", "assistant: Once upon a time."]);
  // Text that was visible never disappears.
  const lengths = seen.map((line) => line.length);
  expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
});

test("an answer that ends between being listed and being followed is read to its end", async () => {
  const owner = fixture.owner();
  const first = fixture.page(owner);
  const thread = first.chat.newThread();
  thread.send("Tell me");
  const run = await script.started(thread.conversationId);
  await run.emit("Once upon ");
  await state(thread, shows("Once upon "));

  const { chat, network } = fixture.page(owner);
  const again = chat.thread(thread.conversationId);
  const held = network.hold(`GET ${thread.getSnapshot().entries[1]?.turnId ?? ""}`);
  chat.show(again);
  await held.arrived;
  await run.emit("a time.");
  run.finish();
  await state(thread, idle);
  held.release();
  const done = await state(again, (now) => idle(now) && now.entries[1]?.status === "complete");
  expect(said(done)).toEqual(["user: Tell me", "assistant: Once upon a time."]);
});

test("a cut stream resumes: every piece once", async () => {
  const { chat, network } = fixture.page(fixture.owner());
  const thread = chat.newThread();
  thread.send("Count");
  const run = await script.started(thread.conversationId);
  for (const piece of ["one ", "two ", "three "]) {
    await run.emit(piece);
    await state(thread, shows(piece));
    network.cut();
    await state(thread, ({ running }) => running?.connection === "resuming");
  }
  await run.emit("four");
  run.finish();
  const done = await state(thread, idle);
  expect(said(done)).toEqual(["user: Count", "assistant: one two three four"]);
});

test("an answer that ends while the network is gone is read when it returns", async () => {
  const { chat, network } = fixture.page(fixture.owner());
  const thread = chat.newThread();
  thread.send("Count");
  const run = await script.started(thread.conversationId);
  await run.emit("one ");
  await state(thread, shows("one "));
  network.fail();
  network.cut();
  await run.emit("two");
  run.finish();
  await state(thread, ({ running }) => running?.connection === "resuming");
  network.restore();
  expect(said(await state(thread, idle))).toEqual(["user: Count", "assistant: one two"]);
});

test("Stop ends the answer and keeps its text, also when it is pressed before the answer began", async () => {
  const { chat } = fixture.page(fixture.owner());
  const thread = chat.newThread();
  thread.send("Go on for ever");
  const run = await script.started(thread.conversationId);
  await run.emit("For ever and");
  await state(thread, shows("For ever and"));
  void thread.stop();
  await state(thread, ({ running }) => running?.stopping === true);
  await run.aborted;
  const stopped = await state(thread, idle);
  expect(stopped.entries.at(-1)).toMatchObject({ status: "stopped", delivery: "saved" });
  expect(said(stopped)[1]).toBe("assistant: For ever and");

  thread.send("Again");
  void thread.stop();
  const again = await script.started(thread.conversationId);
  await again.aborted;
  expect((await state(thread, (now) => idle(now) && now.entries.length === 4)).outcome).toBe("stopped");
});

test("a question that is asked during an answer waits for its end", async () => {
  const { chat } = fixture.page(fixture.owner());
  const thread = chat.newThread();
  thread.send("First");
  const run = await script.started(thread.conversationId);
  thread.send("Second");
  const waiting = await state(
    thread,
    ({ entries }) => entries.length > 2 || entries[1]?.delivery === "queued",
  );
  expect(waiting.entries.at(-1)).toMatchObject({ delivery: "queued" });
  await run.emit("1");
  run.finish();
  const next = await script.started(thread.conversationId);
  await next.emit("2");
  next.finish();
  const done = await state(thread, (now) => idle(now) && shows("2")(now));
  expect(said(done)).toEqual(["user: First", "assistant: 1", "user: Second", "assistant: 2"]);
});

test("while another tab's answer runs, it is followed, and the question is sent after it", async () => {
  const owner = fixture.owner();
  const one = fixture.page(owner);
  const two = fixture.page(owner);
  const thread = one.chat.newThread();
  await exchange(thread, "Hello", "Hello.");
  const same = two.chat.thread(thread.conversationId);
  two.chat.show(same);
  await state(same, idle);

  thread.send("From the first tab");
  const run = await script.started(thread.conversationId);
  same.send("From the second tab");
  await state(same, shows("From the first tab"));
  await run.emit("For the first.");
  await state(same, shows("For the first."));
  run.finish();
  const next = await script.started(thread.conversationId);
  await next.emit("For the second.");
  next.finish();
  const done = await state(same, (now) => idle(now) && shows("For the second.")(now));
  expect(said(done).slice(2)).toEqual([
    "user: From the first tab",
    "assistant: For the first.",
    "user: From the second tab",
    "assistant: For the second.",
  ]);
});

test("a late answer of one conversation is never in another, and the other can be used meanwhile", async () => {
  const { chat } = fixture.page(fixture.owner());
  const a = chat.newThread();
  a.send("About A");
  const runA = await script.started(a.conversationId);
  await state(a, ({ entries }) => entries.length > 0);
  const b = chat.newThread();
  expect(b.conversationId).not.toBe(a.conversationId);
  chat.show(b);
  await exchange(b, "About B", "B it is.");
  await runA.emit("A it is.");
  runA.finish();
  await state(a, idle);
  expect(said(a.getSnapshot())).toEqual(["user: About A", "assistant: A it is."]);
  expect(said(b.getSnapshot())).toEqual(["user: About B", "assistant: B it is."]);
});

test("what cannot be sent keeps its text over a reload, and a retry stores it once", async () => {
  const owner = fixture.owner();
  const browser = new Map<string, string>();
  const { chat, network } = fixture.page(owner, browser);
  const thread = chat.newThread();
  network.fail();
  thread.send("Are you there?");
  const failed = await state(thread, ({ outcome }) => outcome === "not_sent");
  expect(failed.entries[0]).toMatchObject({ delivery: "failed", error: { code: "not_sent" } });
  expect(failed.running).toBeNull();
  chat.close();

  const reloaded = fixture.page(owner, browser);
  const again = reloaded.chat.thread(thread.conversationId);
  reloaded.chat.show(again);
  const kept = await state(again, ({ status }) => status === "new");
  expect(said(kept)).toEqual(["user: Are you there?"]);
  expect(kept.entries[0]).toMatchObject({ id: failed.entries[0]?.id, delivery: "failed" });
  again.retry(failed.entries[0]?.id ?? "");
  const run = await script.started(thread.conversationId);
  await run.emit("Yes.");
  run.finish();
  expect(said(await state(again, idle))).toEqual(["user: Are you there?", "assistant: Yes."]);
  expect([...browser.keys()]).toEqual([]);
});

test("a question whose reply was lost is not asked twice", async () => {
  const owner = fixture.owner();
  const { chat, network } = fixture.page(owner);
  const thread = chat.newThread();
  thread.send("Once");
  const run = await script.started(thread.conversationId);
  // Committed, and the connection breaks before the page hears of it.
  network.cut();
  await run.emit("Only once.");
  run.finish();
  const done = await state(thread, idle);
  expect(said(done)).toEqual(["user: Once", "assistant: Only once."]);
  expect(script.calls(thread.conversationId)).toBe(1);
});

test("a failed question is withdrawn for editing", async () => {
  const { chat, network } = fixture.page(fixture.owner());
  const thread = chat.newThread();
  network.fail();
  thread.send("Wit a typo");
  const { entries } = await state(thread, ({ outcome }) => outcome === "not_sent");
  expect(await thread.withdraw(entries[0]?.id ?? "")).toMatchObject({ text: "Wit a typo" });
  expect(await thread.withdraw(entries[0]?.id ?? "")).toBeNull();
  await state(thread, (now) => now.entries.length === 0);
});

test("a history that cannot be read says so and never looks empty; then it can be", async () => {
  const owner = fixture.owner();
  const first = fixture.page(owner);
  const thread = first.chat.newThread();
  await exchange(thread, "Hello", "Hello.");
  const { chat, network } = fixture.page(owner);
  network.fail("GET ");
  const again = chat.thread(thread.conversationId);
  chat.show(again);
  void chat.conversations.list().refresh();
  const failed = await state(again, ({ status }) => status === "failed");
  expect(failed.failure).toMatch(/cannot be reached/);
  expect((await state(chat.conversations.list(), ({ status }) => status === "failed")).failure).toMatch(
    /reached/,
  );
  network.restore();
  await again.open();
  await chat.conversations.list().refresh();
  expect(said(await state(again, idle))).toEqual(["user: Hello", "assistant: Hello."]);
  expect(
    (await state(chat.conversations.list(), ({ status }) => status === "ready")).conversations,
  ).toHaveLength(1);
});

test("a conversation that is not there or not this browser's is missing, not empty", async () => {
  const stranger = fixture.page(fixture.owner()).chat.newThread();
  await exchange(stranger, "Hello", "Hello.");
  const { chat } = fixture.page(fixture.owner());
  for (const id of [stranger.conversationId, "00000000-0000-4000-8000-000000000000", "two words", ".."]) {
    const thread = chat.thread(id);
    chat.show(thread);
    const missing = await state(thread, ({ status }) => status !== "loading");
    expect(missing).toMatchObject({ status: "missing", entries: [] });
  }
});

test("an answer that failed keeps its text and its reason, and is given again as another version", async () => {
  const owner = fixture.owner();
  const { chat } = fixture.page(owner);
  const thread = chat.newThread();
  thread.send("Will it work?");
  const run = await script.started(thread.conversationId);
  await run.emit("I think");
  await state(thread, shows("I think"));
  run.fail(new Error("the model is gone"));
  const failed = await state(thread, idle);
  expect(failed.outcome).toBe("failed");
  expect(failed.entries[1]).toMatchObject({ status: "failed", error: { detail: expect.any(String) } });
  expect(said(failed)[1]).toBe("assistant: I think");

  const asked = thread.regenerate(failed.entries[1]?.id ?? "");
  const again = await script.started(thread.conversationId);
  await asked;
  await again.emit("Yes.");
  again.finish();
  expect(said(await state(thread, (now) => idle(now) && shows("Yes.")(now)))).toEqual([
    "user: Will it work?",
    "assistant: Yes.",
  ]);
  expect((await history.listMessages(owner, thread.conversationId)).total).toBe(2);
});

test("older messages are read page by page, each once, while an answer runs", async () => {
  const owner = fixture.owner();
  const { conversation } = await history.createConversation(owner);
  for (let from = 0; from < 160; from += 40) {
    const batch = Array.from({ length: 40 }, (_, index) => ({
      role: "user" as const,
      content: `no. ${from + index}`,
    }));
    await history.appendMessages(owner, conversation.id, batch);
  }
  const { chat } = fixture.page(owner);
  const thread = chat.thread(conversation.id);
  chat.show(thread);
  const latest = await state(thread, idle);
  expect(said(latest)).toEqual(Array.from({ length: 50 }, (_, index) => `user: no. ${110 + index}`));
  expect(latest.older).toBe("more");
  thread.send("Go on");
  const run = await script.started(conversation.id);
  await thread.loadOlder();
  await run.emit("I do.");
  run.finish();
  await state(thread, idle);
  await thread.loadOlder();
  await thread.loadOlder();
  const all = await state(thread, ({ older }) => older === "none");
  expect(said(all)).toEqual([
    ...Array.from({ length: 160 }, (_, index) => `user: no. ${index}`),
    "user: Go on",
    "assistant: I do.",
  ]);
  // What has not changed is the same object, so that it is not rendered again.
  expect(all.entries.slice(110, 160)).toEqual(latest.entries);
  expect(all.entries[110]).toBe(latest.entries[0]);
});

test("older messages that cannot be read are told of, and come by themselves once they can be read", async () => {
  const owner = fixture.owner();
  const { conversation } = await history.createConversation(owner);
  const batch = Array.from({ length: 60 }, (_, index) => ({
    role: "user" as const,
    content: `no. ${index}`,
  }));
  await history.appendMessages(owner, conversation.id, batch);
  const { chat, network } = fixture.page(owner);
  const thread = chat.thread(conversation.id);
  chat.show(thread);
  await state(thread, idle);
  network.fail("GET /messages");
  await thread.loadOlder();
  expect((await state(thread, ({ older }) => older === "failed")).entries).toHaveLength(50);
  network.restore();
  expect((await state(thread, ({ older }) => older === "none")).entries).toHaveLength(60);
});

test("a conversation deleted during its answer does not come back", async () => {
  const owner = fixture.owner();
  const { chat } = fixture.page(owner);
  const other = chat.newThread();
  await exchange(other, "Stay", "I stay.");
  const thread = chat.newThread();
  chat.setDraft(thread, "half a thought");
  thread.send("Go");
  const run = await script.started(thread.conversationId);
  await run.emit("I go");
  await state(thread, shows("I go"));
  await chat.conversations.remove(thread.conversationId);
  await run.aborted;
  await chat.conversations.list().refresh();
  const { conversations } = await state(chat.conversations.list(), ({ status }) => status === "ready");
  expect(conversations.map(({ id }) => id)).toEqual([other.conversationId]);
  expect((await history.listConversations(owner)).total).toBe(1);
  await chat.conversations.remove(thread.conversationId);
});

test("a conversation deleted elsewhere is gone here too", async () => {
  const owner = fixture.owner();
  const { chat } = fixture.page(owner);
  const thread = chat.newThread();
  await exchange(thread, "Hello", "Hello.");
  await history.deleteConversation(owner, thread.conversationId);
  await thread.open();
  await state(thread, ({ status }) => status === "missing");
  thread.send("Are you there?");
  const refused = await state(thread, ({ outcome }) => outcome === "not_sent");
  expect(refused.entries.at(-1)).toMatchObject({ delivery: "failed", role: "user" });
  expect((await history.listConversations(owner)).total).toBe(0);
});

test("a conversation cleared elsewhere is shown as it is now", async () => {
  const owner = fixture.owner();
  const { chat } = fixture.page(owner);
  const thread = chat.newThread();
  await exchange(thread, "Old", "Gone soon.");
  await history.clearMessages(owner, thread.conversationId);
  await history.appendMessages(owner, thread.conversationId, [{ role: "user", content: "New" }]);
  await thread.open();
  expect(said(await state(thread, ({ entries }) => entries.length === 1))).toEqual(["user: New"]);
});

test("the list is by last activity, and walks on", async () => {
  const owner = fixture.owner();
  for (let made = 0; made < 60; made++) await history.createConversation(owner, { title: `no. ${made}` });
  const { chat } = fixture.page(owner);
  await chat.conversations.list().refresh();
  await state(chat.conversations.list(), ({ more }) => more === "more");
  await chat.conversations.list().loadMore();
  const { conversations } = await state(chat.conversations.list(), ({ more }) => more === "none");
  expect(conversations.map(({ title }) => title)).toEqual(
    Array.from({ length: 60 }, (_, index) => `no. ${59 - index}`),
  );
  const old = chat.thread(conversations[59]?.id ?? "");
  chat.show(old);
  await state(old, idle);
  await exchange(old, "Up", "Up.");
  const now = await state(
    chat.conversations.list(),
    (now) => now.conversations[0]?.id === old.conversationId,
  );
  expect(now.conversations).toHaveLength(60);
});

test("each conversation has its own draft, which outlives a reload", () => {
  const owner = fixture.owner();
  const browser = new Map<string, string>();
  const before = fixture.page(owner, browser).chat;
  before.setDraft(before.newThread(), "for a new one");
  before.setDraft(before.thread("a"), "for a");
  const after = fixture.page(owner, browser).chat;
  expect(after.draft(after.newThread())).toBe("for a new one");
  expect(after.draft(after.thread("a"))).toBe("for a");
  expect(after.draft(after.thread("b"))).toBe("");
});

test("a page whose answer has lost events in a failover shows it whole once it is stored", async () => {
  const owner = fixture.owner();
  const elsewhere = createHistory({
    ...UNHURRIED.history,
    pool: database.pool,
    responder: script.responder,
  });
  onTestFinished(() => elsewhere.close());
  const { id } = (await history.createConversation(owner)).conversation;
  const { turn } = await elsewhere.startTurn(owner, id, { content: "Tell me." });
  const run = await script.started(id);
  const { chat, network } = fixture.page(owner);
  const thread = chat.thread(id);
  chat.show(thread);
  await run.emit("Kept. ");
  await state(thread, shows("Kept. "));

  const held = network.hold("GET /events");
  network.cut();
  await held.arrived;
  await run.emit("Lost. ");
  await run.request.committed();
  await database.pool.query(
    "delete from chatkeep.turn_events where turn_id = $1 and chunk ->> 'delta' = 'Lost. '",
    [turn.id],
  );
  await run.emit("More.");
  await run.request.committed();
  held.release();
  // It is told of the loss, and comes back.
  const followed = (): number => network.requests.filter((one) => one.endsWith("/events")).length;
  await expect.poll(followed).toBeGreaterThan(2);
  run.finish();
  const whole = await state(thread, (now) => idle(now) && shows("More.")(now));
  expect(said(whole)).toEqual(["user: Tell me.", "assistant: Kept. Lost. More."]);
});
