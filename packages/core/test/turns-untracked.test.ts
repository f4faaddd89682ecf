import { type ConnectionPool, type CoreHistory, createHistory, createPool } from "@chatkeep/core";
import {
  ChatkeepError,
  type Owner,
  type Responder,
  type ResponderEvent,
  type TurnEvent,
  createFold,
} from "@chatkeep/protocol";
import { UNHURRIED, createScriptedResponder, fileDatabase, holdTimers, takeTimers } from "@chatkeep/testing";
import { collect } from "@chatkeep/testing/contract";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";

import { newSession, newUser } from "./fixture.ts";
import { readerOf } from "./reader.ts";

const database = await fileDatabase();
const pool = createPool(database.url, UNHURRIED.pool);
afterAll(() => pool.end());

/** A history that is closed with the test. */
function openHistory(responder: Responder, over: ConnectionPool = pool): CoreHistory {
  const history = createHistory({ ...UNHURRIED.history, pool: over, responder });
  onTestFinished(() => history.close());
  return history;
}

async function newConversation(history: CoreHistory, me: Owner): Promise<string> {
  return (await history.createConversation(me)).conversation.id;
}

/** A pool of which a test decides what happens to each statement after the database has done it. */
function watchedPool(after: (text: string, result: { rows: unknown[] }) => Promise<void>): ConnectionPool {
  return {
    async query(config) {
      const result = await pool.query(config);
      await after(config.text, result);
      return result;
    },
    connect: () => pool.connect(),
    on: () => undefined,
  };
}

const lost = (): Error =>
  Object.assign(new Error("Connection terminated unexpectedly"), { code: "ECONNRESET" });

async function statusOf(turnId: string): Promise<string | undefined> {
  const { rows } = await database.pool.query<{ status: string }>(
    "select status from chatkeep.running_turns where id = $1 union all select status from chatkeep.turns where id = $1",
    [turnId],
  );
  return rows[0]?.status;
}

describe("an answer that leaves nothing to store", () => {
  it.each<[string, ResponderEvent]>([
    ["empty text", ""],
    ["empty reasoning", { type: "reasoning", text: "" }],
    ["a model's name", { type: "model", model: "m" }],
    ["an intent", { type: "intent", intent: "i", processed: true }],
  ])("fails as empty, and the next question is taken: %s", async (_what, event) => {
    const me = newUser();
    const history = openHistory(async function* () {
      yield event;
    });
    const id = await newConversation(history, me);
    const { turn, events } = await history.startTurn(me, id, { content: "Hello" });
    await collect(events);
    const settled = await history.getTurn(me, id, turn.id);
    expect(settled).toMatchObject({
      turn: { status: "failed", error: { code: "empty_answer" } },
      reply: { status: "failed", parts: [] },
    });
    await collect((await history.startTurn(me, id, { content: "Again" })).events);
  });
});

/** Milliseconds of silence after which an answer has failed. */
const IDLE = 77_000;

describe("a responder that says nothing more", () => {
  it("has failed after a while: it is aborted, its text kept, the next question taken, another turn untouched", async () => {
    using idle = takeTimers(IDLE);
    const me = newUser();
    const script = createScriptedResponder();
    const history = createHistory({
      ...UNHURRIED.history,
      pool,
      responder: script.responder,
      idleTimeout: IDLE,
    });
    onTestFinished(() => history.close());
    const [hanging, going] = [await newConversation(history, me), await newConversation(history, me)];
    const { turn, events } = await history.startTurn(me, hanging, { content: "Hello" });
    const run = await script.started(hanging);
    await run.emit("Half");
    const other = await history.startTurn(me, going, { content: "Hello" });
    const otherRun = await script.started(going);
    const reader = readerOf(other.events);
    idle.elapse();
    await otherRun.emit("On and ");
    await reader.until("On and ");
    idle.elapse();
    await collect(events);
    expect(await history.getTurn(me, hanging, turn.id)).toMatchObject({
      turn: { status: "failed", error: { code: "model_timeout" } },
      reply: { status: "failed", content: "Half" },
    });
    expect(otherRun.request.signal.aborted).toBe(false);
    otherRun.finish();
    await reader.rest();
    expect((await history.getTurn(me, going, other.turn.id)).turn.status).toBe("complete");
    const next = await history.startTurn(me, hanging, { content: "Again" });
    (await script.started(hanging)).finish();
    await collect(next.events);
  });
});

