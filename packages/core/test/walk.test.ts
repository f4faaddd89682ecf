import type { Message } from "@chatkeep/protocol";
import { fileDatabase } from "@chatkeep/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { newSession, openFixture } from "./fixture.ts";

const COUNT = 2500;
const database = await fileDatabase();
const fixture = openFixture(database.url, newSession);
const { history } = fixture;
const me = fixture.owner();
const id = "long";

/** The numbers from `first` to `last`. */
function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function numbersOf(messages: readonly Message[]): number[] {
  return messages.map(({ seq }) => seq);
}

beforeAll(async () => {
  await history.createConversation(me, { id });
  for (let first = 1; first <= COUNT; first += 500) {
    await history.appendMessages(
      me,
      id,
      range(first, first + 499).map((number) => ({
        role: number % 2 === 1 ? ("user" as const) : ("assistant" as const),
        content: `message ${number}`,
      })),
    );
  }
});
afterAll(() => fixture.close());

describe("a conversation of 2,500 messages", () => {
  it("opens with its newest page and its true total", async () => {
    const page = await history.listMessages(me, id);
    expect(numbersOf(page.messages)).toEqual(range(COUNT - 49, COUNT));
    expect(page).toMatchObject({ total: COUNT, hasMore: true });
    expect((await history.getConversation(me, id)).messageCount).toBe(COUNT);
  });

  it("is paged by offset from the newest on to the first", async () => {
    const seen: number[] = [];
    for (let offset = 0; ; offset += 100) {
      const { messages, hasMore, total } = await history.listMessages(me, id, { limit: 100, offset });
      expect(total).toBe(COUNT);
      seen.unshift(...numbersOf(messages));
      if (!hasMore) break;
    }
    expect(seen).toEqual(range(1, COUNT));
  });

  it("yields each once to one who walks back while new ones arrive", async () => {
    const seen: Message[] = [];
    let arrived = 0;
    let page = await history.listMessages(me, id, { limit: 100 });
    for (;;) {
      seen.unshift(...page.messages);
      if (!page.hasMore) break;
      const [next] = await Promise.all([
        history.listMessages(me, id, { limit: 100, before: seen[0]!.seq }),
        history.appendMessages(me, id, [{ role: "user", content: `late ${++arrived}` }]),
      ]);
      page = next;
    }
    expect(numbersOf(seen)).toEqual(range(1, COUNT));
    expect(seen.every(({ content, seq }) => content === `message ${seq}`)).toBe(true);
    const newest = await history.listMessages(me, id, { limit: 100, after: COUNT });
    expect(numbersOf(newest.messages)).toEqual(range(COUNT + 1, COUNT + arrived));
    expect(newest.total).toBe(COUNT + arrived);
  });

  it("gives an id again that was cleared away, though the rows of a long one go in pieces", async () => {
    await history.createConversation(me, { id: "cleared" });
    const given = range(1, 1100).map((number) => ({
      id: `m${number}`,
      role: "user" as const,
      content: `old ${number}`,
    }));
    await history.appendMessages(me, "cleared", given.slice(0, 550));
    await history.appendMessages(me, "cleared", given.slice(550));
    expect(await history.clearMessages(me, "cleared")).toEqual({ deleted: 1100 });
    expect(await history.listMessages(me, "cleared")).toMatchObject({ messages: [], total: 0 });
    const again = await history.appendMessages(me, "cleared", [{ ...given[1099]!, content: "new" }]);
    expect(again).toMatchObject([{ id: "m1100", seq: 1101, content: "new" }]);
    expect((await history.listMessages(me, "cleared")).messages).toEqual(again);
    const { turn } = await history.startTurn(me, "cleared", { id: "m1099", content: "asked" });
    expect(turn.messageId).toBe("m1099");
    (await fixture.responder.started("cleared")).finish();
  });
});
