import { ownerId, releaseSchema } from "@chatkeep/core";
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

describe("a page of large messages where branches fork", () => {
  const id = "forked";
  const owner = ownerId(me);
  const large = (name: string) => ({ id: name, role: "assistant", content: "x".repeat(1_000_000) }) as const;
  /** Three messages a run, each run behind the second of the one before: the branch has 13, from m1 to m18. */
  const branch = [1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17, 18];

  beforeAll(async () => {
    await history.createConversation(me, { id });
    for (let first = 1; first < 18; first += 3) {
      const parent = first === 1 ? undefined : `m${first - 2}`;
      await history.appendMessages(me, id, [large(`m${first}`)], { parent });
      for (const next of [first + 1, first + 2]) await history.appendMessages(me, id, [large(`m${next}`)]);
    }
  });

  it("holds the newest 4 MiB of the branch and one message, with their parents and versions", async () => {
    const { messages, hasMore } = await history.listMessages(me, id, { limit: 100 });
    expect(seqs(messages)).toEqual([13, 14, 16, 17, 18]);
    expect(messages.map(({ parentId }) => parentId)).toEqual(["m11", "m13", "m14", "m16", "m17"]);
    expect(messages.map(({ versions }) => versions)).toEqual([
      { index: 2, count: 2 },
      { index: 1, count: 1 },
      { index: 2, count: 2 },
      { index: 1, count: 1 },
      { index: 1, count: 1 },
    ]);
    expect(hasMore).toBe(true);
  });

  it("walking back and forward yields each message of the branch once", async () => {
    const back: number[] = [];
    for (let before: number | undefined; ; before = back[0]) {
      const page = await history.listMessages(me, id, { limit: 100, before });
      back.unshift(...seqs(page.messages));
      if (!page.hasMore) break;
    }
    expect(back).toEqual(branch);
    const forth: number[] = [];
    for (;;) {
      const { messages } = await history.listMessages(me, id, { limit: 100, after: forth.at(-1) ?? 0 });
      if (messages.length === 0) break;
      expect(messages.length).toBeLessThanOrEqual(5);
      forth.push(...seqs(messages));
    }
    expect(forth).toEqual(branch);
  });

  it("a context reads 16 MiB of either and one message", async () => {
    const read = async (conversationId: string, count: number): Promise<number> => {
      const { rows } = await database.pool.query<{ count: number }>(
        `select json_array_length(history -> 'messages') as count
         from ${releaseSchema("chatkeep")}.get_context($1, $2, null, $3)`,
        [owner, conversationId, count],
      );
      return rows[0]!.count;
    };
    expect(await read(id, 12)).toBe(12);
    for (let more = 0; more < 8; more += 1) await history.appendMessages(me, id, [large(`more-${more}`)]);
    expect(await read(id, 21)).toBe(17);
    for (let more = 0; more < 8; more += 1)
      await history.appendMessages(me, conversation, [large(`more-${more}`)]);
    expect(await read(conversation, 20)).toBe(17);
  });
});

it("the message that a branch leaves is on that branch", async () => {
  const id = "left";
  await history.createConversation(me, { id });
  for (const name of ["a", "b"])
    await history.appendMessages(me, id, [{ id: name, role: "user", content: name }]);
  await history.appendMessages(me, id, [{ id: "c", role: "user", content: "c" }], { parent: "a" });
  const { rows } = await database.pool.query<{ seqs: number[] }>(
    `select ${releaseSchema("chatkeep")}.branch_seqs($1, $2, null, $3) as seqs`,
    [ownerId(me), id, [1, 2, 3]],
  );
  expect(rows[0]!.seqs).toEqual([1, 3, null]);
});
