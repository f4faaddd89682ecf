import { createScriptedResponder, fileDatabase, holdDeadlines } from "@chatkeep/testing";
import { collect } from "@chatkeep/testing/contract";
import { afterAll, describe, expect, it } from "vitest";

import { newUser, openFixture } from "./fixture.ts";

const database = await fileDatabase();
const fixture = openFixture(database.url, newUser);
const { history, responder } = fixture;
afterAll(() => fixture.close());

/** Resolves when some statement waits for a lock. */
async function somebodyWaits(): Promise<void> {
  await expect
    .poll(async () => {
      const { rows } = await database.pool.query(
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      return rows.length;
    })
    .toBeGreaterThan(0);
}

/** Holds a lock until it is released, at the latest with the test: one that fails is not to hold up the others. */
async function lock(statement: string, values: unknown[] = []): Promise<Disposable & { release(): void }> {
  const connection = await database.pool.connect();
  let held = true;
  const release = (): void => {
    if (held) connection.release(true);
    held = false;
  };
  await connection.query("begin");
  await connection.query(statement, values);
  return { release, [Symbol.dispose]: release };
}

describe("what is shown", () => {
  it("is committed first: a text that cannot be written is shown to nobody", async () => {
    const me = newUser();
    const { conversation } = await history.createConversation(me);
    const { id } = conversation;
    await using other = await fixture.asRestarted();
    const { turn, events } = await history.startTurn(me, id, { content: "Hello" });
    const reader = events[Symbol.asyncIterator]();
    expect((await reader.next()).value).toMatchObject({ seq: 1, chunk: { type: "start" } });
    const run = await responder.started(id);

    using blocker = await lock("lock table chatkeep.turn_events in share mode");
    await run.emit("Not yet.");
    let shown = false;
    const next = reader.next().finally(() => (shown = true));
    await somebodyWaits();
    for (const node of [history, other]) {
      expect((await node.getTurn(me, id, turn.id)).reply?.content).toBe("");
      expect((await node.listMessages(me, id)).messages.at(-1)?.content).toBe("");
    }
    expect(shown).toBe(false);

    blocker.release();
    expect((await next).value).toMatchObject({ seq: 2 });
    expect((await reader.next()).value).toMatchObject({ chunk: { delta: "Not yet." } });
    expect((await other.getTurn(me, id, turn.id)).reply?.content).toBe("Not yet.");
    run.finish();
    await reader.return?.();
  });

  it("is what a responder waits for before an effect: `committed` resolves when another connection can read it", async () => {
    const me = newUser();
    const { conversation } = await history.createConversation(me);
    const { id } = conversation;
    await using other = await fixture.asRestarted();
    const { turn, events } = await history.startTurn(me, id, { content: "Hello" });
    const { emit, finish, request, aborted } = await responder.started(id);
    await request.committed();
    using first = await lock("lock table chatkeep.turn_events in share mode");
    await emit("About to act.");
    let isCommitted = false;
    const committed = request.committed().then(() => (isCommitted = true));
    await somebodyWaits();
    expect(isCommitted).toBe(false);
    first.release();
    await committed;
    expect((await other.getTurn(me, id, turn.id)).reply?.content).toBe("About to act.");

    using second = await lock("lock table chatkeep.turn_events in share mode");
    await emit("And this?");
    const refused = request.committed().catch((error: unknown) => error);
    const stopping = history.stopTurn(me, id, turn.id);
    await aborted;
    expect(await refused).toMatchObject({ name: "AbortError" });
    await expect(request.committed()).rejects.toMatchObject({ name: "AbortError" });
    finish();
    second.release();
    expect((await stopping).status).toBe("stopped");
    await collect(events);
  });

  it("is settled before its end is shown: an answer that cannot be stored as a whole has none", async () => {
    const me = newUser();
    const { conversation } = await history.createConversation(me);
    const { id } = conversation;
    await using other = await fixture.asRestarted();
    const { turn, events } = await history.startTurn(me, id, { content: "Hello" });
    const run = await responder.started(id);
    await run.emit("Hi.");
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { chunk } of events) seen.push(chunk.type);
    })();

    using blocker = await lock("select from chatkeep.running_turns where id = $1 for update", [turn.id]);
    run.finish();
    await somebodyWaits();
    expect((await other.getTurn(me, id, turn.id)).turn.status).toBe("running");
    expect(seen).not.toContain("finish");

    blocker.release();
    await reading;
    expect(seen.at(-1)).toBe("finish");
    expect((await other.getTurn(me, id, turn.id)).turn.status).toBe("complete");
    expect((await other.getConversation(me, id)).runningTurn).toBeNull();
  });
});

describe("close", () => {
  it("settles the turns that it runs first: their text is kept, and readers elsewhere are told", async () => {
    const me = newUser();
    const { conversation } = await history.createConversation(me);
    const { id } = conversation;
    const node = await fixture.asRestarted();
    const { turn, events } = await node.startTurn(me, id, { content: "Hello" });
    const run = await responder.started(id);
    await run.emit("Half");
    for await (const { chunk } of events) if (chunk.type === "text-delta") break;
    const elsewhere = collect(history.followTurn(me, id, turn.id));
    await node.close();
    await run.aborted;
    expect((await elsewhere).at(-1)?.chunk.type).toBe("error");
    expect(await history.getTurn(me, id, turn.id)).toMatchObject({
      turn: { status: "interrupted", error: { code: "interrupted" } },
      reply: { status: "interrupted", content: "Half" },
    });
  });

  it("lets turns finish within its grace", async () => {
    const me = newUser();
    const { conversation } = await history.createConversation(me);
    const { id } = conversation;
    const node = await fixture.asRestarted();
    const { turn } = await node.startTurn(me, id, { content: "Hello" });
    const run = await responder.started(id);
    const closing = node.close({ grace: 20_000 });
    await expect(node.startTurn(me, id, { content: "More" })).rejects.toMatchObject({ code: "unavailable" });
    await run.emit("Whole.");
    run.finish();
    await closing;
    expect(run.request.signal.aborted).toBe(false);
    expect((await history.getTurn(me, id, turn.id)).turn.status).toBe("complete");
  });

  it("waits for no responder that ignores its signal, and neither does a stop", async () => {
    using _ = holdDeadlines();
    const me = newUser();
    const deaf = createScriptedResponder({ onAbort: "ignore" });
    const node = await fixture.asRestarted({ responder: deaf.responder });
    const begin = async (id: string): Promise<string> => {
      await node.createConversation(me, { id });
      const { turn } = await node.startTurn(me, id, { content: "Hello" });
      await deaf.started(id);
      return turn.id;
    };
    const [first, second] = [await begin("first"), await begin("second")];
    expect((await node.stopTurn(me, "first", first)).status).toBe("stopped");
    await node.close();
    expect((await history.getTurn(me, "second", second)).turn.status).toBe("interrupted");
  });

  it("ends its own node and no other", async () => {
    const node = await fixture.asRestarted();
    await node.listConversations(newUser());
    await node.close();
    await expect(history.listConversations(newUser())).resolves.toMatchObject({ total: 0 });
  });
});

describe("health", () => {
  it("asks the database", async () => {
    const { status, database: probed } = await history.health();
    expect({ status, database: probed.status }).toEqual({ status: "ok", database: "ok" });
    expect(probed.latencyMs).toBeGreaterThan(0);
    await using nowhere = (await fixture.asUnreachable()) as typeof history;
    expect((await nowhere.health()).status).not.toBe("ok");
  });
});
