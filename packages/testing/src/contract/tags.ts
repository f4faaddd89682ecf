import { randomUUID } from "node:crypto";

import type { ConversationQuery, Owner } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { type HistoryFixture, type OpenedFixture, errorOf } from "./fixture.ts";

/** Conversations of these titles, each with its first letter as a tag. */
async function tagged({ history, owner }: HistoryFixture, ...titles: string[]): Promise<[Owner, string[]]> {
  const me = owner();
  const ids: string[] = [];
  for (const title of titles) {
    const init = {
      title,
      tags: [title.slice(0, 1)],
      metadata: { title, deep: { n: ids.length, all: true } },
    };
    ids.push((await history.createConversation(me, init)).conversation.id);
  }
  return [me, ids];
}

/** Tags, filters of lists, and changes of many conversations. */
export function describeTags(open: OpenedFixture): void {
  const titles = async (me: Owner, query: ConversationQuery): Promise<(string | null)[]> =>
    (await open().history.listConversations(me, query)).conversations.map(({ title }) => title);

  describe("tags", () => {
    it("are kept in their order, each once, and a patch replaces them", async () => {
      const { history, owner } = open();
      const me = owner();
      const tags = ["Work", "日本\u0000\ud800", "Work", "a/b, c"];
      const { conversation } = await history.createConversation(me, { tags });
      expect(conversation.tags).toEqual(["Work", "日本\u0000\ud800", "a/b, c"]);
      expect((await history.updateConversation(me, conversation.id, { title: "x" })).tags).toHaveLength(3);
      expect((await history.updateConversation(me, conversation.id, { tags: ["b"] })).tags).toEqual(["b"]);
      expect(await history.listTags(me)).toEqual([{ tag: "b", conversations: 1 }]);
      expect(await history.listTags(owner())).toEqual([]);
    });

    it.each([[[" "]], [["x".repeat(101)]], [Array.from({ length: 51 }, (_, n) => String(n))]])(
      "refuses %j",
      async (tags) => {
        const { history, owner } = open();
        expect(await errorOf(history.createConversation(owner(), { tags }))).toMatchObject({
          code: "invalid_request",
        });
      },
    );
  });

  describe("listConversations by a filter", () => {
    it("finds metadata with any JSON value, beside other keys", async () => {
      const { history, owner } = open();
      const me = owner();
      const odd = ["\u0000\u0000", "\ud800", "\\u0000", "\\\u0000", "\udfff\\ud800", "😀"];
      for (const text of odd)
        await history.createConversation(me, { title: "odd", metadata: { text, [text]: 1 } });
      await history.createConversation(me, { title: "even", metadata: { n: 1 } });
      expect(await titles(me, { metadata: { n: 1 } })).toEqual(["even"]);
      for (const text of odd) {
        const { conversations } = await history.listConversations(me, { metadata: { text, [text]: 1 } });
        expect(conversations.map(({ metadata }) => metadata)).toEqual([{ text, [text]: 1 }]);
      }
    });

    it("lists those with a tag, page by page in every order, without a total", async () => {
      const [me] = await tagged(open(), "a1", "b1", "a2", "b2", "a3");
      expect(await titles(me, { tag: "a" })).toEqual(["a3", "a2", "a1"]);
      expect(await titles(me, { tag: "a", order: "asc", sort: "createdAt" })).toEqual(["a1", "a2", "a3"]);
      expect(await titles(me, { tag: "A" })).toEqual([]);
      const first = await open().history.listConversations(me, { tag: "a", limit: 2 });
      expect(first.total).toBeNull();
      expect(await titles(me, { tag: "a", limit: 2, cursor: first.nextCursor ?? "" })).toEqual(["a1"]);
    });

    it("lists those whose metadata contains the given keys and values", async () => {
      const [me] = await tagged(open(), "a1", "b1");
      expect(await titles(me, { metadata: { deep: { all: true } } })).toEqual(["b1", "a1"]);
      expect(await titles(me, { metadata: { deep: { n: 1 } } })).toEqual(["b1"]);
      expect(await titles(me, { metadata: { deep: { n: "1" } } })).toEqual([]);
      expect(await titles(me, { metadata: { deep: { n: 1 } }, tag: "a" })).toEqual([]);
    });
  });

  describe("a temporary conversation", () => {
    it("is answered and read, but in no list, trash, count or search", async () => {
      const { history, owner } = open();
      const me = owner();
      await history.createConversation(me, { scope: "s", title: "Kept otters" });
      const init = { scope: "s", title: "Fleeting otters", tags: ["t"], temporary: true };
      const { conversation, created } = await history.createConversation(me, init);
      expect([created, conversation.isDefault]).toEqual([true, false]);
      expect(Date.parse(conversation.expiresAt ?? "")).toBeGreaterThan(Date.parse(conversation.createdAt));
      await history.appendMessages(me, conversation.id, [{ role: "user", content: "Otters, for now" }]);
      expect((await history.listMessages(me, conversation.id)).messages).toHaveLength(1);
      const isUnlisted = async (): Promise<void> => {
        for (const query of [{}, { scope: "s" }, { order: "asc", sort: "createdAt" }] as const) {
          expect(await titles(me, query)).toEqual(["Kept otters"]);
        }
        expect(await titles(me, { archived: true })).toEqual([]);
        const page = await history.listConversations(me);
        expect(page.total).toBe(1);
        const found = await history.searchMessages(me, { text: "otters" });
        expect([found.titles.map(({ title }) => title), found.hits]).toEqual([["Kept otters"], []]);
        expect(await history.listTags(me)).toEqual([]);
      };
      await isUnlisted();
      await history.updateConversation(me, conversation.id, { archived: true });
      await isUnlisted();
      await history.updateConversation(me, conversation.id, { archived: false });
      const latest = await history.createConversation(me, { reuse: "latest" });
      expect(latest.conversation.title).toBe("Kept otters");
      await history.deleteConversation(me, conversation.id);
      expect((await history.listTrash(me)).conversations).toEqual([]);
      await history.restoreConversation(me, conversation.id);
      await isUnlisted();
    });
  });

  describe("changeConversations", () => {
    it("archives, tags, deletes and restores many, with a result for each", async () => {
      const { history, owner } = open();
      const [me, ids] = await tagged(open(), "a", "b", "c");
      const [other] = await tagged(open(), "other");
      const theirs = (await history.createConversation(other)).conversation.id;
      const missing = randomUUID();
      expect(
        await history.changeConversations(me, [ids[0]!, theirs, missing], { action: "archive" }),
      ).toEqual([
        { id: ids[0], error: null },
        { id: theirs, error: expect.stringMatching(/^(forbidden|conversation_not_found)$/) },
        { id: missing, error: "conversation_not_found" },
      ]);
      expect(await titles(me, { archived: true })).toEqual(["a"]);
      expect((await history.listConversations(me)).total).toBe(2);
      await history.changeConversations(me, ids, { action: "tag", tag: "red" });
      await history.changeConversations(me, ids, { action: "tag", tag: "red" });
      await history.changeConversations(me, ids, { action: "untag", tag: "b" });
      expect(await history.listTags(me)).toEqual([
        { tag: "a", conversations: 1 },
        { tag: "c", conversations: 1 },
        { tag: "red", conversations: 3 },
      ]);
      await history.changeConversations(me, ids, { action: "delete" });
      expect((await history.listConversations(me)).total).toBe(0);
      expect((await history.listTrash(me)).conversations).toHaveLength(3);
      await history.changeConversations(me, [ids[1]!], { action: "restore" });
      expect(await history.changeConversations(me, [ids[1]!, ids[2]!], { action: "restore" })).toEqual([
        { id: ids[1], error: "conflict" },
        { id: ids[2], error: null },
      ]);
      expect((await titles(me, {})).toSorted((a, b) => (a! < b! ? -1 : 1))).toEqual(["b", "c"]);
      expect(await history.listTags(owner())).toEqual([]);
    });

    it("adds no tag to one that has 50", async () => {
      const { history, owner } = open();
      const me = owner();
      const tags = Array.from({ length: 50 }, (_, n) => String(n));
      const { conversation } = await history.createConversation(me, { tags });
      const change = { action: "tag", tag: "more" } as const;
      const [result] = await history.changeConversations(me, [conversation.id], change);
      expect(result?.error).toBe("conflict");
    });

    it("refuses an empty list, more than 100 ids, and an id given twice", async () => {
      const { history, owner } = open();
      const me = owner();
      const change = { action: "delete" } as const;
      for (const ids of [[], Array.from({ length: 101 }, () => randomUUID()), ["a", "a"]]) {
        expect(await errorOf(history.changeConversations(me, ids, change))).toMatchObject({
          code: "invalid_request",
        });
      }
    });
  });
}
