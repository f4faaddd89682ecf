import { randomUUID } from "node:crypto";

import type { ConversationQuery, History, Owner } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { type OpenedFixture, ask, errorOf } from "./fixture.ts";

/** listConversations. */
export function describeListing(open: OpenedFixture): void {
  describe("listConversations", () => {
    it("is empty for somebody new, and says so", async () => {
      const { history, owner } = open();
      expect(await history.listConversations(owner())).toEqual({
        conversations: [],
        total: 0,
        nextCursor: null,
      });
    });

    it("lists the most recently active first, whatever was made first", async () => {
      const { history, owner } = open();
      const me = owner();
      const [a, b, c] = await make(history, me, 3);
      expect(await idsOf(history, me)).toEqual([c, b, a]);
      await history.appendMessages(me, a!, [{ role: "user", content: "Hello" }]);
      expect(await idsOf(history, me)).toEqual([a, c, b]);
      await history.appendMessages(me, b!, [{ role: "user", content: "Hello" }]);
      expect(await idsOf(history, me)).toEqual([b, a, c]);
    });

    it("counts a turn as activity", async () => {
      const fixture = open();
      const me = fixture.owner();
      const [a, b] = await make(fixture.history, me, 2);
      await ask(fixture, me, a!, { content: "Hello" });
      expect(await idsOf(fixture.history, me)).toEqual([a, b]);
    });

    it("keeps the order when conversations are renamed, pinned or annotated", async () => {
      const { history, owner } = open();
      const me = owner();
      const [a, b, c] = await make(history, me, 3);
      await history.updateConversation(me, a!, { title: "x" });
      await history.updateConversation(me, b!, { pinned: true, metadata: { a: 1 } });
      await history.updateConversation(me, a!, { archived: true });
      await history.updateConversation(me, a!, { archived: false });
      expect(await idsOf(history, me)).toEqual([c, b, a]);
    });

    it("gives what getConversation gives", async () => {
      const { history, owner } = open();
      const me = owner();
      const [a] = await make(history, me, 1);
      await history.appendMessages(me, a!, [{ role: "user", content: "Hello" }]);
      const { conversations } = await history.listConversations(me);
      expect(conversations).toEqual([await history.getConversation(me, a!)]);
    });

    it("gives 20 unless told otherwise, the true total and the way to the rest", async () => {
      const { history, owner } = open();
      const me = owner();
      const made = await make(history, me, 23);
      const first = await history.listConversations(me);
      expect(first.conversations.map(({ id }) => id)).toEqual(made.toReversed().slice(0, 20));
      expect(first.total).toBe(23);
      const second = await history.listConversations(me, { cursor: first.nextCursor! });
      expect(second.conversations.map(({ id }) => id)).toEqual(made.toReversed().slice(20));
      expect(second).toMatchObject({ total: 23, nextCursor: null });
    });

    it("says that a full page is the last when it is", async () => {
      const { history, owner } = open();
      const me = owner();
      await make(history, me, 2);
      expect((await history.listConversations(me, { limit: 2 })).nextCursor).toBeNull();
      expect((await history.listConversations(me, { limit: 1 })).nextCursor).not.toBeNull();
    });

    it("yields each at most once while others become active during the walk, and misses none that slept", async () => {
      const { history, owner } = open();
      const me = owner();
      const made = await make(history, me, 9);
      const awoken = [made[0], made[8], made[3]];
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page = await history.listConversations(me, {
          limit: 2,
          ...(cursor === null ? {} : { cursor }),
        });
        seen.push(...page.conversations.map(({ id }) => id));
        cursor = page.nextCursor;
        const awake = awoken.shift();
        if (awake !== undefined) {
          await history.appendMessages(me, awake, [{ role: "user", content: "Hello" }]);
        }
      } while (cursor !== null);
      expect(new Set(seen).size).toBe(seen.length);
      const slept = made.filter((id) => ![made[0], made[8], made[3]].includes(id));
      expect(seen).toEqual(expect.arrayContaining(slept));
    });

    it.each([
      ["updatedAt", "desc", [0, 2, 1]],
      ["updatedAt", "asc", [1, 2, 0]],
      ["createdAt", "desc", [2, 1, 0]],
      ["createdAt", "asc", [0, 1, 2]],
    ] as const)("walks by %s, %s", async (sort, order, expected) => {
      const { history, owner } = open();
      const me = owner();
      const made = await make(history, me, 3);
      await history.appendMessages(me, made[0]!, [{ role: "user", content: "Hello" }]);
      const wanted = expected.map((index) => made[index]);
      expect(await idsOf(history, me, { sort, order })).toEqual(wanted);
      const walked: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await history.listConversations(me, { sort, order, limit: 1, cursor });
        walked.push(...page.conversations.map(({ id }) => id));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      expect(walked).toEqual(wanted);
    });

    it("leaves out as many as the offset says", async () => {
      const { history, owner } = open();
      const me = owner();
      const [a, b, c] = await make(history, me, 3);
      expect(await idsOf(history, me, { offset: 1 })).toEqual([b, a]);
      expect(await idsOf(history, me, { offset: 1, limit: 1 })).toEqual([b]);
      expect(await idsOf(history, me, { offset: 3 })).toEqual([]);
      expect((await history.listConversations(me, { offset: 3 })).total).toBe(3);
      expect(await idsOf(history, me, { offset: 0 })).toEqual([c, b, a]);
    });

    it("lists archived ones only when asked, with totals of their own", async () => {
      const { history, owner } = open();
      const me = owner();
      const [a, b, c] = await make(history, me, 3);
      await history.updateConversation(me, b!, { archived: true });
      await history.updateConversation(me, b!, { archived: true });
      expect(await idsOf(history, me)).toEqual([c, a]);
      expect((await history.listConversations(me)).total).toBe(2);
      expect(await idsOf(history, me, { archived: true })).toEqual([b]);
      expect((await history.listConversations(me, { archived: true })).total).toBe(1);
      await history.updateConversation(me, b!, { archived: false });
      expect(await idsOf(history, me, { archived: false })).toEqual([c, b, a]);
      expect((await history.listConversations(me, { archived: true })).total).toBe(0);
    });

    it("counts no deleted ones, archived or not", async () => {
      const { history, owner } = open();
      const me = owner();
      const [a, b, c] = await make(history, me, 3);
      await history.updateConversation(me, b!, { archived: true });
      await history.deleteConversation(me, a!);
      await history.deleteConversation(me, b!);
      expect(await idsOf(history, me)).toEqual([c]);
      expect((await history.listConversations(me)).total).toBe(1);
      expect(await idsOf(history, me, { archived: true })).toEqual([]);
      expect((await history.listConversations(me, { archived: true })).total).toBe(0);
    });

    it("lists those of one scope, without a total", async () => {
      const { history, owner } = open();
      const me = owner();
      await make(history, me, 2);
      const intro = await history.createConversation(me, { scope: "intro" });
      const other = await history.createConversation(me, { id: randomUUID(), scope: "intro" });
      const page = await history.listConversations(me, { scope: "intro" });
      expect(page.conversations.map(({ id }) => id)).toEqual([other.conversation.id, intro.conversation.id]);
      expect(page.total).toBeNull();
      const first = await history.listConversations(me, { scope: "intro", limit: 1 });
      expect(await idsOf(history, me, { scope: "intro", cursor: first.nextCursor! })).toEqual([
        intro.conversation.id,
      ]);
      expect(await idsOf(history, me, { scope: "nowhere" })).toEqual([]);
    });

    it.each<[string, ConversationQuery]>([
      ["limit", { limit: 0 }],
      ["limit", { limit: 101 }],
      ["limit", { limit: 1.5 }],
      ["limit", { limit: Number.NaN }],
      ["offset", { offset: -1 }],
      ["offset", { offset: 0.5 }],
      ["cursor", { cursor: "no cursor of ours" }],
      ["cursor", { cursor: "" }],
    ])("refuses a wrong %s: %j", async (name, query) => {
      const { history, owner } = open();
      const error = await errorOf(history.listConversations(owner(), query));
      expect(error).toMatchObject({ code: "invalid_request" });
      expect(error?.pointer).toContain(name);
    });
  });
}

/** The ids of so many new conversations, in the order in which they were made. */
async function make(history: History, owner: Owner, count: number): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) ids.push((await history.createConversation(owner)).conversation.id);
  return ids;
}

async function idsOf(history: History, owner: Owner, query?: ConversationQuery): Promise<string[]> {
  return (await history.listConversations(owner, query)).conversations.map(({ id }) => id);
}
