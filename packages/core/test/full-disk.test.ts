import { type ConnectionPool, createHistory, createPool } from "@chatkeep/core";
import { createFold, isChatkeepError } from "@chatkeep/protocol";
import { UNHURRIED, createScriptedResponder, fileDatabase } from "@chatkeep/testing";
import { collect } from "@chatkeep/testing/contract";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";

import { newSession, newUser } from "./fixture.ts";

const database = await fileDatabase();
const pool = createPool(database.url, UNHURRIED.pool);
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
  ...UNHURRIED.history,
  pool: watched,
  responder: script.responder,
  onError: (_error, turnId) => void told.push(turnId),
});
afterAll(async () => {
  await history.close();
  await pool.end();
});

/** From here on no row goes into or changes in the table, as on a full disk, until there is room: at the latest when its test ends. */
async function fill(table: string): Promise<() => Promise<unknown>> {
  const makeRoom = () => database.pool.query(`drop trigger if exists full_disk on chatkeep.${table}`);
  onTestFinished(async () => void (await makeRoom()));
  await database.pool.query(
    `create or replace function public.full_disk() returns trigger language plpgsql as $$ begin
       raise exception 'could not extend file: No space left on device' using errcode = 'disk_full';
     end $$;
     create trigger full_disk before insert or update on chatkeep.${table} for each row execute function public.full_disk()`,
  );
  return makeRoom;
}

/** A turn with its first piece shown, before the disk was full. */
async function askBefore(table: string) {
  const me = newUser();
  const { conversation } = await history.createConversation(me);
  const { turn, events } = await history.startTurn(me, conversation.id, { content: "Hello" });
  const run = await script.started(conversation.id);
  await run.emit("One. ");
  const reading = collect(events);
  const makeRoom = await fill(table);
  told.length = 0;
  sent.length = 0;
  const begun = performance.now();
  return {
    run,
    reading,
    makeRoom,
    turn: async () => (await history.getTurn(me, conversation.id, turn.id)).reply,
    /** How often a statement was sent in 100 ms, until the operator was told so often of the turn. */
    async tries(statement: string, times: number) {
      await expect.poll(() => told.length).toBeGreaterThanOrEqual(times);
      expect(new Set(told)).toEqual(new Set([turn.id]));
      const count = sent.filter((text) => text.includes(`.${statement}(`)).length;
      return (count / (performance.now() - begun)) * 100;
    },
  };
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

  it("holds a piece of an answer back until there is room, tells the operator, and tries in peace", async () => {
    const { turn, run, reading, makeRoom, tries } = await askBefore("turn_events");
    await run.emit("Two.");
    // Each of them twice, every 100 ms.
    expect(await tries("write_events", 1)).toBeLessThan(3);
    await makeRoom();
    run.finish();
    await reading;
    expect(await turn()).toMatchObject({ status: "complete", content: "One. Two." });
  });

  it("holds the end of an answer back until there is room, tells the operator, and tries in peace", async () => {
    const { turn, run, reading, makeRoom, tries } = await askBefore("turns");
    await run.emit("Two.");
    run.finish();
    // Each of them twice, every 500 ms.
    expect(await tries("settle_turn", 6)).toBeLessThan(1);
    await makeRoom();
    await reading;
    expect(await turn()).toMatchObject({ status: "complete", content: "One. Two." });
  });
});
