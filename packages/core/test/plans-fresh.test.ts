import { randomUUID } from "node:crypto";

import { createHistory, ownerId, releaseSchema } from "@chatkeep/core";
import { UNHURRIED, fileDatabase } from "@chatkeep/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { newSession } from "./fixture.ts";
import { openTellingPool, scansOf, wasteOf } from "./telling-pool.ts";

/** Turns that run at once on one node. */
const RUNNING = 400;

const database = await fileDatabase();
const me = newSession();
const schema = releaseSchema("chatkeep");
const { pool, plansOf } = openTellingPool(database.url);
const history = createHistory({ ...UNHURRIED.history, pool });
const turns = Array.from({ length: RUNNING }, () => randomUUID());
let node = "";

// Nothing is analyzed: so it is in the first minute of a database, and in the minute after a node took its first rush.
beforeAll(async () => {
  await history.createConversation(me);
  const { rows } = await pool.query<{ register_node: string }>(
    `select ${schema}.register_node('1 hour', false) as register_node`,
  );
  node = rows[0]!.register_node;
  await database.pool.query(
    `insert into chatkeep.conversations (owner_id, id, last_seq) select $1, id, 2 from unnest($2::text[]) id`,
    [ownerId(me), turns],
  );
  await database.pool.query(
    `insert into chatkeep.running_turns (owner_id, id, conversation_id, question_seq, message_id, reply_id, node_id, partition)
     select $1, id::uuid, id, 1, 'q', 'a', $3, 0 from unnest($2::text[]) id`,
    [ownerId(me), turns, node],
  );
});
afterAll(async () => {
  await history.close();
  await pool.end();
});

describe("without statistics", () => {
  it("a flush looks once at each turn that it writes of", async () => {
    const plans = await plansOf((time) =>
      pool.query({
        name: "flush",
        text: `select * from ${schema}.write_events($1, '1 hour', $2, $3, $4, $5)`,
        values: [node, turns, turns.map(() => ownerId(me)), turns.map(() => time), turns.map(() => "{}")],
      }),
    );
    expect(wasteOf(plans, RUNNING)).toEqual([]);
    expect(Math.max(...plans.map(({ mismatches }) => mismatches))).toBe(0);
    expect(scansOf(plans)).toContain("Index Scan running_turns_node");
  });

  it("a message finds its conversation by reading one row", async () => {
    const { conversation } = await history.createConversation(me);
    const append = (name: string, count: number): Promise<unknown> => {
      const messages = Array.from({ length: count }, (_, place) => ({
        id: `${name}-${place}`,
        role: "user" as const,
        content: `Message ${place}`,
      }));
      return history.appendMessages(me, conversation.id, messages);
    };
    await append("before", 900);
    const plans = await plansOf((time) => append(`now-${time}`, 10));
    const checks = plans.filter(({ text }) => /"conversations" x .* FOR KEY SHARE OF x/.test(text));
    expect(checks.length).toBeGreaterThanOrEqual(10);
    expect(Math.max(...checks.map(({ rows }) => rows))).toBe(1);
  });
});
