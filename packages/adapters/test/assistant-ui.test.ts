import { createThreadHistoryAdapter, createThreadListAdapter } from "@chatkeep/adapters/assistant-ui";
import { describe, expect, it } from "vitest";

import { newOwner, openHistory } from "./fixture.ts";

const history = await openHistory(async function* () {
  yield { type: "tool-call", id: "c1", name: "add", arguments: "{}" };
  yield { type: "tool-result", id: "c1", result: 3 };
  yield "Three.";
});

describe("conversations as assistant-ui's threads", () => {
  it("are listed, begun, renamed, archived, deleted and given a title", async () => {
    const owner = newOwner();
    const threads = createThreadListAdapter({ history, owner });
    expect(await threads.initialize("thread-1")).toEqual({ remoteId: "thread-1" });
    await history.appendMessages(owner, "thread-1", [{ role: "user", content: "What is it?" }]);
    expect(await threads.fetch("thread-1")).toMatchObject({ status: "regular", title: "What is it?" });
    const title = await threads.generateTitle("thread-1", []);
    const chunks = [];
    for await (const chunk of title as unknown as AsyncIterable<{ type: string; textDelta?: string }>)
      chunks.push(chunk);
    expect(chunks.map(({ textDelta }) => textDelta ?? "").join("")).toBe("What is it?");
    await threads.rename("thread-1", "Mine");
    expect((await threads.list()).threads).toMatchObject([{ remoteId: "thread-1", title: "Mine" }]);
    await threads.archive("thread-1");
    expect((await threads.fetch("thread-1")).status).toBe("archived");
    await threads.unarchive("thread-1");
    await threads.delete("thread-1");
    expect((await threads.list()).threads).toEqual([]);
  });

  it("load what is stored, and store what is not", async () => {
    const owner = newOwner();
    const fresh = createThreadHistoryAdapter({ history, owner, conversationId: () => undefined });
    expect((await fresh.load()).messages).toEqual([]);
    const id = "thread-2";
    const thread = createThreadHistoryAdapter({ history, owner, conversationId: () => id });
    expect((await thread.load()).messages).toEqual([]);
    await history.createConversation(owner, { id });
    const { events } = await history.startTurn(owner, id, { id: "q", content: "One and two?" });
    for await (const _ of events) {
      // To the end.
    }
    const { messages } = await thread.load();
    expect(messages.map(({ message }) => [message.role, message.content])).toMatchObject([
      ["user", [{ type: "text", text: "One and two?" }]],
      [
        "assistant",
        [
          { type: "tool-call", toolCallId: "c1", toolName: "add", argsText: "{}", result: 3 },
          { type: "text", text: "Three." },
        ],
      ],
    ]);
    for (const item of messages) await thread.append(item);
    expect((await history.listMessages(owner, id)).total).toBe(2);

    const other = createThreadHistoryAdapter({ history, owner, conversationId: () => "thread-3" });
    for (const item of messages) await other.append(item);
    const copied = await other.load();
    expect(copied.messages.map(({ message }) => [message.id, message.content])).toEqual(
      messages.map(({ message }) => [message.id, message.content]),
    );
  });
});