describe("a responder that waits for the database", () => {
  it("has not failed, however long that takes", async () => {
    using idle = takeTimers(IDLE);
    const me = newUser();
    let given = 0;
    const history = createHistory({
      ...UNHURRIED.history,
      pool,
      idleTimeout: IDLE,
      async *responder() {
        const padding = "x".repeat(1000);
        while (given < 4000) yield { type: "data", name: "count", data: [(given += 1), padding] };
        yield "Done.";
      },
    });
    onTestFinished(() => history.close());
    const much = await newConversation(history, me);
    const locked = await database.pool.connect();
    onTestFinished(() => locked.release(true));
    await locked.query("begin");
    const { turn, events } = await history.startTurn(me, much, { content: "Much" });
    await locked.query("lock table chatkeep.turn_events in exclusive mode");
    // One that is let on gives something in every turn of the event loop.
    const waits = async (): Promise<boolean> => {
      const before = given;
      for (let turns = 0; turns < 5; turns++) await new Promise(setImmediate);
      return given > 800 && given === before;
    };
    while (!(await waits()));
    expect(given).toBeLessThan(4000);
    for (let time = 0; time < 10; time++) idle.elapse();
    await locked.query("commit");
    await collect(events);
    expect(await history.getTurn(me, much, turn.id)).toMatchObject({
      turn: { status: "complete" },
      reply: { content: "Done." },
    });
  });
});

describe("an answer of a size that is not usual", () => {
  it("is stored: two megabytes of words, no two alike", async () => {
    const me = newUser();
    const text = Array.from({ length: 250_000 }, (_, index) => `w${index.toString(36)} `).join("");
    const history = openHistory(async function* () {
      yield text;
    });
    const id = await newConversation(history, me);
    const { turn, events } = await history.startTurn(me, id, { content: "Hello" });
    await collect(events);
    expect(await history.getTurn(me, id, turn.id)).toMatchObject({
      turn: { status: "complete" },
      reply: { content: text },
    });
  });
});

