import { createSession } from "@chatkeep/adapters/openai-agents";
import type { AgentInputItem } from "@openai/agents";
import { describe, expect, it } from "vitest";

import { newOwner, openHistory } from "./fixture.ts";

const history = await openHistory(async function* () {
  yield "Hi.";
});

const ITEMS: AgentInputItem[] = [
  { type: "message", role: "user", content: "add" },
  {
    type: "function_call",
    callId: "c1",
    name: "add",
    arguments: "{not json",
    status: "completed",
    providerData: { x: 1 },
  },
  { type: "function_call", callId: "c2", name: "add", arguments: "", status: "completed" },
  {
    type: "function_call_result",
    callId: "c2",
    name: "add",
    status: "completed",
    output: { type: "text", text: "2" },
  },
  { type: "function_call_result", callId: "c1", name: "add", status: "completed", output: "" },
  { type: "reasoning", content: [{ type: "input_text", text: "Hm." }] },
  {
    type: "message",
    role: "assistant",
    status: "completed",
    content: [{ type: "output_text", text: "Done." }],
  },
];
const say = (text: string): AgentInputItem => ({ type: "message", role: "user", content: text });
const append = (items: AgentInputItem[]) => ({ type: "append_items" as const, items });
const replace = (expectedSuffix: AgentInputItem[], replacement: AgentInputItem[]) => ({
  type: "replace_suffix" as const,
  expectedSuffix,
  replacement,
});

describe("a conversation as an Agents session", () => {
  it("gives items back as they were, and shows them at other APIs", async () => {
    const owner = newOwner();
    const session = createSession({ history, owner });
    await session.addItems(ITEMS);
    expect(await session.getItems()).toEqual(ITEMS);
    expect(await session.getItems(2)).toEqual(ITEMS.slice(-2));
    const id = await session.getSessionId();
    const other = createSession({ history, owner, conversationId: id });
    expect(await other.getItems()).toEqual(ITEMS);
    const { messages } = await history.listMessages(owner, id);
    expect(messages.map(({ role }) => role).join(" ")).toBe(
      "user assistant assistant tool tool assistant assistant",
    );
    expect(messages[1]?.toolCalls).toMatchObject([{ id: "c1", function: { arguments: "{not json" } }]);
  });

  it("pops, clears, and makes one conversation however often it is first asked for at once", async () => {
    const owner = newOwner();
    const session = createSession({ history, owner });
    const ids = await Promise.all([session.getSessionId(), session.getSessionId()]);
    expect(ids[0]).toBe(ids[1]);
    await session.addItems(ITEMS);
    expect(await session.popItem()).toEqual(ITEMS.at(-1));
    expect(await session.getItems()).toEqual(ITEMS.slice(0, -1));
    await session.clearSession();
    expect(await session.getItems()).toEqual([]);
    expect(await session.popItem()).toBeUndefined();
  });

  it("pops an item that was answered again, and shows no other version in its place", async () => {
    const owner = newOwner();
    const session = createSession({ history, owner });
    await session.addItems([say("question"), say("first answer")]);
    const id = await session.getSessionId();
    const [question] = (await history.listMessages(owner, id)).messages;
    const again = { role: "assistant" as const, content: "second answer" };
    await history.appendMessages(owner, id, [again], { parent: question!.id });
    expect(await session.popItem()).toMatchObject({ role: "assistant" });
    expect(await session.getItems()).toEqual([say("question")]);
    await session.addItems([say("third answer")]);
    expect(await session.getItems()).toEqual([say("question"), say("third answer")]);
    expect(await session.popItem()).toEqual(say("third answer"));
    expect(await session.popItem()).toEqual(say("question"));
    expect(await session.popItem()).toBeUndefined();
  });

  it("reads what another API wrote", async () => {
    const owner = newOwner();
    const { conversation } = await history.createConversation(owner);
    const { events } = await history.startTurn(owner, conversation.id, { content: "Hello" });
    for await (const _ of events) {
      // To the end.
    }
    const session = createSession({ history, owner, conversationId: conversation.id });
    expect(await session.getItems()).toMatchObject([
      { role: "user", content: "Hello" },
      { role: "assistant", content: [{ type: "output_text", text: "Hi." }] },
    ]);
  });

  it("sees the head's branch, and goes on from it", async () => {
    const owner = newOwner();
    const session = createSession({ history, owner });
    await session.addItems([say("a"), say("b"), say("c")]);
    const id = await session.getSessionId();
    const [a, b] = (await history.listMessages(owner, id)).messages;
    await history.appendMessages(owner, id, [{ role: "user", content: "x" }], { parent: a!.id });
    expect(await session.getItems()).toMatchObject([say("a"), { role: "user", content: "x" }]);
    await session.addItems([say("y")]);
    expect(await session.getItems(2)).toMatchObject([{ content: "x" }, say("y")]);
    await history.setHead(owner, id, b!.id);
    expect(await session.getItems()).toEqual([say("a"), say("b"), say("c")]);
    await session.applyHistoryTransaction({
      operationId: "op",
      transaction: replace([say("c")], [say("d")]),
    });
    expect(await session.popItem()).toEqual(say("d"));
    expect(await session.getItems()).toEqual([say("a"), say("b")]);
    expect((await history.listMessages(owner, id, { branches: "all" })).total).toBe(4);
  });

  it("applies a transaction once, and no other under its id", async () => {
    const session = createSession({ history, owner: newOwner() });
    const args = { operationId: "op-1", transaction: append([say("a"), say("b")]) };
    await Promise.all([session.applyHistoryTransaction(args), session.applyHistoryTransaction(args)]);
    await session.applyHistoryTransaction(args);
    expect(await session.getItems()).toEqual([say("a"), say("b")]);
    for (const items of [[say("a")], [say("a"), say("b"), say("c")], [say("x"), say("b")], []]) {
      const other = { operationId: "op-1", transaction: append(items) };
      await expect(session.applyHistoryTransaction(other)).rejects.toThrow(/id/);
    }
    expect(await session.getItems()).toEqual([say("a"), say("b")]);
  });

  it("replaces a suffix that is still the latest, once, and no other", async () => {
    const session = createSession({ history, owner: newOwner() });
    await session.addItems([say("a"), say("b"), say("c")]);
    const args = { operationId: "op-2", transaction: replace([say("b"), say("c")], [say("d")]) };
    await session.applyHistoryTransaction(args);
    await session.applyHistoryTransaction(args);
    expect(await session.getItems()).toEqual([say("a"), say("d")]);
    const stale = { operationId: "op-3", transaction: replace([say("c")], [say("e")]) };
    await expect(session.applyHistoryTransaction(stale)).rejects.toThrow(TypeError);

    const removed = { operationId: "op-4", transaction: replace([say("d")], []) };
    await session.applyHistoryTransaction(removed);
    await session.applyHistoryTransaction(removed);
    expect(await session.getItems()).toEqual([say("a")]);
    const after = { operationId: "op-5", transaction: replace([say("a")], [say("f")]) };
    await session.applyHistoryTransaction(after);
    expect(await session.getItems()).toEqual([say("f")]);
    expect(await session.popItem()).toEqual(say("f"));
    expect(await session.getItems()).toEqual([]);
  });
});
