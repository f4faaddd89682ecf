import { type ConnectionPool, createHistory, createPool } from "@chatkeep/core";
import { createFold, isChatkeepError } from "@chatkeep/protocol";
import { createScriptedResponder, fileDatabase } from "@chatkeep/testing";
import { collect } from "@chatkeep/testing/contract";
import { afterAll, describe, expect, it } from "vitest";

import { newSession, newUser } from "./fixture.ts";

const database = await fileDatabase();
const pool = createPool(database.url);
const sent: string[] = [];
const watched: ConnectionPool = {
  query(config) {
    sent.push(config.text);
    return pool.query(config);
  },
  connect: () => pool.connect(),
  on: () => undefined,
};
const told: (string | undefined)[] = [];
const script = createScriptedResponder();
const history = createHistory({
  pool: watched,
  responder: script.responder,
  onError: (_error, turnId) => void told.push(turnId),
});
afterAll(async () => {
  await history.close();
  await pool.end();
});

/** From here on no row goes into or changes in the table, as on a full disk; the returned function makes room. */
async function fill(table: string): Promise<() => Promise<unknown>> {
  await database.pool.query(
    `create or replace function public.full_disk() returns trigger language plpgsql as $$ begin
       raise exception 'could not extend file: No space left on device' using errcode = 'disk_full';
     end $$;
     create trigger full_disk before insert or update on chatkeep.${table} for each row execute function public.full_disk()`,
  );
  return () => database.pool.query(`drop trigger full_disk on chatkeep.${table}`);
}

describe("a disk that is full", () => {
  it("refuses a user's question before the model is called, lets read on, and passes", async () => {
    const me = newUser();
    const { conversation } = await history.createConversation(me);
    const { id } = conversation;
    const makeRoom = await fill("messages");
    const refused = await history.startTurn(me, id, { content: "Hello" }).catch((error: unknown) => error);
    expect(isChatkeepError(refused, "unavailable") && refused.retryAfter).toBeGreaterThan(0);
    expect((await history.listMessages(me, id)).messages).toEqual([]);
    expect(script.calls(id)).toBe(0);
    await makeRoom();
    const { events } = await history.startTurn(me, id, { content: "Hello" });
    (await script.started(id)).finish();
    await collect(events);
  });

  it("answers a session, and says that it is not saved", async () => {
    const me = newSession();
    const { conversation } = await history.createConversation(me);
    const makeRoom = await fill("messages");
    const { turn, events } = await history.startTurn(me, conversation.id, { content: "Hello" });
    expect(turn.persisted).toBe(false);
    const run = await script.started(conversation.id);
    await run.emit("Hi.");
    run.finish();
    const fold = createFold();
    for await (const { chunk } of events) fold.push(chunk);
    expect(fold.answer()).toMatchObject({ status: "complete", persisted: false });
    await makeRoom();
  });

  it.each([
    ["a piece", "turn_events", "write_events", 1],
    ["the end", "turns", "settle_turn", 6],
  ])(
    "holds back %s of an answer until there is room, tells the operator, and tries in peace",
    async (_what, table, statement, times) => {
      const me = newUser();
      const { conversation } = await history.createConversation(me);
      const { id } = conversation;
      const { turn, events } = await history.startTurn(me, id, { content: "Hello" });
      const run = await script.started(id);
      await run.emit("One. ");
      const reading = collect(events);
      const makeRoom = await fill(table);
      told.length = 0;
      sent.length = 0;
      const begun = performance.now();
      await run.emit("Two.");
      run.finish();
      await expect.poll(() => told.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(times);
      expect(new Set(told)).toEqual(new Set([turn.id]));
      const tries = sent.filter((text) => text.includes(`.${statement}(`)).length;
      // Each try is made twice, and one follows another after 100 ms, or when something is said.
      expect(tries).toBeLessThan(2 * (4 + (performance.now() - begun) / 100));
      await makeRoom();
      expect((await reading).at(-1)?.chunk.type).toBe("finish");
      expect((await history.getTurn(me, id, turn.id)).reply).toMatchObject({
        status: "complete",
        content: "One. Two.",
      });
    },
  );
});
