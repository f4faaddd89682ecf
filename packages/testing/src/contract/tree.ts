import { randomUUID } from "node:crypto";

import type { Message, MessageInput, MessageQuery, Owner, Question } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { type OpenedFixture, ask, collect, createReader, newConversation } from "./fixture.ts";
import { Tree, codeOf, letters as lettersOf } from "./letters.ts";

const PICTURE = `data:image/png;base64,${"A".repeat(5 * 1024 * 1024)}`;

/** What a history promises of a conversation as a tree: parents, versions, heads, branches, forks, deleting and restoring. */
export function describeTree(open: OpenedFixture): void {
  const questions = async (): Promise<Tree> => {
    const fixture = open();
    const { me, id } = await newConversation(fixture);
    await ask(fixture, me, id, { id: "q1", content: "one?" }, ["one."]);
    await ask(fixture, me, id, { id: "q2", content: "two?" }, ["two."]);
    return new Tree(fixture.history, me, id);
  };
  const letters = (text: string): Promise<Tree> => lettersOf(open(), text);

  describe("parents and versions", () => {
    it("are told by each message: the one before it, and one version, where nothing was said anew", async () => {
      const tree = await letters("abc");
      const { messages } = await tree.page();
      expect(messages.map(({ parentId }) => parentId)).toEqual([null, "a", "b"]);
      expect(messages.map(({ versions }) => versions.index / versions.count)).toEqual([1, 1, 1]);
      expect((await tree.page({ limit: 1 })).messages[0]?.parentId).toBe("b");
      expect((await tree.page({ after: 1, limit: 1 })).messages[0]?.parentId).toBe("a");
      expect(await tree.message("c")).toMatchObject({ parentId: "b", versions: { index: 1, count: 1 } });
      const [d] = await tree.append("d");
      expect(d).toMatchObject({ seq: 4, parentId: "c", versions: { index: 1, count: 1 } });
    });

    it("a question behind an earlier message is a new version, and the conversation goes on from its answer", async () => {
      const tree = await questions();
      const { messages: before } = await tree.page();
      const { run } = await ask(
        open(),
        tree.me,
        tree.id,
        { id: "q2b", content: "two, then?", parent: before[1]!.id },
        ["two!"],
      );
      expect(run.request.history.map(({ content }) => content)).toEqual(["one?", "one."]);
      expect(run.request.question).toMatchObject({ id: "q2b", versions: { index: 2, count: 2 } });
      const { messages, total } = await tree.page();
      expect(messages.map(({ content }) => content)).toEqual(["one?", "one.", "two, then?", "two!"]);
      expect(messages[2]).toMatchObject({
        seq: 5,
        parentId: before[1]!.id,
        versions: { index: 2, count: 2 },
      });
      expect(messages.map(({ versions }) => versions.count)).toEqual([1, 1, 2, 1]);
      expect(total).toBe(4);
      expect(await tree.conversation()).toMatchObject({
        messageCount: 4,
        headId: messages[3]!.id,
        preview: "two!",
      });
      expect(await tree.message("q2")).toMatchObject({ versions: { index: 1, count: 2 } });
      expect(await tree.versions("q2b")).toEqual(["q2", "q2b"]);
    });

    it("a question with parent `null` is a version of the first", async () => {
      const tree = await questions();
      const { run } = await ask(open(), tree.me, tree.id, { id: "q1b", content: "other?", parent: null });
      expect(run.request.history).toEqual([]);
      const { messages, hasMore } = await tree.page();
      expect(messages.map((message) => message.id)).toEqual(["q1b", messages[1]!.id]);
      expect([messages[0]?.parentId, hasMore]).toEqual([null, false]);
      expect(await tree.versions("q1")).toEqual(["q1", "q1b"]);
      expect((await tree.conversation()).title).toBe("other?");
    });

    it("appended messages follow the head or their parent, each the one before", async () => {
      const tree = await letters("abc");
      expect((await tree.append("xy", "a")).map(({ parentId }) => parentId)).toEqual(["a", "x"]);
      expect(await tree.branch()).toBe("axy");
      await tree.append("z");
      expect(await tree.branch()).toBe("axyz");
      expect((await tree.page()).messages.map(({ seq }) => seq)).toEqual([1, 4, 5, 6]);
    });

    it("a parent that is not there is message_not_found, and nothing is stored", async () => {
      const tree = await letters("ab");
      expect(await codeOf(tree.append("x", "nobody"))).toBe("message_not_found");
      expect(await codeOf(tree.history.startTurn(tree.me, tree.id, { content: "?", parent: "nobody" }))).toBe(
        "message_not_found",
      );
      expect(await tree.branch()).toBe("ab");
    });

    it("a client's id is one over all branches", async () => {
      const tree = await letters("abc");
      await tree.append("x", "a");
      const [again] = await tree.append("c");
      expect(again).toMatchObject({ seq: 3, parentId: "b" });
      expect(await tree.branch()).toBe("ax");
      const other = tree.history.appendMessages(tree.me, tree.id, [
        { id: "c", role: "user", content: "other" },
      ]);
      expect(await codeOf(other)).toBe("idempotency_mismatch");
    });

    it("versions are asked for by id, in the order of arrival; of nobody's message they are not", async () => {
      const tree = await letters("ab");
      await tree.append("c", "a");
      await tree.append("d", "a");
      expect(await tree.history.listVersions(tree.me, tree.id, "c")).toMatchObject([
        { id: "b", role: "user", preview: "b" },
        { id: "c", role: "user", preview: "c" },
        { id: "d", role: "user", preview: "d" },
      ]);
      expect(await codeOf(tree.versions("z"))).toBe("message_not_found");
      const stranger = open().owner();
      expect(await codeOf(tree.history.listVersions(stranger, tree.id, "b"))).toBe("forbidden");
    });

    it("an expected head keeps two writers apart, and a repeated call is none", async () => {
      const tree = await letters("abc");
      const write = (id: string): Promise<unknown> =>
        tree.history.appendMessages(tree.me, tree.id, [{ id, role: "user", content: id }], {
          parent: "b",
          expectedHead: "c",
        });
      const codes = await Promise.all(Array.from("0123456789").map((id) => codeOf(write(id))));
      expect(codes.filter((code) => code === undefined)).toHaveLength(1);
      expect(new Set(codes)).toEqual(new Set([undefined, "conflict"]));
      expect(await codeOf(write(String(codes.indexOf(undefined))))).toBeUndefined();
      expect((await tree.branch()).slice(0, 2)).toBe("ab");
    });

    it.each<[string, Question]>([
      ["a blank text", { content: " " }],
      ["a text that is too long", { content: "x".repeat(10_001) }],
      ["a picture that is too large", { parts: [{ type: "file", mime: "image/png", url: PICTURE }] }],
      ["metadata that is too large", { content: "uno?", metadata: { all: "x".repeat(20 * 1024) } }],
      ["an id that is taken", { id: "q2", content: "uno?" }],
    ])("an edit to %s is refused, and changes nothing", async (_what, edit) => {
      const tree = await questions();
      const before = await tree.page();
      expect(await codeOf(tree.history.startTurn(tree.me, tree.id, { ...edit, parent: null }))).toMatch(
        /^(invalid_request|payload_too_large|idempotency_mismatch)$/,
      );
      expect(await tree.page()).toEqual(before);
      expect((await tree.page({ branches: "all" })).total).toBe(4);
      expect(await tree.history.getConversation(tree.me, tree.id)).toMatchObject({
        runningTurn: null,
        headId: before.messages[3]!.id,
      });
    });

    it("two tabs that ask the same anew at once make two versions", async () => {
      const fixture = open();
      const tree = await letters("ab");
      await using other = await fixture.asRestarted();
      await Promise.all([
        tree.append("x", "a"),
        other.appendMessages(tree.me, tree.id, [{ id: "y", role: "user", content: "y" }], { parent: "a" }),
      ]);
      expect(new Set(await tree.versions("b"))).toEqual(new Set(["b", "x", "y"]));
    });
  });

  describe("regenerate", () => {
    it("answers the stored question once more: a version of the answer, which becomes the head", async () => {
      const tree = await questions();
      const { messages: before } = await tree.page();
      const { turn, events } = await tree.history.regenerate(tree.me, tree.id, "q1");
      const run = await open().responder.started(tree.id);
      expect(run.request.question.id).toBe("q1");
      expect(run.request.history).toEqual([]);
      await run.emit("one!");
      run.finish();
      await collect(events);
      expect(turn.messageId).toBe("q1");
      const { messages, total } = await tree.page();
      expect(messages.map(({ content }) => content)).toEqual(["one?", "one!"]);
      expect([total, messages[1]?.versions]).toEqual([2, { index: 2, count: 2 }]);
      expect(await tree.versions(turn.replyId!)).toEqual([before[1]!.id, turn.replyId]);
      expect(await tree.history.getTurn(tree.me, tree.id, turn.id)).toMatchObject({
        message: { id: "q1" },
        reply: { id: turn.replyId, content: "one!", status: "complete" },
      });
      // What was said after the old answer is all there.
      for (const message of before) expect(await tree.message(message.id)).toMatchObject({ id: message.id });
      expect((await tree.page({ leaf: before[3]!.id })).messages.map((message) => message.id)).toEqual(
        before.map((message) => message.id),
      );
    });

    it("takes an answer for its question, and refuses what is neither", async () => {
      const tree = await questions();
      const answer = (await tree.page()).messages[1]!;
      const { events } = await tree.history.regenerate(tree.me, tree.id, answer.id);
      const run = await open().responder.started(tree.id);
      expect(run.request.question.id).toBe("q1");
      run.finish();
      await collect(events);
      await tree.history.appendMessages(tree.me, tree.id, [{ id: "s", role: "system", content: "rules" }]);
      expect(await codeOf(tree.history.regenerate(tree.me, tree.id, "s"))).toBe("conflict");
      expect(await codeOf(tree.history.regenerate(tree.me, tree.id, "nobody"))).toBe("message_not_found");
    });

    it("with the same id attaches: asked once more only once", async () => {
      const tree = await questions();
      const id = randomUUID();
      const first = await tree.history.regenerate(tree.me, tree.id, "q2", { id });
      const second = await tree.history.regenerate(tree.me, tree.id, "q2", { id });
      const run = await open().responder.started(tree.id);
      run.finish();
      await Promise.all([collect(first.events), collect(second.events)]);
      expect(first.turn).toMatchObject({ id: second.turn.id, replyId: id });
      const third = await tree.history.regenerate(tree.me, tree.id, "q2", { id });
      await collect(third.events);
      expect(third.turn.id).toBe(first.turn.id);
      expect(await tree.versions(id)).toHaveLength(2);
    });

    it("waits for no other turn: turn_in_progress", async () => {
      const tree = await questions();
      const { events } = await tree.history.startTurn(tree.me, tree.id, { content: "three?" });
      const run = await open().responder.started(tree.id);
      expect(await codeOf(tree.history.regenerate(tree.me, tree.id, "q1"))).toBe("turn_in_progress");
      expect(await codeOf(tree.history.startTurn(tree.me, tree.id, { content: "?", parent: null }))).toBe(
        "turn_in_progress",
      );
      run.finish();
      await collect(events);
    });
  });

  describe("setHead", () => {
    it("goes to the latest leaf below a message, and back", async () => {
      const tree = await letters("abcd");
      await tree.append("xy", "a");
      await tree.append("z", "x");
      expect(await tree.branch()).toBe("axz");
      const updated = await tree.conversation();
      expect(await tree.head("b")).toMatchObject({ headId: "d", messageCount: 4, preview: "d" });
      expect(await tree.branch()).toBe("abcd");
      expect((await tree.head("x")).headId).toBe("z");
      expect((await tree.head("y")).headId).toBe("y");
      expect(await tree.branch()).toBe("axy");
      expect((await tree.head("a")).headId).toBe("z");
      const [other] = (await tree.history.listConversations(tree.me)).conversations;
      expect(other).toMatchObject({ headId: "z", messageCount: 3, createdAt: updated.createdAt });
    });

    it("what is said then follows it", async () => {
      const tree = await letters("abc");
      await tree.append("x", "a");
      await tree.head("c");
      await tree.append("d");
      expect(await tree.branch()).toBe("abcd");
      await tree.head("x");
      const { run } = await ask(open(), tree.me, tree.id, { id: "q", content: "?" });
      expect(run.request.history.map((message) => message.id)).toEqual(["a", "x"]);
    });

    it("goes nowhere that is not there, and to nobody else's", async () => {
      const tree = await letters("a");
      expect(await codeOf(tree.head("z"))).toBe("message_not_found");
      expect(await codeOf(tree.history.setHead(open().owner(), tree.id, "a"))).toBe("forbidden");
    });

    it("is no activity: the order of the list stays", async () => {
      const tree = await letters("ab");
      await tree.append("x", "a");
      const { conversation } = await tree.history.createConversation(tree.me);
      await tree.head("b");
      const { conversations } = await tree.history.listConversations(tree.me);
      expect(conversations.map(({ id }) => id)).toEqual([conversation.id, tree.id]);
    });

    it("in the middle of an answer leaves that to go on in its branch", async () => {
      const tree = await letters("ab");
      const { turn, events } = await tree.history.startTurn(tree.me, tree.id, {
        id: "q",
        content: "?",
        parent: "a",
      });
      const reader = createReader(events);
      const run = await open().responder.started(tree.id);
      await run.emit("It");
      await reader.untilText("It");
      expect(await tree.head("b")).toMatchObject({ headId: "b", preview: "b" });
      await run.emit(" is.");
      run.finish();
      await reader.rest();
      expect(await tree.conversation()).toMatchObject({ headId: "b", preview: "b", runningTurn: null });
      expect(await tree.message(turn.replyId!)).toMatchObject({ content: "It is.", status: "complete" });
    });
  });

  describe("listing another branch", () => {
    it("ends with its leaf, and pages as the head's does", async () => {
      const tree = await letters("abcdef");
      await tree.append("xyz", "c");
      expect(await tree.branch({ leaf: "f" })).toBe("abcdef");
      expect(await tree.branch({ leaf: "d" })).toBe("abcd");
      expect(await tree.page({ leaf: "d", limit: 2 })).toMatchObject({ total: 4, hasMore: true });
      expect(await tree.branch({ leaf: "f", limit: 2, before: 6 })).toBe("de");
      expect(await tree.branch({ leaf: "f", limit: 2, after: 2 })).toBe("cd");
      expect(await tree.branch({ leaf: "f", limit: 2, offset: 3 })).toBe("bc");
      expect(await tree.branch({ leaf: "f", limit: 4, around: 4 })).toBe("cdef");
      expect(await tree.branch({ limit: 4 })).toBe("cxyz");
      expect(await tree.branch({ limit: 2, offset: 2 })).toBe("cx");
      expect(await tree.branch({ limit: 2, offset: 4 })).toBe("ab");
      expect(await tree.branch({ limit: 3, after: 2 })).toBe("cxy");
      expect(await tree.branch({ limit: 2, before: 7 })).toBe("bc");
      expect(await codeOf(tree.page({ leaf: "nobody" }))).toBe("message_not_found");
    });

    it("a walk yields each message of a branch with many forks once, with its parent", async () => {
      const tree = await letters("a");
      let parent = "a";
      const expected = ["a"];
      for (let fork = 0; fork < 30; fork += 1) {
        const given = [`m${fork}`, `n${fork}`].map((id) => ({ id, role: "user" as const, content: id }));
        await tree.history.appendMessages(tree.me, tree.id, given, { parent });
        // The next one forks off the first of the two.
        parent = `m${fork}`;
        expected.push(parent);
      }
      const seen: Message[] = [];
      for (let before: number | undefined; ;) {
        const page = await tree.page({ leaf: parent, limit: 7, before });
        seen.unshift(...page.messages);
        expect(page.total).toBe(31);
        if (!page.hasMore) break;
        before = page.messages[0]!.seq;
      }
      expect(seen.map(({ id }) => id)).toEqual(expected);
      expect(seen.map(({ parentId }) => parentId)).toEqual([null, ...expected.slice(0, -1)]);
      expect(seen.map(({ versions }) => versions.count)).toEqual([1, 1, ...Array<number>(29).fill(2)]);
    });
  });

  describe("listing all branches", () => {
    it("gives every message once, in order of arrival, with its parent and its versions", async () => {
      const tree = await letters("abc");
      await tree.append("xy", "a");
      await tree.append("n", null);
      await tree.remove("b");
      await tree.head("y");
      const all = await tree.page({ branches: "all" });
      expect(all).toMatchObject({ total: 5, hasMore: false });
      const told = all.messages.map(({ id, parentId, versions }) => [
        id,
        parentId,
        versions.index,
        versions.count,
      ]);
      expect(told).toEqual([
        ["a", null, 1, 2],
        ["c", "a", 1, 2],
        ["x", "a", 2, 2],
        ["y", "x", 1, 1],
        ["n", null, 2, 2],
      ]);
      const { messages } = await tree.page();
      expect(all.messages.filter(({ id }) => "axy".includes(id))).toEqual(messages);
    });

    it("pages by number in both directions, and takes no branch", async () => {
      const tree = await letters("abc");
      await tree.append("xy", "a");
      const ids = async (query: MessageQuery): Promise<unknown> => {
        const { messages, hasMore } = await tree.page({ branches: "all", ...query });
        return [messages.map(({ id }) => id).join(""), hasMore];
      };
      expect(await ids({ limit: 2 })).toEqual(["xy", true]);
      expect(await ids({ limit: 2, before: 4 })).toEqual(["bc", true]);
      expect(await ids({ limit: 2, before: 2 })).toEqual(["a", false]);
      expect(await ids({ limit: 2, after: 1 })).toEqual(["bc", true]);
      expect(await ids({ after: 5 })).toEqual(["", false]);
      for (const query of [{ leaf: "a" }, { around: 2 }, { offset: 1 }])
        expect(await codeOf(tree.page({ branches: "all", ...query }))).toBe("invalid_request");
      expect(await codeOf(tree.history.listMessages(open().owner(), tree.id, { branches: "all" }))).toBe(
        "forbidden",
      );
      await tree.history.clearMessages(tree.me, tree.id);
      expect(await tree.page({ branches: "all" })).toEqual({ messages: [], total: 0, hasMore: false });
    });

    it("holds the committed text of a running answer", async () => {
      const tree = await letters("ab");
      const { turn, events } = await tree.history.startTurn(tree.me, tree.id, { content: "?", parent: "a" });
      const reader = createReader(events);
      const run = await open().responder.started(tree.id);
      await run.emit("It is");
      await reader.untilText("It is");
      await tree.head("b");
      const { messages } = await tree.page({ branches: "all" });
      expect(messages.at(-1)).toMatchObject({ id: turn.replyId, status: "streaming", content: "It is" });
      run.finish();
      await reader.rest();
    });
  });

  describe("forkConversation", () => {
    it("copies what leads to a message, and nothing else; the old one stays", async () => {
      const tree = await letters("abc");
      const rich: MessageInput[] = [
        {
          id: "call",
          role: "assistant",
          toolCalls: [{ id: "t", type: "function", function: { name: "f", arguments: "{ }" } }],
        },
        { id: "result", role: "tool", toolCallId: "t", content: "\u0000 \ud800" },
        {
          id: "cited",
          role: "assistant",
          content: "see",
          citations: [
            { path: "p", chapter: "c", section: null, anchor: null, quote: null, score: null, url: null },
          ],
          metadata: { a: 1 },
        },
      ];
      await tree.history.appendMessages(tree.me, tree.id, rich, { parent: "a" });
      const original = await tree.page();
      await tree.head("c");
      const id = randomUUID();
      const fork = await tree.history.forkConversation(tree.me, tree.id, "cited", { id, title: "Other" });
      expect(fork).toMatchObject({ id, title: "Other", messageCount: 4, headId: "cited", preview: "see" });
      const copy = await tree.history.listMessages(tree.me, id);
      expect(copy.messages.map(({ seq, parentId }) => [seq, parentId])).toEqual([
        [1, null],
        [2, "a"],
        [3, "call"],
        [4, "result"],
      ]);
      const bare = (message: Message): unknown => ({
        ...message,
        seq: 0,
        conversationId: id,
        versions: null,
        turnId: null,
      });
      expect(copy.messages.map(bare)).toEqual(original.messages.map(bare));
      expect(await tree.branch()).toBe("abc");
      expect(
        (await tree.history.searchMessages(tree.me, { text: "see", conversationId: id })).hits,
      ).toHaveLength(1);
      await tree.history.deleteConversation(tree.me, tree.id);
      expect((await tree.history.listMessages(tree.me, id)).total).toBe(4);
    });

    it("copies a fork of a fork, with what was edited in each", async () => {
      const tree = await letters("abc");
      await tree.append("x", "a");
      await tree.remove("b");
      const first = await tree.history.forkConversation(tree.me, tree.id, "c");
      const second = new Tree(tree.history, tree.me, first.id);
      expect(await second.branch()).toBe("ac");
      await second.append("yz", "a");
      await second.head("c");
      const { id } = await tree.history.forkConversation(tree.me, second.id, "y");
      const third = new Tree(tree.history, tree.me, id);
      await third.append("n");
      expect(await third.branch()).toBe("ayn");
      expect((await third.page({ branches: "all" })).total).toBe(3);
      expect((await third.page()).messages.map(({ seq, versions }) => [seq, versions.count])).toEqual([
        [1, 1],
        [2, 1],
        [3, 1],
      ]);
      expect([await second.branch(), await tree.branch()]).toEqual(["ac", "ax"]);
      // What was deleted before stays in the original.
      expect(await codeOf(third.history.restoreMessages(tree.me, id, ["b"]))).toBe("message_not_found");
      await tree.history.restoreMessages(tree.me, tree.id, ["b"]);
      expect(await tree.branch({ leaf: "c" })).toBe("abc");
      expect(await second.branch()).toBe("ac");
    });

    it("keeps files, parts of other makes and how answers ended", async () => {
      const tree = await letters("a");
      const parts = [
        { type: "file" as const, url: "https://example.org/a.png", mime: "image/png", name: "a.png" },
        { type: "data" as const, name: "chart", data: { "\u0000": [1e21] }, id: "d" },
        { type: "reasoning" as const, text: "Hm." },
        { type: "text" as const, text: "See." },
      ];
      await tree.history.appendMessages(tree.me, tree.id, [{ id: "rich", role: "assistant", parts }]);
      const { turn, events } = await tree.history.startTurn(tree.me, tree.id, { id: "q", content: "?" });
      const run = await open().responder.started(tree.id);
      await run.emit("It is");
      run.fail(new Error("the model is gone"));
      await collect(events);
      const { id } = await tree.history.forkConversation(tree.me, tree.id, turn.replyId!);
      const copy = await tree.history.listMessages(tree.me, id);
      expect(copy.messages[1]).toMatchObject({ id: "rich", parts });
      const failed = await tree.message(turn.replyId!);
      expect(copy.messages.at(-1)).toMatchObject({
        id: turn.replyId,
        status: "failed",
        error: failed.error,
        content: "It is",
        turnId: null,
      });
      // Answered again, as in the original.
      const again = await tree.history.regenerate(tree.me, id, "q");
      const next = await open().responder.started(id);
      await next.emit("again");
      next.finish();
      await collect(again.events);
      expect((await tree.history.listMessages(tree.me, id)).messages.at(-1)).toMatchObject({
        content: "again",
        versions: { index: 2, count: 2 },
      });
    });

    it("keeps the title where none is given, and refuses an id that exists", async () => {
      const tree = await letters("ab");
      const fork = await tree.history.forkConversation(tree.me, tree.id, "a");
      expect(fork).toMatchObject({ title: "a", messageCount: 1, headId: "a", isDefault: false });
      const again = tree.history.forkConversation(tree.me, tree.id, "a", { id: fork.id });
      expect(await codeOf(again)).toBe("conflict");
      expect(await codeOf(tree.history.forkConversation(tree.me, tree.id, "z"))).toBe("message_not_found");
      expect(await codeOf(tree.history.forkConversation(open().owner(), tree.id, "a"))).toBe("forbidden");
      expect((await tree.history.listConversations(tree.me)).total).toBe(2);
    });

    it("of an answer that is being given is turn_in_progress; up to its question it is not", async () => {
      const tree = await letters("a");
      const { turn, events } = await tree.history.startTurn(tree.me, tree.id, { id: "q", content: "?" });
      const run = await open().responder.started(tree.id);
      const fork = (message: string): Promise<unknown> =>
        tree.history.forkConversation(tree.me, tree.id, message);
      expect(await codeOf(fork(turn.replyId!))).toBe("turn_in_progress");
      expect(await codeOf(fork("q"))).toBeUndefined();
      run.finish();
      await collect(events);
      expect(await codeOf(fork(turn.replyId!))).toBeUndefined();
    });
  });

  describe("deleteMessages", () => {
    it("by ids deletes all or none; what followed follows the one before", async () => {
      const tree = await letters("abcde");
      expect(await codeOf(tree.remove("bz"))).toBe("message_not_found");
      expect(await tree.branch()).toBe("abcde");
      expect(await tree.remove("bd")).toEqual({ deleted: 2 });
      expect((await tree.page()).messages.map(({ id, parentId }) => [id, parentId])).toEqual([
        ["a", null],
        ["c", "a"],
        ["e", "c"],
      ]);
      expect(await tree.conversation()).toMatchObject({ messageCount: 3, headId: "e" });
    });

    it("from a message on deletes it and all that follows it in any version", async () => {
      const tree = await letters("abcd");
      await tree.append("x", "b");
      await tree.append("y", "a");
      await tree.head("d");
      expect(await tree.history.deleteMessages(tree.me, tree.id, { from: "b" })).toEqual({ deleted: 4 });
      expect(await tree.branch()).toBe("ay");
      for (const gone of "bcdx") expect(await codeOf(tree.message(gone))).toBe("message_not_found");
    });

    it("of the head goes on from the latest leaf below what is left", async () => {
      const tree = await letters("ab");
      await tree.append("x", "a");
      await tree.remove("x");
      expect(await tree.conversation()).toMatchObject({ headId: "b", preview: "b", messageCount: 2 });
      expect(await tree.message("b")).toMatchObject({ versions: { index: 1, count: 1 } });
      await tree.remove("b");
      await tree.append("c");
      expect(await tree.branch()).toBe("ac");
      await tree.history.deleteMessages(tree.me, tree.id, { from: "a" });
      expect(await tree.conversation()).toMatchObject({
        headId: null,
        preview: null,
        title: null,
        messageCount: 0,
      });
      await tree.append("n");
      expect(await tree.branch()).toBe("n");
    });

    it("of a parent leaves its children to the one before, as versions of its own", async () => {
      const tree = await letters("abc");
      await tree.append("x", "b");
      await tree.append("y", "a");
      await tree.remove("b");
      expect(await tree.versions("c")).toEqual(["c", "x", "y"]);
      expect(await tree.message("x")).toMatchObject({ parentId: "a", versions: { index: 2, count: 3 } });
      await tree.head("c");
      expect((await tree.page()).messages[1]).toMatchObject({ id: "c", versions: { index: 1, count: 3 } });
    });

    it("is refused for what a turn still answers", async () => {
      const tree = await questions();
      const { turn, events } = await tree.history.regenerate(tree.me, tree.id, "q1");
      const run = await open().responder.started(tree.id);
      for (const ids of [["q1"], [turn.replyId!], ["q2", "q1"]]) {
        expect(await codeOf(tree.history.deleteMessages(tree.me, tree.id, { ids }))).toBe("turn_in_progress");
      }
      expect(await codeOf(tree.history.deleteMessages(tree.me, tree.id, { from: "q1" }))).toBe(
        "turn_in_progress",
      );
      run.finish();
      await collect(events);
      expect((await tree.page()).total).toBe(2);
    });
  });

  describe("restoreMessages", () => {
    it("undoes a deletion: messages, words, versions, head and counts are as they were", async () => {
      const tree = await letters("abcd");
      await tree.append("xy", "b");
      const before = await tree.everything();
      for (const which of [
        { ids: ["b"] },
        { ids: ["y", "d"] },
        { from: "b" },
        { from: "a" },
        { ids: ["x"] },
      ]) {
        const gone = "ids" in which ? which.ids : Array.from(which.from === "a" ? "abcdxy" : "bcdxy");
        await tree.history.deleteMessages(tree.me, tree.id, which);
        expect(await tree.history.restoreMessages(tree.me, tree.id, gone)).toEqual({ restored: gone.length });
        expect(await tree.everything()).toEqual(before);
      }
      expect((await tree.history.searchMessages(tree.me, { text: "x" })).hits).toHaveLength(1);
    });

    it("undoes a deletion on a branch that is not the head's, and the head stays", async () => {
      const tree = await letters("abcd");
      await tree.append("xy", "b");
      await tree.head("d");
      const before = await tree.everything();
      await tree.history.deleteMessages(tree.me, tree.id, { from: "x" });
      expect(await tree.conversation()).toMatchObject({ headId: "d", messageCount: 4 });
      await tree.history.restoreMessages(tree.me, tree.id, ["y", "x"]);
      expect(await tree.everything()).toEqual(before);
    });

    it("after another version was chosen restores what was deleted, and the choice stays", async () => {
      const tree = await letters("abcd");
      await tree.append("xy", "b");
      await tree.append("n", "a");
      await tree.head("y");
      await tree.remove("y");
      await tree.head("n");
      await tree.history.restoreMessages(tree.me, tree.id, ["y"]);
      expect(await tree.branch()).toBe("an");
      expect(await tree.head("x")).toMatchObject({ headId: "y", messageCount: 4, preview: "y" });
      expect(await tree.branch({ leaf: "y" })).toBe("abxy");
    });

    it("leaves the head where the conversation has gone on since", async () => {
      const tree = await letters("abc");
      await tree.remove("c");
      await tree.append("d");
      await tree.history.restoreMessages(tree.me, tree.id, ["c"]);
      expect(await tree.branch()).toBe("abd");
      expect(await tree.versions("d")).toEqual(["c", "d"]);
    });

    it("brings a turn back with its question", async () => {
      const tree = await questions();
      const { messages } = await tree.page();
      const { turnId } = messages[2]!;
      await tree.history.deleteMessages(tree.me, tree.id, { from: "q2" });
      expect(await codeOf(tree.history.getTurn(tree.me, tree.id, turnId!))).toBe("turn_not_found");
      await tree.history.restoreMessages(tree.me, tree.id, ["q2", messages[3]!.id]);
      expect(await tree.history.getTurn(tree.me, tree.id, turnId!)).toMatchObject({
        reply: { content: "two." },
      });
      expect((await tree.page()).messages).toEqual(messages);
    });

    it("is all or none: of what is not deleted, was cleared, or whose id another has", async () => {
      const tree = await letters("abc");
      await tree.remove("bc");
      const restore = (ids: string[]): Promise<string | undefined> =>
        codeOf(tree.history.restoreMessages(tree.me, tree.id, ids));
      expect(await restore(["b", "a"])).toBe("message_not_found");
      expect(await tree.branch()).toBe("a");
      await tree.append("b");
      expect(await restore(["b", "c"])).toBe("conflict");
      expect(await restore(["c"])).toBeUndefined();
      await tree.remove("c");
      await tree.history.clearMessages(tree.me, tree.id);
      expect(await restore(["c"])).toBe("message_not_found");
      expect(await codeOf(tree.history.restoreMessages(open().owner(), tree.id, ["c"]))).toBe("forbidden");
    });
  });

  describe("a tree", () => {
    it("is found whole by search, and each hit opens its branch", async () => {
      const tree = await letters("a");
      const words = { b: "herring", x: "herring salad" };
      for (const [id, content] of Object.entries(words)) {
        await tree.history.appendMessages(tree.me, tree.id, [{ id, role: "user", content }], { parent: "a" });
      }
      const { hits } = await tree.history.searchMessages(tree.me, { text: "herring" });
      expect(new Set(hits.map(({ message }) => message.id))).toEqual(new Set(["b", "x"]));
      expect(hits.map(({ message }) => message.parentId)).toEqual(["a", "a"]);
      expect(await tree.branch({ leaf: "b" })).toBe("ab");
    });

    it("gives a responder only its branch, whatever stands on others", async () => {
      const tree = await questions();
      await ask(open(), tree.me, tree.id, { id: "other", content: "three?", parent: null }, ["three."]);
      const context = await tree.history.getContext(tree.me, tree.id, { question: "one two three" });
      expect(context.messages.map(({ message }) => message.content)).toEqual(["three?", "three."]);
    });

    it("recalls what was said long ago on its branch, and nothing of another", async () => {
      const { history } = open();
      const { me, id } = await newConversation(open());
      const filler = (from: string): MessageInput[] =>
        Array.from({ length: 70 }, (_, index) => ({
          id: `${from}${index}`,
          role: index % 2 === 0 ? "user" : "assistant",
          content: `${from} ${"filler ".repeat(150)}`,
        }));
      await history.appendMessages(me, id, [
        { id: "q", role: "user", content: "The herring is Ada's." },
        { id: "a", role: "assistant", content: "Noted." },
        ...filler("x"),
      ]);
      // Better ones on another branch, more than are ranked by both words and meaning.
      for (let batch = 0; batch < 2; batch += 1) {
        const better = Array.from({ length: 75 }, (_, index) => ({
          id: `other${batch}-${index}`,
          role: index % 2 === 0 ? ("user" as const) : ("assistant" as const),
          content: "Herring, herring.",
        }));
        await history.appendMessages(me, id, better, { parent: batch === 0 ? "a" : undefined });
      }
      await history.setHead(me, id, "x0");
      const { messages } = await history.getContext(me, id, { question: "Whose is the herring?" });
      const recalled = messages.filter((one) => one.recalled).map(({ message }) => message.id);
      expect(recalled).toContain("q");
      expect(recalled.filter((one) => one.startsWith("other"))).toEqual([]);
    });

    it("is exported whole, each message with its parent", async () => {
      const tree = await letters("abc");
      await tree.append("x", "a");
      await tree.remove("b");
      const heads: (string | null)[] = [];
      const exported: Message[] = [];
      for await (const line of tree.history.exportData(tree.me)) {
        if (line.type === "message") exported.push(line.message);
        if (line.type === "conversation") heads.push(line.conversation.headId);
      }
      expect(exported.map(({ id, parentId }) => [id, parentId])).toEqual([
        ["a", null],
        ["c", "a"],
        ["x", "a"],
      ]);
      expect(heads).toEqual(["x"]);
    });

    it("is cleared whole, for good", async () => {
      const tree = await letters("abc");
      await tree.append("x", "a");
      await tree.remove("c");
      expect(await tree.history.clearMessages(tree.me, tree.id)).toEqual({ deleted: 3 });
      expect(await tree.page()).toEqual({ messages: [], total: 0, hasMore: false });
      await tree.append("bd");
      await tree.append("y", "b");
      expect(await tree.branch()).toBe("by");
      expect((await tree.page()).messages.map(({ seq }) => seq)).toEqual([5, 7]);
    });

    it("moves with its session", async () => {
      const fixture = open();
      const session: Owner = { kind: "session", id: randomUUID() };
      const { conversation } = await fixture.history.createConversation(session);
      const tree = new Tree(fixture.history, session, conversation.id);
      await tree.append("abc");
      await tree.append("x", "a");
      await tree.remove("c");
      const user = fixture.owner();
      if (user.kind !== "user") return;
      await fixture.history.claimSession(user, session);
      const moved = new Tree(fixture.history, user, conversation.id);
      expect(await moved.branch()).toBe("ax");
      await moved.history.restoreMessages(user, conversation.id, ["c"]);
      await moved.head("b");
      expect(await moved.branch()).toBe("abc");
    });

    it("comes back from the trash as it was", async () => {
      const tree = await letters("abc");
      await tree.append("x", "a");
      const before = await tree.everything();
      await tree.history.deleteConversation(tree.me, tree.id);
      await tree.history.restoreConversation(tree.me, tree.id);
      expect(await tree.everything()).toEqual(before);
    });
  });
}
