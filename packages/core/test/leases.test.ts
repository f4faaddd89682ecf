import { ownerId } from "@chatkeep/core";
import type { TurnStatus } from "@chatkeep/protocol";
import { fileDatabase } from "@chatkeep/testing";
import { afterAll, describe, expect, it } from "vitest";

import { type CoreFixture, newUser, openFixture } from "./fixture.ts";
import { readerOf } from "./reader.ts";

/** No node of the fixture renews its lease by itself in the time of a test. */
const LEASE = 600_000;

const database = await fileDatabase();
const fixture = openFixture(database.url, newUser, { lease: LEASE });
const { history, responder } = fixture;
afterAll(() => fixture.close());

/** An answer of `node` that has begun. */
async function begin(node: CoreFixture["history"]) {
  const me = newUser();
  const { conversation } = await node.createConversation(me);
  const { turn, events } = await node.startTurn(me, conversation.id, { content: "Hello" });
  const run = await responder.started(conversation.id);
  const reader = readerOf(events);
  /** Says a piece, and waits until it is committed. */
  const say = async (piece: string): Promise<void> => {
    await run.emit(piece);
    await reader.until(piece);
  };
  await say("Half ");
  const key = [ownerId(me), turn.id];
  return {
    say,
    /** Gives the turn to a node that died an hour ago; `leaseUntil` is an SQL expression. */
    async orphan(leaseUntil: string): Promise<void> {
      await database.pool.query(
        `with dead as (
           insert into chatkeep.nodes (duration, lease_until) values ('8 seconds', ${leaseUntil}) returning id
         )
         update chatkeep.running_turns t set node_id = dead.id from dead where t.owner_id = $1 and t.id = $2`,
        key,
      );
    },
    /** Ends the answer; returns how the turn ended. */
    async end(): Promise<TurnStatus> {
      run.finish();
      await reader.rest();
      return (await node.getTurn(me, conversation.id, turn.id)).turn.status;
    },
  };
}

/** Sets columns of all nodes. */
async function setNodes(assignments: string): Promise<void> {
  await database.pool.query(`update chatkeep.nodes set ${assignments}`);
}

const RUN_OUT = "lease_until = now() - interval '1 second'";

describe("when the database stood still for longer than all leases", () => {
  it("no answer is cut off: who could not renew its own lease takes nothing from others", async () => {
    await using other = await fixture.asRestarted();
    const [mine, its] = [await begin(history), await begin(other)];
    await other.maintain();
    await setNodes(RUN_OUT);
    await other.maintain();
    // It renews its own, and the other one may not have yet.
    await its.say("and more");
    await other.maintain();
    expect([await mine.end(), await its.end()]).toEqual(["complete", "complete"]);
  });

  it("a node that does not come back is fenced a while later", async () => {
    await using other = await fixture.asRestarted();
    const [lost, its] = [await begin(history), await begin(other)];
    await lost.orphan("now() - interval '1 hour'");
    await setNodes(RUN_OUT);
    await its.say("and more");
    await setNodes("held_since = now() - interval '1 hour'");
    await other.maintain();
    expect([await lost.end(), await its.end()]).toEqual(["interrupted", "complete"]);
  });
});

describe("when the database's clock is set back", () => {
  it("a node that died before is fenced after the duration of its lease, not when the clock comes by again", async () => {
    await using other = await fixture.asRestarted();
    const [lost, its] = [await begin(history), await begin(other)];
    await lost.orphan("now()");
    await setNodes("lease_until = lease_until + interval '1 day', held_since = now() + interval '1 day'");
    await other.maintain();
    const { rows } = await database.pool.query<{ late: boolean }>(
      "select bool_or(lease_until > clock_timestamp() + duration or held_since > now()) as late from chatkeep.nodes",
    );
    expect(rows).toEqual([{ late: false }]);
    // After that time.
    await setNodes("lease_until = lease_until - interval '9 seconds', held_since = '-infinity'");
    await other.maintain();
    expect([await lost.end(), await its.end()]).toEqual(["interrupted", "complete"]);
  });
});
