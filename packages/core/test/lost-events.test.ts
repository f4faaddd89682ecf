import { createPool } from "@chatkeep/core";
import { UNHURRIED, createScriptedResponder, fileDatabase } from "@chatkeep/testing";
import { afterAll, expect, it } from "vitest";

import { newUser, nodeOpener } from "./fixture.ts";
import { readerOf } from "./reader.ts";

const database = await fileDatabase();
const pool = createPool(database.url, UNHURRIED.pool);
const script = createScriptedResponder({ continues: true });
afterAll(() => pool.end());

const openNode = nodeOpener({ pool, responder: script.responder });

/** A running turn whose readers saw "Kept. Lost. More. ", and whose log lacks "Lost. ", as after a failover. */
async function withHole() {
  const node = openNode();
  const me = newUser();
  const { id } = (await node.createConversation(me)).conversation;
  const question = { id: crypto.randomUUID(), content: "Hello" };
  const { turn, events } = await node.startTurn(me, id, question);
  const run = await script.started(id);
  const reader = readerOf(events);
  await run.emit("Kept. ");
  await reader.until("Kept. ");
  await run.emit("Lost. ");
  await reader.until("Lost. ");
  const seq = reader.seen.at(-1)!.seq;
  const { rowCount } = await database.pool.query({
    text: "delete from chatkeep.turn_events where turn_id = $1 and seq = $2",
    values: [turn.id, seq],
  });
  expect(rowCount).toBe(1);
  await run.emit("More. ");
  await reader.until("More. ");
  return { node, me, id, question, turn, run, reader };
}

it("a turn with a hole in its log is not continued as if nothing had been there", async () => {
  const { me, id, turn } = await withHole();
  await database.pool.query(
    `with turn as (update chatkeep.running_turns set left_at = now() where id = $1 returning node_id)
     delete from chatkeep.nodes n using turn t where n.id = t.node_id`,
    [turn.id],
  );
  const other = openNode();
  await expect.poll(async () => (await other.getTurn(me, id, turn.id)).turn.status).not.toBe("running");
  const { turn: t, reply } = await other.getTurn(me, id, turn.id);
  expect([t.status, t.error?.code, reply?.content]).toEqual(["interrupted", "interrupted", "Kept. More. "]);
});

it("a reader from the beginning, on another node, is told of a hole in the middle of a page", async () => {
  const { me, id, turn, run } = await withHole();
  const other = openNode();
  run.finish();
  const shown: string[] = [];
  const reading = (async () => {
    for await (const { seq, chunk } of other.followTurn(me, id, turn.id))
      if (chunk.type === "text-delta") shown.push(`${seq} ${chunk.delta}`);
  })();
  const error: unknown = await reading.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect([shown.length, error]).toEqual([1, expect.objectContaining({ code: "events_expired" })]);
  await expect.poll(async () => (await other.getTurn(me, id, turn.id)).turn.status).toBe("complete");
  const { reply } = await other.getTurn(me, id, turn.id);
  expect(reply?.content).toBe("Kept. Lost. More. ");
});

it("a reader whose events another attempt wrote in other words is told, live and from the log", async () => {
  const { me, id, turn, reader } = await withHole();
  const [seen] = reader.seen.slice(-1);
  // The failover lost all after "Kept. ", and the node with it.
  await database.pool.query("delete from chatkeep.turn_events where turn_id = $1 and seq >= $2", [
    turn.id,
    seen!.seq - 1,
  ]);
  await database.pool.query(
    `with turn as (update chatkeep.running_turns set left_at = now() where id = $1 returning node_id)
     delete from chatkeep.nodes n using turn t where n.id = t.node_id`,
    [turn.id],
  );
  const other = openNode();
  const third = openNode();
  const again = await script.started(id);
  const whole = readerOf(other.followTurn(me, id, turn.id));
  for (const words of ["Other. ", "Words. ", "Here. "]) {
    await again.emit(words);
    await whole.until(words);
  }
  const last = whole.seen.at(-1)!;
  expect([last.attempt, last.seq > seen!.seq]).toEqual([2, true]);
  for (const node of [other, third]) {
    const reading = node.followTurn(me, id, turn.id, { after: seen! })[Symbol.asyncIterator]();
    await expect(reading.next()).rejects.toMatchObject({ code: "events_expired" });
    const going = node.followTurn(me, id, turn.id, { after: whole.seen.at(-2)! })[Symbol.asyncIterator]();
    expect((await going.next()).value).toEqual(last);
    await going.return!(undefined);
  }
  again.finish();
});
