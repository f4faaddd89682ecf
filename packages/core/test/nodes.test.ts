import type { History } from "@chatkeep/protocol";
import { fileDatabase } from "@chatkeep/testing";
import { afterAll, describe, expect, it } from "vitest";

import { newUser, openFixture } from "./fixture.ts";

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
  /** Says pieces one after another, and gives the median of the milliseconds until each was read. */
  const delayOf = async (pieces: readonly string[]): Promise<number> => {
    const delays: number[] = [];
    for (const piece of pieces) {
      const said = performance.now();
      await run.emit(piece);
      for (let text = ""; text !== piece;) {
        const next = await reader.next();
        if (next.done === true) throw new Error(`The turn ended before "${piece}".`);
        const { chunk } = next.value;
        if (chunk.type === "text-delta") text = chunk.delta;
      }
      delays.push(performance.now() - said);
    }
    return delays.toSorted((a, b) => a - b)[delays.length >> 1]!;
  };
  return { me, id, turn, run, delayOf, leave: () => reader.return?.() };
}

describe("a reader on another node", () => {
  it("is woken by each flush, though its node never ran a turn: it does not wait for the next look", async () => {
    await using other = await fixture.asRestarted();
    const { run, delayOf, leave } = await followElsewhere(other);
    // The first pieces pass while the listener proves itself.
    await delayOf(["1", "2", "3"]);
    // A wake-up takes some milliseconds; the look that stands in for a lost one comes after a second.
    expect(await delayOf(["4", "5", "6", "7", "8"])).toBeLessThan(250);
    run.finish();
    await leave();
  });

  it("misses nothing when its listening connection is killed, and is listened for again", async () => {
    await using other = await fixture.asRestarted();
    const { run, delayOf, leave } = await followElsewhere(other);
    const listeners = async (): Promise<number[]> => {
      const { rows } = await database.pool.query<{ pid: number }>(
        "select pid from pg_stat_activity where datname = current_database() and query = 'listen chatkeep_events'",
      );
      return rows.map(({ pid }) => pid);
    };
    await delayOf(["1"]);
    await expect.poll(listeners).not.toEqual([]);
    const before = await listeners();
    await database.pool.query("select pg_terminate_backend(pid) from unnest($1::integer[]) pid", [before]);
    // Until it listens again it looks every 100 ms.
    expect(await delayOf(["2", "3", "4"])).toBeLessThan(250);
    await expect
      .poll(async () => (await listeners()).filter((pid) => !before.includes(pid)), { timeout: 5000 })
      .not.toEqual([]);
    expect(await delayOf(["5", "6", "7"])).toBeLessThan(250);
    run.finish();
    await leave();
  });
});

describe("a stop from another node", () => {
  it("reaches the responder within 250 ms", async () => {
    await using other = await fixture.asRestarted();
    const delays: number[] = [];
    for (let count = 0; count < 3; count += 1) {
      const { me, id, turn, run, leave } = await followElsewhere(other);
      const asked = performance.now();
      const [stopped] = await Promise.all([
        other.stopTurn(me, id, turn.id),
        run.aborted.then(() => delays.push(performance.now() - asked)),
      ]);
      expect(stopped.status).toBe("stopped");
      await leave();
    }
    // The median: this machine may be busy with something else.
    expect(delays.toSorted((a, b) => a - b)[1]).toBeLessThan(250);
  });
});
