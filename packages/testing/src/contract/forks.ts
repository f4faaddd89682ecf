import { randomUUID } from "node:crypto";

import type { Message, MessageInput } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { type OpenedFixture, collect } from "./fixture.ts";
import { Tree, codeOf, treesOf } from "./letters.ts";

/** What `forkConversation` promises. */
export function describeForks(open: OpenedFixture): void {
  const { letters } = treesOf(open);

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
}
