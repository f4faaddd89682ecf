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
  const [registered] = await database.call("register_node", { lease: LEASE, continues: true });
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
    asker: { kind: "session" },
    budgets: null,
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
    /** What another node does when the lease is over: it fences the node. Then it settles or continues the turn. */
    async fence() {
      await file.pool.query("update chatkeep.nodes set lease_until = now() where id = $1", [node]);
      const [other] = await database.call("register_node", { lease: LEASE, continues: true });
      const id = other!.register_node!;
      await database.call("fence_dead_nodes", { node: id, handover: LEASE, page_limit: 10 });
      return id;
    },
    /** Hands the turn over as the node. */
    handOver: () => database.call("hand_over_turn", { node, turn_id: turnId }),
    /** Ends the node an hour after the turn began. */
    async release() {
      await file.pool.query(
        "update chatkeep.running_turns set created_at = now() - interval '1 hour' where id = $1",
        [turnId],
      );
      await database.call("release_node", { node });
    },
    /** Whether `id` finds the turn open to be continued; `undefined`: it does not find it. */
    async isOpenFor(id: number) {
      const found = await database.call("fence_dead_nodes", { node: id, handover: LEASE, page_limit: 10 });
      return found.find((row) => row.turn_id === turnId)?.is_open;
    },
    /** What `id` takes over after the event `last`: the outcome; `undefined` for nothing. */
    async continueBy(id: number, last: number) {
      const [row] = await database.call("continue_turn", {
        owner,
        conversation: conversation.id,
        turn_id: turnId,
        node: id,
        lease: LEASE,
        last_event: last,
        usage: null,
        is_occupied: false,
        context_limit: 1,
      });
      return row?.outcome;
    },
    settleBy: (id: number, seq: number) => settle(id, "as it was continued", seq),
    async attempts() {
      const { rows } = await file.pool.query<{ attempts: unknown }>(
        "select attempts from chatkeep.running_turns where id = $1 union all select attempts from chatkeep.turns where id = $1",
        [turnId],
      );
      return rows[0]!.attempts;
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
    await node.fence();
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

  it("whose turn is continued elsewhere writes no event and no end; the turn is that of one other node", async () => {
    const node = await sleepingNode();
    await node.write(2);
    const other = await node.fence();
    const [third] = await database.call("register_node", { lease: LEASE, continues: true });
    const outcomes = await Promise.all([other, third!.register_node!].map((id) => node.continueBy(id, 2)));
    expect(outcomes).toHaveLength(2);
    expect(outcomes.filter((outcome) => outcome === "continued")).toHaveLength(1);
    const [winner, loser] =
      outcomes[0] === undefined ? [third!.register_node!, other] : [other, third!.register_node!];
    await expect(node.write(3)).rejects.toSatisfy(isFenced);
    expect(await node.end(3)).toBe(false);
    expect(await node.settleTaken(3)).toBe(false);
    expect(await node.settleBy(loser, 3)).toBe(false);
    expect(await node.continueBy(loser, 2)).toBe(undefined);
    expect(await node.stored()).toEqual({ status: "running", text: null, events: [1, 2] });
    expect(await node.settleBy(winner, 3)).toBe(true);
    expect(await node.stored()).toEqual({
      status: "complete",
      text: "as it was continued",
      events: [1, 2, 3],
    });
    expect(await node.attempts()).toMatchObject([{ ended: "died", last_event: 2, idle: 0, deaths: 1 }]);
  });

  it("that lives keeps its turn, and so does one that is fenced until its log was read to the end", async () => {
    const node = await sleepingNode();
    const [other] = await database.call("register_node", { lease: LEASE, continues: true });
    expect(await node.continueBy(other!.register_node!, 1)).toBe(undefined);
    await node.write(2);
    const third = await node.fence();
    expect(await node.continueBy(third, 1)).toBe(undefined);
    expect(await node.continueBy(third, 2)).toBe("continued");
  });

  it("that handed a turn over writes nothing more into it, and the turn is continued at once", async () => {
    const node = await sleepingNode();
    await node.write(2);
    await node.handOver();
    expect(await node.write(3)).toMatchObject([{ is_gone: true }]);
    expect(await node.end(3)).toBe(false);
    const [other] = await database.call("register_node", { lease: LEASE, continues: true });
    expect(await node.continueBy(other!.register_node!, 2)).toBe("continued");
    expect(await node.attempts()).toMatchObject([{ ended: "handed over", last_event: 2, deaths: 0 }]);
  });

  it("that ends with a long turn hands it over: the turn waits for a node that continues it", async () => {
    const node = await sleepingNode();
    await node.write(2);
    await node.release();
    const [other] = await database.call("register_node", { lease: LEASE, continues: true });
    const id = other!.register_node!;
    expect(await node.isOpenFor(id)).toBe(true);
    expect(await node.continueBy(id, 2)).toBe("continued");
    expect(await node.attempts()).toMatchObject([{ ended: "handed over", deaths: 0 }]);
  });

  it("that was fenced continues nothing", async () => {
    const [node, other] = [await sleepingNode(), await sleepingNode()];
    const fenced = await node.fence();
    await file.pool.query("delete from chatkeep.nodes where id = $1", [fenced]);
    await other.handOver();
    await expect(other.continueBy(fenced, 1)).rejects.toSatisfy(isFenced);
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
