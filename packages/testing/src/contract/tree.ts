import { randomUUID } from "node:crypto";

import type { Message, MessageInput, Owner } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { type OpenedFixture, ask, newConversation } from "./fixture.ts";
import { Tree, treesOf } from "./letters.ts";

/** What a history promises of a conversation with branches as a whole. */
export function describeTree(open: OpenedFixture): void {
  const { letters, questions } = treesOf(open);

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
      await history.appendMessages(me, id, [
        said("q", "user", "The herring is Ada's."),
        said("a", "assistant", "Noted."),
        ...filler("x"),
      ]);
      // Better ones on another branch, more than are ranked, and so many that the word seems common.
      const better = Array.from({ length: 500 }, (_, index) =>
        said(`other${index}`, index % 2 === 0 ? "user" : "assistant", "Herring, herring."),
      );
      await history.appendMessages(me, id, better, { parent: "a" });
      await history.setHead(me, id, "x0");
      const { messages } = await history.getContext(me, id, { question: "Whose is the herring?" });
      const recalled = messages.filter((one) => one.recalled).map(({ message }) => message.id);
      expect(recalled).toContain("q");
      expect(recalled.filter((one) => one.startsWith("other"))).toEqual([]);
    });

    it("recalls a question with the answer that was given long after it", async () => {
      const { history } = open();
      const { me, id } = await newConversation(open());
      await history.appendMessages(me, id, [
        said("q", "user", "Whose herring is it?"),
        said("a", "assistant", "I do not know."),
        ...filler("x"),
      ]);
      await history.appendMessages(me, id, [said("again", "assistant", "It is Ada's."), ...filler("y")], {
        parent: "q",
      });
      const { messages } = await history.getContext(me, id, { question: "The herring?" });
      const recalled = messages.filter((one) => one.recalled).map(({ message }) => message.id);
      expect(recalled.slice(0, 2)).toEqual(["q", "again"]);
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

function said(id: string, role: "user" | "assistant", content: string): MessageInput {
  return { id, role, content };
}

/** More than a context holds. */
function filler(from: string): MessageInput[] {
  return Array.from({ length: 70 }, (_, index) =>
    said(`${from}${index}`, index % 2 === 0 ? "user" : "assistant", `${from} ${"filler ".repeat(150)}`),
  );
}
