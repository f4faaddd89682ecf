import type { Message, MessagePage } from "@chatkeep/protocol";
import { fileDatabase } from "@chatkeep/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { newUser, openFixture } from "./fixture.ts";

const database = await fileDatabase();
const { history, close } = openFixture(database.url, newUser);
const me = newUser();
const COUNT = 12;
const numbers = Array.from({ length: COUNT }, (_, index) => index + 1);
let conversation: string;

beforeAll(async () => {
  ({
    conversation: { id: conversation },
  } = await history.createConversation(me));
  // Stored in 12 kB each: what counts is what a page would hold.
  for (const _ of numbers) {
    await history.appendMessages(me, conversation, [{ role: "assistant", content: "x".repeat(1_000_000) }]);
  }
});
afterAll(close);

const seqs = (messages: readonly Message[]): number[] => messages.map(({ seq }) => seq);

describe("a page of large messages", () => {
  it("holds the newest 4 MiB and one message, and says that there are more", async () => {
    const page = await history.listMessages(me, conversation, { limit: 100 });
    expect(seqs(page.messages)).toEqual([8, 9, 10, 11, 12]);
    expect(page).toMatchObject({ total: COUNT, hasMore: true });
  });

  it("walking back yields each message once", async () => {
    const walked: number[] = [];
    let page: MessagePage = await history.listMessages(me, conversation, { limit: 100 });
    for (;;) {
      walked.unshift(...seqs(page.messages));
      if (!page.hasMore) break;
      page = await history.listMessages(me, conversation, { limit: 100, before: page.messages[0]!.seq });
    }
    expect(walked).toEqual(numbers);
  });

  it("walking forward yields each message once", async () => {
    const walked: number[] = [];
    for (;;) {
      const { messages } = await history.listMessages(me, conversation, {
        limit: 100,
        after: walked.at(-1) ?? 0,
      });
      if (messages.length === 0) break;
      expect(messages.length).toBeLessThanOrEqual(5);
      walked.push(...seqs(messages));
    }
    expect(walked).toEqual(numbers);
  });
});
