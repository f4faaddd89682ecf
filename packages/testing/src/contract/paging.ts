import { randomUUID } from "node:crypto";

import type { History, MessagePage, MessageQuery, Owner } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { type OpenedFixture, errorOf, newConversation } from "./fixture.ts";

/** listMessages of conversations in which no turn runs. */
export function describePaging(open: OpenedFixture): void {
  describe("listMessages", () => {
    it("is empty where nothing was said, and says so", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      expect(await fixture.history.listMessages(me, id)).toEqual({ messages: [], total: 0, hasMore: false });
    });

    it("gives the latest 50 unless told otherwise, oldest first, and the true total", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await say(fixture.history, me, id, 60);
      const page = await fixture.history.listMessages(me, id);
      expect(numbersOf(page)).toEqual(range(11, 60));
      expect(page).toMatchObject({ total: 60, hasMore: true });
    });

    it.each<[string, MessageQuery, number[], boolean]>([
      ["the latest", { limit: 3 }, [8, 9, 10], true],
      ["all there are", { limit: 100 }, range(1, 10), false],
      ["exactly all there are", { limit: 10 }, range(1, 10), false],
      ["the latest before one", { before: 6, limit: 2 }, [4, 5], true],
      ["the first before one", { before: 4 }, [1, 2, 3], false],
      ["none before the first", { before: 1 }, [], false],
      ["all before one that is not there yet", { before: 1000 }, range(1, 10), false],
      ["the earliest after one", { after: 6, limit: 2 }, [7, 8], true],
      ["the last after one", { after: 8 }, [9, 10], true],
      ["all after none", { after: 0 }, range(1, 10), false],
      ["the newest left out", { offset: 2, limit: 3 }, [6, 7, 8], true],
      ["nothing left out", { offset: 0, limit: 2 }, [9, 10], true],
      ["the oldest", { offset: 8, limit: 5 }, [1, 2], false],
      ["more left out than there are", { offset: 10 }, [], false],
    ])("pages %s: %j", async (_what, query, numbers, hasMore) => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await say(fixture.history, me, id, 10);
      const page = await fixture.history.listMessages(me, id, query);
      expect(numbersOf(page)).toEqual(numbers);
      expect(page).toMatchObject({ total: 10, hasMore });
    });

    it("has nothing after the last", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await say(fixture.history, me, id, 2);
      expect(numbersOf(await fixture.history.listMessages(me, id, { after: 2 }))).toEqual([]);
    });

    it("yields each once while one walks back and new ones arrive", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await say(fixture.history, me, id, 45);
      const seen: number[] = [];
      let page = await fixture.history.listMessages(me, id, { limit: 7 });
      for (;;) {
        seen.unshift(...numbersOf(page));
        if (!page.hasMore) break;
        await say(fixture.history, me, id, 3);
        page = await fixture.history.listMessages(me, id, { limit: 7, before: seen[0]! });
      }
      expect(seen).toEqual(range(1, 45));
    });

    it("yields each once while one walks on and new ones arrive", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await say(fixture.history, me, id, 10);
      const seen: number[] = [];
      for (let turn = 0; turn < 6; turn++) {
        const after = seen.at(-1) ?? 0;
        seen.push(...numbersOf(await fixture.history.listMessages(me, id, { limit: 4, after })));
        if (turn < 3) await say(fixture.history, me, id, 2);
      }
      expect(seen).toEqual(range(1, 16));
    });

    it("goes on with its numbers after a clear, and pages only what is left", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await say(fixture.history, me, id, 5);
      await fixture.history.clearMessages(me, id);
      await say(fixture.history, me, id, 3);
      expect(await fixture.history.listMessages(me, id)).toMatchObject({ total: 3, hasMore: false });
      const cases: [MessageQuery, number[], boolean][] = [
        [{}, [6, 7, 8], false],
        [{ limit: 2 }, [7, 8], true],
        [{ before: 7 }, [6], false],
        [{ before: 6 }, [], false],
        [{ after: 0, limit: 2 }, [6, 7], false],
        [{ after: 2, limit: 2 }, [6, 7], false],
        [{ after: 6 }, [7, 8], true],
        [{ offset: 2 }, [6], false],
        [{ offset: 3 }, [], false],
      ];
      for (const [query, numbers, hasMore] of cases) {
        const page = await fixture.history.listMessages(me, id, query);
        expect([query, numbersOf(page), page.hasMore]).toEqual([query, numbers, hasMore]);
      }
    });

    it.each<[string, MessageQuery]>([
      ["limit", { limit: 0 }],
      ["limit", { limit: 101 }],
      ["limit", { limit: 2.5 }],
      ["before", { before: -1 }],
      ["before", { before: 1.5 }],
      ["after", { after: -1 }],
      ["after", { after: Number.NaN }],
      ["offset", { offset: -1 }],
      ["offset", { offset: 2 ** 60 }],
    ])("refuses a wrong %s: %j", async (name, query) => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const error = await errorOf(fixture.history.listMessages(me, id, query));
      expect(error).toMatchObject({ code: "invalid_request" });
      expect(error?.pointer).toContain(name);
    });

    it.each<MessageQuery>([
      { before: 3, after: 1 },
      { before: 3, offset: 1 },
      { after: 1, offset: 1 },
    ])("takes at most one of before, after and offset: refuses %j", async (query) => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const error = await errorOf(fixture.history.listMessages(me, id, query));
      expect(error).toMatchObject({ code: "invalid_request" });
    });

    it("says that there is no conversation of an unknown id", async () => {
      const { history, owner } = open();
      const error = await errorOf(history.listMessages(owner(), randomUUID()));
      expect(error).toMatchObject({ code: "conversation_not_found" });
    });
  });
}

/** Appends so many messages, in one call. */
async function say(history: History, owner: Owner, id: string, count: number): Promise<void> {
  const messages = range(1, count).map((number) => ({ role: "user" as const, content: `message ${number}` }));
  await history.appendMessages(owner, id, messages);
}

function numbersOf(page: MessagePage): number[] {
  return page.messages.map(({ seq }) => seq);
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
