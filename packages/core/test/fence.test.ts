import { randomUUID } from "node:crypto";

import { createHistory, createPool, ownerId } from "@chatkeep/core";
import { type Answer, createFold } from "@chatkeep/protocol";
import { UNHURRIED, fileDatabase } from "@chatkeep/testing";
import { afterAll, describe, expect, it } from "vitest";

import { createDatabase } from "../src/database/database.ts";
import { isFenced } from "../src/database/failure.ts";
import { settleTurn } from "../src/turns/settle.ts";
import { newUser } from "./fixture.ts";

const file = await fileDatabase();
const pool = createPool(file.url, UNHURRIED.pool);
const database = createDatabase({ pool });
const history = createHistory({ ...UNHURRIED.history, pool });
afterAll(async () => {
  await history.close();
  database.close();
  await pool.end();
});

const LEASE = 10_000;

function answerOf(text: string): Answer {
  const fold = createFold();
  fold.push({ type: "text-start", id: "1" });
  fold.push({ type: "text-delta", id: "1", delta: text });
  return fold.answer();
}

/** A turn with one piece of its answer, of a node that sleeps longer than its lease: what it does is up to the test. */
async function sleepingNode() {
  const me = newUser();
  const { conversation } = await history.createConversation(me);
  const [turnId, owner] = [randomUUID(), ownerId(me)];
  const [registered] = await database.call("register_node", { lease: LEASE });
  const node = registered!.register_node!;
  await database.call("begin_turn", {
    owner,
    conversation: conversation.id,
    parent: null,
    node,
    lease: LEASE,
    turn_id: turnId,
    message_id: randomUUID(),
    reply_id: randomUUID(),
    role: "user",
    body: [{ type: "text", text: "Hello" }],
    context_text: null,
    metadata: null,
    word_text: "Hello",
    start_chunk: { type: "start", messageMetadata: { created_at: new Date().toISOString() } },
    new_title: null,
    new_preview: null,
    context_limit: 1,
    expected_head: null,
  });
  const settle = (by: number | null, text: string, seq: number) =>
    settleTurn(database, {
      key: { ownerId: owner, conversationId: conversation.id, turnId },
      node: by,
      status: by === null ? "interrupted" : "complete",
      error: null,
      answer: answerOf(text),
      context: null,
      events: [{ seq, chunk: { type: "finish" } }],
    });
  return {
    /** Writes a piece of the answer as the node. */
    write: (seq: number) =>
      database.call("write_events", {
        node,
        lease: LEASE,
        turn_ids: [turnId],
        owner_ids: [owner],
        seqs: [seq],
        chunks: [{ type: "text-delta", id: "1", delta: `piece ${seq}` }],
      }),
    /** Ends the answer as the node. */
    end: (seq: number) => settle(node, "of the node that slept", seq),
    /** What another node does when the lease is over: first it takes the turn, then it settles it. */
    async take() {
      await file.pool.query("update chatkeep.nodes set lease_until = now() where id = $1", [node]);
      const [other] = await database.call("register_node", { lease: LEASE });
      await database.call("fence_dead_nodes", { node: other!.register_node!, page_limit: 10 });
    },
    settleTaken: (seq: number) => settle(null, "as it was taken", seq),
    async stored() {
      const { rows } = await file.pool.query(
        `select t.status, m.parts -> 0 ->> 'text' as text,
           array(select e.seq from chatkeep.turn_events e where e.turn_id = t.id order by e.seq) as events
         from (select id, status from chatkeep.turns union all select id, status from chatkeep.running_turns) t join chatkeep.messages m on m.turn_id = t.id and m.role = 'assistant'
         where t.id = $1`,
        [turnId],
      );
      return rows[0] as unknown;
    },
  };
}

describe("a node", () => {
  it("whose turn was taken from it writes no event and no end, neither before the turn is settled nor after", async () => {
    const node = await sleepingNode();
    await node.write(2);
    await node.take();
    await expect(node.write(3)).rejects.toSatisfy(isFenced);
    expect(await node.end(3)).toBe(false);
    expect(await node.stored()).toEqual({ status: "running", text: null, events: [1, 2] });

    expect(await node.settleTaken(3)).toBe(true);
    const settled = { status: "interrupted", text: "as it was taken", events: [1, 2, 3] };
    expect(await node.stored()).toEqual(settled);
    await expect(node.write(4)).rejects.toSatisfy(isFenced);
    expect(await node.end(4)).toBe(false);
    expect(await node.settleTaken(4)).toBe(false);
    expect(await node.stored()).toEqual(settled);
  });

  it("ends it itself as long as it lives; nobody else does, and nothing comes after the end", async () => {
    const node = await sleepingNode();
    expect(await node.settleTaken(2)).toBe(false);
    expect(await node.end(2)).toBe(true);
    // A settled turn takes nothing more of its own node either.
    expect(await node.write(3)).toMatchObject([{ is_gone: true }]);
    expect(await node.stored()).toEqual({
      status: "complete",
      text: "of the node that slept",
      events: [1, 2],
    });
  });
});
