import { describe, expect, it } from "vitest";

import { type OpenedFixture, collect } from "./fixture.ts";
import { codeOf, treesOf } from "./letters.ts";

/** What `deleteMessages` and `restoreMessages` promise. */
export function describeDeletedMessages(open: OpenedFixture): void {
  const { letters, questions } = treesOf(open);

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
}
