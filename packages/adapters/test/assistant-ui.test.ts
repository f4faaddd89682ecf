import { type CompleteAttachment, fromThreadMessageLike } from "@assistant-ui/react";
import {
  createFeedbackAdapter,
  createThreadHistoryAdapter,
  createThreadListAdapter,
} from "@chatkeep/adapters/assistant-ui";
import { ChatkeepError, type Message } from "@chatkeep/protocol";
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

  it("take what a person thinks of an answer, and show it again", async () => {
    const owner = newOwner();
    const { conversation } = await history.createConversation(owner);
    const { id } = conversation;
    for await (const _ of (await history.startTurn(owner, id, { content: "One and two?" })).events);
    const thread = createThreadHistoryAdapter({ history, owner, conversationId: () => id });
    const { message } = (await thread.load()).messages.at(-1)!;
    const failed = Promise.withResolvers<unknown>();
    const feedback = createFeedbackAdapter({
      history,
      owner,
      conversationId: () => id,
      onError: failed.resolve,
    });
    feedback.submit({ message, type: "negative", comment: "Four." });
    const shown = async () => (await thread.load()).messages.at(-1)!.message.metadata;
    await expect.poll(shown).toMatchObject({ submittedFeedback: { type: "negative", comment: "Four." } });
    // An answer that was shown as it grew has another id on the page.
    const grown = {
      ...message,
      id: "local",
      metadata: { ...message.metadata, custom: { messageId: message.id } },
    };
    feedback.submit({ message: grown as typeof message, type: "positive" });
    await expect.poll(shown).toMatchObject({ submittedFeedback: { type: "positive" } });
    feedback.submit({ message: { ...message, id: "gone" }, type: "positive" });
    expect(await failed.promise).toMatchObject({ code: "message_not_found" });
  });

  const text = (role: "user" | "assistant", id: string) =>
    fromThreadMessageLike({ role, id, content: id }, id, { type: "complete", reason: "stop" });
  const tellOf = (messages: readonly Message[]) =>
    messages.map(({ id, parentId }) => `${parentId ?? ""}>${id}`);

  it("load every version with its parent and what follows it, and store a tree that is appended", async () => {
    const owner = newOwner();
    const { conversation } = await history.createConversation(owner);
    const { id } = conversation;
    const say = (ids: string, parent: string | null) =>
      history.appendMessages(
        owner,
        id,
        Array.from(ids).map((one) => ({ id: one, role: "user" as const, content: one })),
        { parent },
      );
    await say("abcd", null);
    await say("xy", "b");
    await say("n", null);
    await history.setHead(owner, id, "x");
    const loaded = await createThreadHistoryAdapter({ history, owner, conversationId: () => id }).load();
    expect(loaded.headId).toBe("y");
    expect(loaded.messages.map(({ message, parentId }) => `${parentId ?? ""}>${message.id}`)).toEqual([
      ">a",
      "a>b",
      "b>c",
      "c>d",
      "b>x",
      "x>y",
      ">n",
    ]);

    const copy = createThreadHistoryAdapter({ history, owner, conversationId: () => "a-copy" });
    // As assistant-ui does, which does not wait.
    await Promise.all(loaded.messages.map((item) => copy.append(item)));
    await history.setHead(owner, "a-copy", "x");
    expect(await copy.load()).toEqual({
      ...loaded,
      messages: loaded.messages.map((item) => ({
        ...item,
        message: { ...item.message, createdAt: expect.any(Date) as Date },
      })),
    });
  });

  it("load the latest of a branch, and what is cut off is no parent", async () => {
    const owner = newOwner();
    const { conversation } = await history.createConversation(owner);
    const { id } = conversation;
    const say = (ids: string, parent: string | null) =>
      history.appendMessages(
        owner,
        id,
        Array.from(ids).map((one) => ({ id: one, role: "user" as const, content: one })),
        { parent },
      );
    await say("abcd", null);
    await say("k", "a");
    await say("x", "c");
    await history.setHead(owner, id, "d");
    const thread = createThreadHistoryAdapter({ history, owner, conversationId: () => id, limit: 2 });
    const { messages, headId } = await thread.load();
    expect(messages.map(({ message, parentId }) => [parentId, message.id])).toEqual([
      [null, "c"],
      ["c", "d"],
      ["c", "x"],
    ]);
    expect(headId).toBe("d");
    // A version of the first that is shown follows what stands before it.
    await thread.append({ parentId: null, message: text("user", "edited") });
    expect(tellOf((await history.listMessages(owner, id)).messages)).toEqual([">a", "a>b", "b>edited"]);
  });

  it("show a call that branches answered differently with the result of the branch that is shown", async () => {
    const owner = newOwner();
    const { conversation } = await history.createConversation(owner);
    const { id } = conversation;
    const call = { id: "c1", type: "function", function: { name: "add", arguments: "{}" } };
    const answers = (from: string, result: string) => [
      { id: `${from}-result`, role: "tool" as const, toolCallId: "c1", content: result },
      { id: `${from}-answer`, role: "assistant" as const, content: from },
    ];
    await history.appendMessages(owner, id, [
      { id: "q", role: "user", content: "Add" },
      { id: "call", role: "assistant", toolCalls: [call] },
      ...answers("one", "1"),
    ]);
    await history.appendMessages(owner, id, answers("two", "2"), { parent: "call" });
    const thread = createThreadHistoryAdapter({ history, owner, conversationId: () => id });
    for (const [head, result] of [
      ["one-answer", "1"],
      ["two-answer", "2"],
    ]) {
      await history.setHead(owner, id, head!);
      const { messages, headId } = await thread.load();
      expect(headId).toBe(head);
      expect(messages.map(({ message, parentId }) => [parentId, message.id])).toEqual([
        [null, "q"],
        ["q", "call"],
        ["call", "one-answer"],
        ["call", "two-answer"],
      ]);
      expect(messages[1]?.message.content).toMatchObject([{ toolCallId: "c1", result }]);
    }
  });

  it("keep the files of a question, whichever adapter attached them, and give them back beside its text", async () => {
    const owner = newOwner();
    const thread = createThreadHistoryAdapter({ history, owner, conversationId: () => "thread-6" });
    const bytes = Buffer.from("bytes");
    const image = `data:image/png;base64,${bytes.toString("base64")}`;
    const stored = await history.putFile(owner, { name: "a.pdf", mediaType: "application/pdf" }, bytes);
    const providerMetadata = { chatkeep: { file: stored.id } };
    const attached = (name: string, content: CompleteAttachment["content"]): CompleteAttachment => ({
      id: name,
      type: "document",
      name,
      content,
      status: { type: "complete" },
    });
    const pdf = { type: "file", data: "", mimeType: "application/pdf", providerMetadata } as const;
    const question = fromThreadMessageLike(
      {
        role: "user",
        id: "q",
        content: [
          { type: "text", text: "What are these?" },
          { type: "audio", audio: { data: "Ynl0ZXM=", format: "wav" } },
        ],
        attachments: [attached("cat.png", [{ type: "image", image }]), attached("a.pdf", [pdf])],
      },
      "",
      { type: "complete", reason: "stop" },
    );
    await thread.append({ parentId: null, message: question });
    const { parts } = await history.getMessage(owner, "thread-6", "q");
    expect(parts).toMatchObject([
      { type: "text" },
      { type: "file", url: "data:audio/wav;base64,Ynl0ZXM=", mime: "audio/wav" },
      { type: "file", url: image, name: "cat.png", mime: "image/png" },
      { type: "file", file: stored.id, name: "a.pdf", mime: "application/pdf" },
    ]);
    const { messages } = await thread.load();
    expect(messages[0]?.message).toMatchObject({
      content: [{ type: "text", text: "What are these?" }],
      attachments: [
        { type: "document", name: "audio/wav" },
        { type: "image", name: "cat.png", content: [{ type: "image", image, filename: "cat.png" }] },
        { type: "document", name: "a.pdf", content: [{ type: "file", providerMetadata }] },
      ],
    });
  });

  it("load a question whose picture is gone", async () => {
    const owner = newOwner();
    const thread = createThreadHistoryAdapter({ history, owner, conversationId: () => "thread-7" });
    const { id: file } = await history.putFile(owner, { mediaType: "image/png" }, Buffer.from("bytes"));
    await history.createConversation(owner, { id: "thread-7" });
    const part = { type: "file", file, url: "", mime: "" } as const;
    await history.appendMessages(owner, "thread-7", [{ role: "user", parts: [part] }]);
    await history.deleteFile(owner, file);
    expect((await thread.load()).messages[0]?.message.attachments).toMatchObject([{ type: "image" }]);
  });

  it("store an answer without content nowhere, and what follows it after its question", async () => {
    const owner = newOwner();
    const thread = createThreadHistoryAdapter({ history, owner, conversationId: () => "thread-4" });
    const empty = fromThreadMessageLike({ role: "assistant", id: "empty", content: [] }, "", {
      type: "incomplete",
      reason: "cancelled",
    });
    await thread.append({ parentId: null, message: text("user", "q1") });
    await thread.append({ parentId: "q1", message: empty });
    await thread.append({ parentId: "empty", message: text("user", "q2") });
    expect(tellOf((await history.listMessages(owner, "thread-4")).messages)).toEqual([">q1", "q1>q2"]);
  });

  it("store what an outage kept out before what comes next", async () => {
    const owner = newOwner();
    let isDown = true;
    const flaky: typeof history = {
      ...history,
      appendMessages: (...given) =>
        isDown
          ? Promise.reject(new ChatkeepError("unavailable", "The database is down."))
          : history.appendMessages(...given),
    };
    const thread = createThreadHistoryAdapter({ history: flaky, owner, conversationId: () => "thread-5" });
    await expect(thread.append({ parentId: null, message: text("user", "q1") })).rejects.toMatchObject({
      code: "unavailable",
    });
    isDown = false;
    await thread.append({ parentId: "q1", message: text("assistant", "a1") });
    expect(tellOf((await history.listMessages(owner, "thread-5")).messages)).toEqual([">q1", "q1>a1"]);
  });
});
