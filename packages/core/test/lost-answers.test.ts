import { randomUUID } from "node:crypto";

import { type ConnectionPool, type CoreHistory, createHistory, createPool } from "@chatkeep/core";
import type { Owner } from "@chatkeep/protocol";
import { UNHURRIED, createScriptedResponder, fileDatabase } from "@chatkeep/testing";
import { collect } from "@chatkeep/testing/contract";
import { afterAll, describe, expect, it } from "vitest";

import { newUser } from "./fixture.ts";

const database = await fileDatabase();
const pool = createPool(database.url, UNHURRIED.pool);
const script = createScriptedResponder();
/** Sees what is stored. */
const witness = createHistory({ ...UNHURRIED.history, pool, responder: script.responder });
afterAll(async () => {
  await witness.close();
  await pool.end();
});

/** A history that loses the connection once, right after the database has done what `name` asked for. */
async function losing<T>(name: string, work: (history: CoreHistory) => Promise<T>): Promise<T> {
  let left = 1;
  const flaky: ConnectionPool = {
    async query(config) {
      const result = await pool.query(config);
      if (!config.text.includes(`.${name}(`) || left-- <= 0) return result;
      throw Object.assign(new Error("Connection terminated unexpectedly"), { code: "ECONNRESET" });
    },
    connect: () => pool.connect(),
    on: () => undefined,
  };
  const history = createHistory({ ...UNHURRIED.history, pool: flaky, responder: script.responder });
  try {
    const result = await work(history);
    expect(left).toBeLessThan(1);
    return result;
  } finally {
    await history.close();
  }
}

async function newConversation(): Promise<{ me: Owner; id: string }> {
  const me = newUser();
  const { conversation } = await witness.createConversation(me);
  return { me, id: conversation.id };
}

describe("an answer of the database that is lost on its way", () => {
  it.each([
    ["a new one", {}],
    ["an id", { id: randomUUID() }],
    ["a scope", { scope: "intro" }],
    ["the latest", { reuse: "latest" as const }],
    ["the latest of a scope", { reuse: "latest" as const, scope: "intro" }],
  ])("makes no second conversation: by %s", async (_by, init) => {
    const me = newUser();
    const { conversation } = await losing("create_conversation", (history) =>
      history.createConversation(me, init),
    );
    const { conversations, total } = await witness.listConversations(me);
    expect(conversations).toEqual([conversation]);
    expect(total).toBe(1);
  });

  it.each([["with an id", randomUUID()] as const, ["without an id", undefined] as const])(
    "stores no second message: %s",
    async (_what, messageId) => {
      const { me, id } = await newConversation();
      const stored = await losing("append_messages", (history) =>
        history.appendMessages(me, id, [{ id: messageId, role: "user", content: "Hello" }]),
      );
      expect((await witness.listMessages(me, id)).messages).toEqual(stored);
    },
  );

  it("begins no second turn, and runs the one that was begun", async () => {
    const { me, id } = await newConversation();
    await losing("begin_turn", async (history) => {
      const { turn, events } = await history.startTurn(me, id, { content: "Hello" });
      const run = await script.started(id);
      expect(run.request.question.content).toBe("Hello");
      await run.emit("Hi.");
      run.finish();
      await collect(events);
      expect(await history.getTurn(me, id, turn.id)).toMatchObject({
        turn: { status: "complete" },
        reply: { content: "Hi.", status: "complete" },
      });
    });
    expect(script.calls(id)).toBe(1);
    expect((await witness.listMessages(me, id)).messages).toMatchObject([
      { seq: 1, content: "Hello" },
      { seq: 2, content: "Hi." },
    ]);
  });

  it.each(["write_events", "settle_turn"])("shows and stores each event once: %s", async (name) => {
    const { me, id } = await newConversation();
    const { turn, seen } = await losing(name, async (history) => {
      const { turn, events } = await history.startTurn(me, id, { content: "Hello" });
      const all = collect(events);
      const run = await script.started(id);
      await run.emit("One. ");
      await run.emit("Two.");
      run.finish();
      return { turn, seen: await all };
    });
    expect(seen.map(({ seq }) => seq)).toEqual(seen.map((_, index) => index + 1));
    expect(await collect(witness.followTurn(me, id, turn.id))).toEqual(seen);
    expect((await witness.getTurn(me, id, turn.id)).reply?.content).toBe("One. Two.");
  });

  it.each<[string, (history: CoreHistory, me: Owner, id: string) => Promise<unknown>]>([
    ["clear_messages", (history, me, id) => history.clearMessages(me, id)],
    ["delete_conversation", (history, me, id) => history.deleteConversation(me, id)],
  ])("is told where a second time would say something else: %s", async (name, work) => {
    const { me, id } = await newConversation();
    await witness.appendMessages(me, id, [{ role: "user", content: "Hello" }]);
    await expect(losing(name, (history) => work(history, me, id))).rejects.toMatchObject({
      code: "unavailable",
    });
    const { rows } = await database.pool.query(
      `select last_seq - cleared_seq as left, deleted_at is not null as deleted
       from chatkeep.conversations where id = $1`,
      [id],
    );
    expect(rows).toEqual([
      name === "clear_messages" ? { left: "0", deleted: false } : { left: "1", deleted: true },
    ]);
  });
});
