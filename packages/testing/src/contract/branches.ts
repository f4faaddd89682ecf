import type { Message, MessageQuery } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { type OpenedFixture, ask, createReader } from "./fixture.ts";
import { codeOf, treesOf } from "./letters.ts";

/** What a history promises of heads, and of listing the branches of a conversation. */
export function describeBranches(open: OpenedFixture): void {
  const { letters } = treesOf(open);

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
}
