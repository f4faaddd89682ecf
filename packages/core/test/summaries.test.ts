import { createHistory, createPool } from "@chatkeep/core";
import type { MessageInput } from "@chatkeep/protocol";
import { UNHURRIED, fileDatabase } from "@chatkeep/testing";
import { collect } from "@chatkeep/testing/contract";
import { afterAll, expect, it } from "vitest";

import { newSession } from "./fixture.ts";

const { url } = await fileDatabase();
const pool = createPool(url, UNHURRIED.pool);
const history = createHistory({
  pool,
  ...UNHURRIED.history,
  async *responder() {
    yield "Yes.";
  },
  // A summary names the first and the last message that it adds to the one before.
  summarize: ({ previous, messages }) =>
    Promise.resolve([previous?.text, `${messages[0]!.id} to ${messages.at(-1)!.id}`].join(" ").trim()),
});
afterAll(async () => {
  await history.close();
  await pool.end();
});

/** A conversation with branches that are named by a letter, each of more messages than a context considers. */
async function openConversation() {
  const me = newSession();
  const { id } = (await history.createConversation(me)).conversation;
  return {
    append: (letter: string, parent: string | null) =>
      history.appendMessages(
        me,
        id,
        Array.from({ length: 90 }, (_, index): MessageInput => {
          const role = index % 2 === 0 ? "user" : "assistant";
          return { id: `${letter}${index}`, role, content: "Small talk." };
        }),
        { parent },
      ),
    /** The summary that a question behind this message is given. */
    async summaryAt(leaf: string): Promise<string | undefined> {
      await history.setHead(me, id, leaf);
      return (await history.getContext(me, id)).summary?.text;
    },
    /** Asks behind this message, which summarizes what is too old there. */
    async ask(parent: string): Promise<void> {
      await collect((await history.startTurn(me, id, { content: "Is it so?", parent })).events);
    },
    remove: (message: string) => history.deleteMessage(me, id, message),
    restore: (message: string) => history.restoreMessages(me, id, [message]),
  };
}

it("a branch is given the latest summary of which it has every message, and none of another branch", async () => {
  const { append, ask, summaryAt } = await openConversation();
  await append("trunk", null);
  await ask("trunk89");
  await expect.poll(() => summaryAt("trunk89")).toBe("trunk0 to trunk29");
  await append("left", "trunk59");
  await append("right", "trunk59");
  await append("early", "trunk9");

  await ask("left89");
  const ofLeft = "trunk0 to trunk29 trunk30 to left29";
  await expect.poll(() => summaryAt("left89")).toBe(ofLeft);
  expect(await summaryAt("right89")).toBe("trunk0 to trunk29");
  expect(await summaryAt("trunk89")).toBe("trunk0 to trunk29");
  expect(await summaryAt("early89")).toBeUndefined();

  await ask("right89");
  await expect.poll(() => summaryAt("right89")).toBe("trunk0 to trunk29 trunk30 to right29");
  await ask("early89");
  await expect.poll(() => summaryAt("early89")).toBe("trunk0 to early29");
  // Each branch keeps its own, and a branch behind what is summarized shares it.
  expect(await summaryAt("left89")).toBe(ofLeft);
  await append("later", "left59");
  expect(await summaryAt("later89")).toBe(ofLeft);
});

it("a summary of a message that is deleted, or of a gap that is filled again, is given to no branch", async () => {
  const { append, ask, summaryAt, remove, restore } = await openConversation();
  await append("trunk", null);
  await append("other", "trunk59");
  await ask("trunk89");
  await expect.poll(() => summaryAt("other89")).toBe("trunk0 to trunk29");
  await remove("trunk29");
  expect(await summaryAt("trunk89")).toBeUndefined();
  expect(await summaryAt("other89")).toBeUndefined();

  await ask("trunk89");
  await expect.poll(() => summaryAt("other89")).toBe("trunk0 to trunk28");
  await remove("trunk3");
  await ask("trunk89");
  await expect.poll(() => summaryAt("other89")).toBe("trunk0 to trunk28");
  await restore("trunk3");
  expect(await summaryAt("trunk89")).toBeUndefined();
  expect(await summaryAt("other89")).toBeUndefined();
});
