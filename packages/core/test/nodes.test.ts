import { createHistory, createPool } from "@chatkeep/core";
import type { History } from "@chatkeep/protocol";
import { UNHURRIED, fileDatabase, holdTimers } from "@chatkeep/testing";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";

import { newUser, openFixture } from "./fixture.ts";
import { readerOf } from "./reader.ts";

const database = await fileDatabase();
const fixture = openFixture(database.url, newUser);
const { history, responder } = fixture;
afterAll(() => fixture.close());

/** A turn that runs here, and a reader on another node who reads on until something is said. */
async function followElsewhere(other: History) {
  const me = newUser();
  const { conversation } = await history.createConversation(me);
  const { id } = conversation;
  const { turn } = await history.startTurn(me, id, { content: "Hello" });
  const run = await responder.started(id);
  const reader = other.followTurn(me, id, turn.id)[Symbol.asyncIterator]();
  /** Says pieces, each once the one before was read. */
  const say = async (...pieces: readonly string[]): Promise<void> => {
    for (const piece of pieces) {
      await run.emit(piece);
      for (let text = ""; text !== piece;) {
        const next = await reader.next();
        if (next.done === true) throw new Error(`The turn ended before "${piece}".`);
        const { chunk } = next.value;
        if (chunk.type === "text-delta") text = chunk.delta;
      }
    }
  };
  return { me, id, turn, run, say, leave: () => reader.return?.() };
}

/** The connections that listen for wake-ups. */
async function listeners(): Promise<number[]> {
  const { rows } = await database.pool.query<{ pid: number }>(
    "select pid from pg_stat_activity where datname = current_database() and query = 'listen chatkeep_events'",
  );
  return rows.map(({ pid }) => pid);
}

/** Milliseconds between two looks of a reader whom no notification reaches. */
const LOOK = 100;

describe("a reader on another node", () => {
  it("is woken by each flush, though its node never ran a turn: it does not wait for the next look", async () => {
    await using other = await fixture.asRestarted();
    const { run, say, leave } = await followElsewhere(other);
    await say("1");
    await expect.poll(listeners).not.toEqual([]);
    {
      using _ = holdTimers(LOOK);
      // The first may be met by a look that was set before.
      await say("2", "3", "4");
    }
    run.finish();
    await leave();
  });

  it("misses nothing when its listening connection is killed, and is listened for again", async () => {
    await using other = await fixture.asRestarted();
    const { run, say, leave } = await followElsewhere(other);
    await say("1");
    await expect.poll(listeners).not.toEqual([]);
    const before = await listeners();
    await database.pool.query("select pg_terminate_backend(pid) from unnest($1::integer[]) pid", [before]);
    await say("2");
    {
      // Until it listens again it looks often, and not once a second as a listener does.
      using _ = holdTimers(10 * LOOK);
      await say("3", "4");
    }
    await expect.poll(async () => (await listeners()).some((pid) => !before.includes(pid))).toBe(true);
    {
      using _ = holdTimers(LOOK);
      await say("5", "6", "7");
    }
    run.finish();
    await leave();
  });
});

describe("a stop from another node", () => {
  it("that comes before the turn of an earlier question stops it as it begins, and no later one", async () => {
    const pool = createPool(database.url, { ...UNHURRIED.pool, max: 1 });
    await using slow = createHistory({ ...UNHURRIED.history, pool, responder: responder.responder });
    onTestFinished(() => pool.end());
    await using other = await fixture.asRestarted();
    const me = newUser();
    const { id } = (await other.createConversation(me)).conversation;
    const held = await pool.connect();
    const asked = slow.startTurn(me, id, { content: "Hello" });
    expect(await other.stopBeginning(me, id)).toBeNull();
    held.release();
    const { turn, events } = await asked;
    await readerOf(events).rest();
    expect((await other.getTurn(me, id, turn.id)).turn.status).toBe("stopped");
    expect(responder.calls(id)).toBe(0);
    const later = await slow.startTurn(me, id, { content: "Again" });
    const run = await responder.started(id);
    expect(run.request.signal.aborted).toBe(false);
    expect(await other.stopBeginning(me, id)).toMatchObject({ id: later.turn.id });
  });

  it("reaches a silent responder at its node's next look, long before its lease is renewed", async () => {
    await using here = await fixture.asRestarted({ lease: 600_000 });
    await using other = await fixture.asRestarted();
    const me = newUser();
    const { conversation } = await here.createConversation(me);
    const { turn } = await here.startTurn(me, conversation.id, { content: "Hello" });
    const run = await responder.started(conversation.id);
    using _ = holdTimers(10 * LOOK);
    await other.stopTurn(me, conversation.id, turn.id);
    await run.aborted;
    await readerOf(other.followTurn(me, conversation.id, turn.id)).rest();
    expect((await other.getTurn(me, conversation.id, turn.id)).turn.status).toBe("stopped");
  });
});