describe("a turn whose node lives and does not know of it", () => {
  it("is settled as interrupted, so that the conversation goes on", async () => {
    const me = newUser();
    let losing = true;
    const script = createScriptedResponder();
    // The beginning is committed, and both its answer and that of the second try are lost.
    const flaky = watchedPool(async (text) => {
      if (losing && text.includes(".begin_turn(")) throw lost();
    });
    const history = openHistory(script.responder, flaky);
    const id = await newConversation(history, me);
    await expect(history.startTurn(me, id, { id: "q1", content: "Hello" })).rejects.toMatchObject({
      code: "unavailable",
    });
    losing = false;
    // The same question again finds it.
    const { turn, events } = await history.startTurn(me, id, { id: "q1", content: "Hello" });
    await collect(events);
    expect((await history.getTurn(me, id, turn.id)).turn.status).toBe("interrupted");
    const next = await history.startTurn(me, id, { id: "q2", content: "Hello again" });
    const run = await script.started(id);
    await run.emit("Hi.");
    run.finish();
    await collect(next.events);
    expect((await history.getTurn(me, id, next.turn.id)).turn.status).toBe("complete");
  });

  it("is answered where its responder continues answers", async () => {
    const me = newUser();
    let losing = true;
    const script = createScriptedResponder({ continues: true });
    const flaky = watchedPool(async (text) => {
      if (losing && text.includes(".begin_turn(")) throw lost();
    });
    const history = openHistory(script.responder, flaky);
    const id = await newConversation(history, me);
    await expect(history.startTurn(me, id, { content: "Hello" })).rejects.toMatchObject({
      code: "unavailable",
    });
    losing = false;
    // Nobody asks again.
    const run = await script.started(id);
    await run.emit("Hi.");
    run.finish();
    await collect(history.followTurn(me, id, run.request.turnId));
    expect(await history.getTurn(me, id, run.request.turnId)).toMatchObject({
      turn: { status: "complete" },
      reply: { content: "Hi." },
    });
  });

  it.each([false, true])(
    "is settled with the answer that was given unsaved, where it was given; although that fails at first: %s",
    async (isFailing) => {
      const me = newSession();
      let losing = false;
      let failing = isFailing;
      const script = createScriptedResponder({ continues: true });
      const flaky = watchedPool(async (text) => {
        if (losing && text.includes(".begin_turn(")) throw lost();
        if (!failing || !/\.(?:find|settle)_turn\(/.test(text)) return;
        failing = false;
        throw new Error("failed");
      });
      const history = openHistory(script.responder, flaky);
      const id = await newConversation(history, me);
      losing = true;
      const { turn, events } = await history.startTurn(me, id, { id: "q1", content: "Hello" });
      expect(turn.persisted).toBe(false);
      losing = false;
      const run = await script.started(id);
      await run.emit("Shown, ");
      await run.emit("and kept.");
      run.finish();
      const seen = await collect(events);
      const fold = createFold();
      for (const { chunk } of seen) fold.push(chunk);
      expect(fold.answer()).toMatchObject({ status: "complete", persisted: false });
      const reading: TurnEvent[] = await collect(history.followTurn(me, id, turn.id));
      const stored = createFold();
      for (const { chunk } of reading) stored.push(chunk);
      expect(stored.answer().parts).toEqual(fold.answer().parts);
      const { createdAt } = (await history.getTurn(me, id, turn.id)).turn;
      expect(createdAt).toBe(turn.createdAt);
      expect(seen[0]!.chunk).toMatchObject({ messageMetadata: { created_at: createdAt } });
      const { messages } = await history.listMessages(me, id);
      expect(messages.map(({ status, content }) => [status, content])).toEqual([
        ["complete", "Hello"],
        ["complete", "Shown, and kept."],
      ]);
      expect(await statusOf(turn.id)).toBe("complete");
      expect(script.calls(id)).toBe(1);
    },
  );
});

describe("a node that goes down", () => {
  it.each([
    ["begin_turn", "user", newUser],
    ["begin_turn", "session", newSession],
    ["register_node", "user", newUser],
  ] as const)(
    "begins nothing that was still on its way, and leaves nothing: %s, %s",
    async (name, _kind, owner) => {
      const me = owner();
      const script = createScriptedResponder();
      const [held, sent] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const slow: ConnectionPool = {
        async query(config) {
          if (config.text.includes(`.${name}(`)) {
            sent.resolve();
            await held.promise;
          }
          return pool.query(config);
        },
        connect: () => pool.connect(),
        on: () => undefined,
      };
      const history = createHistory({ ...UNHURRIED.history, pool: slow, responder: script.responder });
      const id = await newConversation(history, me);
      const asked = history.startTurn(me, id, { content: "Hello" });
      await sent.promise;
      const closing = history.close();
      if (name === "begin_turn") await closing;
      held.resolve();
      await expect(asked).rejects.toMatchObject({ code: "unavailable", status: 503 });
      await closing;
      expect(script.calls(id)).toBe(0);
      const { rows } = await database.pool.query("select from chatkeep.nodes");
      expect(rows).toEqual([]);
    },
  );
});

describe("a node that was taken for dead", () => {
  it("keeps the turns that it began since, however late the old number is refused again", async () => {
    const me = newUser();
    const script = createScriptedResponder();
    const held = Promise.withResolvers<void>();
    let refusals = 0;
    const flaky: ConnectionPool = {
      async query(config) {
        try {
          return await pool.query(config);
        } catch (error) {
          // The second refusal arrives when the first was mended long since.
          if ((error as { code?: string }).code === "CK001" && (refusals += 1) === 2) await held.promise;
          throw error;
        }
      },
      connect: () => pool.connect(),
      on: () => undefined,
    };
    const history = openHistory(script.responder, flaky);
    const [a, b, c] = [
      await newConversation(history, me),
      await newConversation(history, me),
      await newConversation(history, me),
    ];
    // It has a number once it has run a turn.
    const first = await history.startTurn(me, a, { content: "Hello" });
    (await script.started(a)).finish();
    await collect(first.events).catch((error: unknown) => {
      if (!(error instanceof ChatkeepError)) throw error;
    });
    await database.pool.query("delete from chatkeep.nodes");
    const [second, third] = [
      history.startTurn(me, b, { content: "Hello" }),
      history.startTurn(me, c, { content: "Hello" }),
    ];
    const started = await Promise.race([second, third]);
    const run = await script.started(started.turn.conversationId);
    await run.emit("Still ");
    held.resolve();
    await Promise.all([second, third]);
    await run.emit("mine.");
    run.finish();
    await collect(started.events);
    expect((await history.getTurn(me, started.turn.conversationId, started.turn.id)).reply).toMatchObject({
      status: "complete",
      content: "Still mine.",
    });
  });

  it("takes a new number as often as that happens: a process may sleep while it takes one", async () => {
    let left = 3;
    const sleepy = watchedPool(async (text) => {
      if (text.includes(".register_node(") && left-- > 0)
        await database.pool.query("delete from chatkeep.nodes");
    });
    const history = openHistory(createScriptedResponder().responder, sleepy);
    await history.continueTurns();
    expect(left).toBe(-1);
  });

  it("leaves any number of turns that are all settled at once, and one that cannot be holds up none", async () => {
    const me = newUser();
    const history = openHistory(createScriptedResponder().responder);
    await newConversation(history, me);
    await database.pool.query(
      `with owner as (select id from chatkeep.owners order by created_at desc limit 1),
       many as (
         insert into chatkeep.conversations (owner_id, id, last_seq, running_turn)
         select owner.id, 'dead' || n, 2, gen_random_uuid() from owner, generate_series(1, 250) n
         returning owner_id, id, running_turn
       ), questions as (
         insert into chatkeep.messages (owner_id, conversation_id, seq, id, turn_id, role, status, parts)
         select owner_id, id, seq, id || seq, running_turn, case seq when 1 then 'user' else 'assistant' end,
           case seq when 1 then 'complete' else 'streaming' end,
           case seq when 1 then '[{"type":"text","text":"Hello"}]'::json else '[]'::json end
         from many, generate_series(1, 2) seq
       ), turns as (
         insert into chatkeep.running_turns (owner_id, id, conversation_id, question_seq, message_id, reply_id, node_id, partition)
         select owner_id, running_turn, id, 1, id || 1, id || 2, 0, 0 from many
         returning owner_id, id, conversation_id
       )
       -- The end of this one has a number that is taken.
       insert into chatkeep.turn_events (owner_id, turn_id, seq, partition, chunk)
       select owner_id, id, 2147483647, 0, '{"type":"text-start","id":"1"}' from turns where conversation_id = 'dead17'`,
    );
    // Somebody uses the node.
    await history.getTurn(me, "dead1", crypto.randomUUID()).catch(() => undefined);
    // The next look, a second from now, is the only one: it leaves no hundred to a second look.
    using _ = holdTimers(1000);
    const running = async (): Promise<number> => {
      const { rows } = await database.pool.query<{ count: string }>(
        "select count(*) from chatkeep.running_turns where node_id = 0",
      );
      return Number(rows[0]!.count);
    };
    await expect.poll(running).toBe(1);
    await database.pool.query("delete from chatkeep.running_turns where node_id = 0");
  });
});
