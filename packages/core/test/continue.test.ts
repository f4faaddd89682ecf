import { once } from "node:events";

import { type CoreHistory, createPool } from "@chatkeep/core";
import { type Owner, createFold } from "@chatkeep/protocol";
import { UNHURRIED, createScriptedResponder, fileDatabase, takeTimers } from "@chatkeep/testing";
import { collect } from "@chatkeep/testing/contract";
import { afterAll, describe, expect, it } from "vitest";

import { newSession, newUser, nodeOpener } from "./fixture.ts";
import { startNode } from "./node-process.ts";
import { readerOf, textOf } from "./reader.ts";

const database = await fileDatabase();
const pool = createPool(database.url, UNHURRIED.pool);
const script = createScriptedResponder({ continues: true });
afterAll(() => pool.end());

/** Opens a node whose responder continues what others began, unless its options say otherwise. */
const openNode = nodeOpener({ pool, responder: script.responder });

/** A conversation with a turn that `node` runs. */
async function ask(node: CoreHistory, me: Owner = newUser()) {
  const { conversation } = await node.createConversation(me);
  const { id } = conversation;
  const { turn, events } = await node.startTurn(me, id, { content: "Hello" });
  return { me, id, turn, events, run: await script.started(id) };
}

/** What is stored of the attempts before the last. */
async function attempts(turnId: string): Promise<unknown> {
  const { rows } = await pool.query<{ attempts: unknown }>({
    text: "select attempts from chatkeep.turns where id = $1",
    values: [turnId],
  });
  return rows[0]!.attempts;
}

/** Takes a turn's node for dead, as if its attempts so far had ended as `before` says. */
async function kill(turnId: string, before: string | null = null): Promise<void> {
  const text = `with turn as (
      update chatkeep.running_turns set attempts = coalesce($2::jsonb, attempts), left_at = now() where id = $1
      returning node_id
    ) delete from chatkeep.nodes n using turn t where n.id = t.node_id`;
  await database.pool.query(text, [turnId, before]);
}

/** A turn that a process runs, and a history that may continue it. */
async function askProcess() {
  const history = openNode();
  const me = newUser();
  const { id } = (await history.createConversation(me)).conversation;
  return { history, me, id, node: await startNode(database.url, me, id, { continues: true }) };
}

describe("a turn whose node is killed", () => {
  it("is continued by another from its last committed event: one whole answer, its numbers without a gap", async () => {
    const history = openNode();
    const me = newUser();
    const { conversation } = await history.createConversation(me);
    const { id } = conversation;
    await history.appendMessages(me, id, [
      { role: "user", content: "Before" },
      { role: "assistant", content: "It was." },
    ]);
    const node = await startNode(database.url, me, id, { continues: true });
    node.give({ type: "tool-call", id: "c1", name: "look", arguments: "{}" });
    node.give({ type: "tool-result", id: "c1", result: { found: 1 } });
    node.give({ type: "tool-call", id: "c2", name: "look", arguments: "{}" });
    node.give({
      type: "model",
      model: "m",
      usage: { inputTokens: 10, outputTokens: 2, totalTokens: 12, cost: 0.5 },
    });
    await node.say("Half ");
    const reading = collect(history.followTurn(me, id, node.turnId));
    node.child.kill("SIGKILL");
    await once(node.child, "exit");

    const { request, emit, finish } = await script.started(id);
    expect(request).toMatchObject({
      owner: me,
      turnId: node.turnId,
      attempt: 2,
      question: { content: "Hello" },
      history: [{ content: "Before" }, { content: "It was." }],
      answer: [
        { type: "tool-call", id: "c1" },
        { type: "tool-result", id: "c1", result: { found: 1 } },
        { type: "tool-call", id: "c2" },
        { type: "text", text: "Half " },
      ],
    });
    await emit("and ");
    await request.committed();
    await emit({ type: "tool-result", id: "c2", result: "not known", error: true });
    await emit({ type: "model", model: "n", usage: { inputTokens: 5, outputTokens: 1, totalTokens: 6 } });
    await emit("whole.");
    finish();

    const events = await reading;
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(textOf(events)).toBe("Half and whole.");
    const fold = createFold();
    for (const { chunk } of events) fold.push(chunk);
    const { turn, reply } = await history.getTurn(me, id, node.turnId);
    expect(reply!.parts).toEqual(fold.answer().parts);
    expect({ turn, reply }).toMatchObject({
      turn: { status: "complete", error: null },
      reply: {
        content: "Half and whole.",
        model: "n",
        usage: { inputTokens: 15, outputTokens: 3, totalTokens: 18, cost: 0.5 },
      },
    });
    // The text block that the killed node left open goes on.
    const starts = events.flatMap(({ chunk }) => (chunk.type === "text-start" ? [chunk.id] : []));
    expect(starts).toEqual(["1", "2"]);
    expect(await attempts(node.turnId)).toMatchObject([
      { ended: "died", deaths: 1, idle: 0, usage: { input_tokens: 10, output_tokens: 2 } },
    ]);
    expect((await history.getUsage(me)).days).toMatchObject([
      { model: "n", answers: 1, inputTokens: 15, outputTokens: 3, totalTokens: 18, cost: 0.5 },
    ]);
    expect((await history.startTurn(me, id, { content: "Next" })).turn.status).toBe("running");
    (await script.started(id)).finish();
  });

  it("is not that node's any more when it only slept: what it then says is shown and stored nowhere", async () => {
    const { history, me, id, node } = await askProcess();
    await node.say("Half ");
    node.child.kill("SIGSTOP");
    const reading = collect(history.followTurn(me, id, node.turnId));
    const run = await script.started(id);
    node.child.stdin!.write("and wrong.\n");
    node.child.kill("SIGCONT");
    await run.emit("and right.");
    await run.request.committed();
    // Its own reader goes on with what the other says.
    expect(await node.next()).toBe("and right.");
    run.finish();
    expect(await node.next()).toBe("complete");
    expect(textOf(await reading)).toBe("Half and right.");
    expect((await history.getTurn(me, id, node.turnId)).reply!.content).toBe("Half and right.");
  });

  it("had said all and was not settled yet: it is complete when its responder has nothing to add", async () => {
    const history = openNode();
    const { me, id, turn, run } = await ask(history);
    await run.emit("All.");
    await run.request.committed();
    await kill(turn.id);
    const next = await script.started(id);
    next.finish();
    await collect(openNode().followTurn(me, id, turn.id));
    expect(await history.getTurn(me, id, turn.id)).toMatchObject({
      turn: { status: "complete" },
      reply: { content: "All." },
    });
  });

  it("knows its session by the id of its rows, since the secret is not stored; the owner's methods take it", async () => {
    const history = openNode();
    const { me, id, turn, run } = await ask(history, newSession());
    await run.emit("Half");
    await run.request.committed();
    await kill(turn.id);
    const { request, finish } = await script.started(id);
    expect(request.owner.kind).toBe("session");
    expect(request.owner.id).not.toBe(me.id);
    const { messages } = await history.listMessages(request.owner, id);
    expect(messages.map(({ content }) => content)).toEqual(["Hello", "Half"]);
    finish();
    const { rows } = await database.pool.query(
      "select from chatkeep.running_turns where asker::text like '%' || $1 || '%'",
      [me.id],
    );
    expect(rows).toEqual([]);
  });

  it("and which somebody stopped meanwhile is stopped, without another attempt", async () => {
    const history = openNode();
    const { me, id, turn, run } = await ask(history);
    await run.emit("Half");
    await run.request.committed();
    await database.pool.query("update chatkeep.running_turns set stop_requested_at = now() where id = $1", [
      turn.id,
    ]);
    await kill(turn.id);
    await collect(openNode().followTurn(me, id, turn.id));
    expect(await history.getTurn(me, id, turn.id)).toMatchObject({
      turn: { status: "stopped" },
      reply: { content: "Half" },
    });
    expect(script.calls(id)).toBe(1);
  });
});

/** The attempts of a turn that ended `idle` nodes in a row without a word. */
const ended = (idle: number, deaths = idle): string =>
  JSON.stringify([{ ended: "died", last_event: 1, idle, deaths }]);

describe("a turn that ends every node that runs it", () => {
  it.each([
    ["three in a row without a word", ended(2)],
    ["ten, with words between", ended(0, 9)],
  ])("is given up: %s", async (_, before) => {
    const history = openNode();
    const { me, id, turn } = await ask(history);
    await kill(turn.id, before);
    await collect(openNode().followTurn(me, id, turn.id));
    expect((await history.getTurn(me, id, turn.id)).turn).toMatchObject({
      status: "failed",
      error: { code: "attempts_exhausted" },
    });
    expect(script.calls(id)).toBe(1);
  });

  it("runs beside no other such turn until it has said something", async () => {
    const dying = openNode();
    const [one, other] = [await ask(dying), await ask(dying)];
    await database.pool.query("update chatkeep.running_turns set attempts = $1", [ended(1)]);
    await kill(one.turn.id);
    await database.pool.query("update chatkeep.running_turns set left_at = now()");
    await dying.close();
    const history = openNode();
    await history.maintain();
    const [first, second] = script.calls(one.id) > 1 ? [one, other] : [other, one];
    expect([script.calls(first.id), script.calls(second.id)]).toEqual([2, 1]);
    await history.maintain();
    expect(script.calls(second.id)).toBe(1);
    const run = await script.started(first.id);
    await run.emit("A word.");
    await run.request.committed();
    await history.maintain();
    expect(script.calls(second.id)).toBe(2);
  });
});

describe("a node that ends", () => {
  it("hands its turns over: what was said is committed, and a reader who comes back makes another go on", async () => {
    const [ending, other] = [openNode(), openNode()];
    const { me, id, turn, events, run } = await ask(ending);
    const reader = readerOf(events);
    await run.emit("Half ");
    await reader.until("Half ");
    await run.emit("and ");
    await ending.close();
    // No end: the stream goes on where the reader comes back.
    await expect(reader.rest()).rejects.toMatchObject({ code: "unavailable" });
    const before = reader.seen;
    expect(textOf(before)).toBe("Half and ");
    expect(before.at(-1)!.chunk.type).toBe("text-delta");
    const coming = readerOf(other.followTurn(me, id, turn.id, { after: before.at(-1)!.seq }));
    const reading = coming.rest();
    const next = await script.started(id);
    expect(next.request).toMatchObject({ attempt: 2, answer: [{ type: "text", text: "Half and " }] });
    await next.emit("whole.");
    next.finish();
    await reading;
    expect(textOf([...before, ...coming.seen])).toBe("Half and whole.");
    expect((await other.getTurn(me, id, turn.id)).turn.status).toBe("complete");
    expect(await attempts(turn.id)).toMatchObject([{ ended: "handed over", deaths: 0 }]);
  });

  it("leaves its turns to whoever starts next; one that comes too late, or continues nothing, interrupts them", async () => {
    const ending = openNode();
    const [a, b] = [await ask(ending), await ask(ending)];
    await ending.close();
    const plain = openNode({ responder: createScriptedResponder().responder });
    await plain.maintain();
    expect((await plain.getTurn(a.me, a.id, a.turn.id)).turn.status).toBe("running");
    await database.pool.query(
      "update chatkeep.running_turns set left_at = now() - interval '1 hour' where id = $1",
      [b.turn.id],
    );
    await plain.maintain();
    expect((await plain.getTurn(b.me, b.id, b.turn.id)).turn.status).toBe("interrupted");
    const next = openNode();
    await next.maintain();
    const run = await script.started(a.id);
    await run.emit("Whole.");
    run.finish();
    await collect(next.followTurn(a.me, a.id, a.turn.id));
    expect((await next.getTurn(a.me, a.id, a.turn.id)).turn.status).toBe("complete");
  });

  it.each([true, false])(
    "leaves turns that can be stopped, on a node that continues them or not: %s",
    async (continues) => {
      const ending = openNode();
      const { me, id, turn, run } = await ask(ending);
      await run.emit("Half");
      await ending.close();
      const other = openNode(continues ? {} : { responder: createScriptedResponder().responder });
      await other.stopTurn(me, id, turn.id);
      await collect(other.followTurn(me, id, turn.id));
      expect(await other.getTurn(me, id, turn.id)).toMatchObject({
        turn: { status: "stopped", error: null },
        reply: { content: "Half" },
      });
      expect(script.calls(id)).toBe(1);
    },
  );

  it("by SIGTERM does so too: its process ends, and the answer does not", async () => {
    const { history, me, id, node } = await askProcess();
    await node.say("Half ");
    node.child.kill("SIGTERM");
    const reading = collect(history.followTurn(me, id, node.turnId));
    const run = await script.started(id);
    await run.emit("and whole.");
    run.finish();
    expect(textOf(await reading)).toBe("Half and whole.");
  });
});

const HOUR = 3_600_000;

describe("a function", () => {
  it("hands its turn over before its time limit, and the invocation that its reader comes back to goes on", async () => {
    using timers = takeTimers(HOUR - 2000);
    const invocations = [
      openNode({ deadline: HOUR }),
      openNode({ deadline: HOUR }),
      openNode({ deadline: HOUR }),
    ];
    const { me, id, turn, events, run } = await ask(invocations[0]!);
    let reader = readerOf(events);
    let current = run;
    let seen = "";
    let after = 0;
    for (const [number, next] of invocations.slice(1).entries()) {
      await current.emit(`${number} `);
      await reader.until(`${number} `);
      timers.elapse();
      timers.elapse();
      await expect(reader.rest()).rejects.toMatchObject({ code: "unavailable" });
      seen += textOf(reader.seen);
      after = reader.seen.at(-1)!.seq;
      reader = readerOf(next.followTurn(me, id, turn.id, { after }));
      const coming = reader.next();
      current = await script.started(id);
      await current.emit("| ");
      await coming;
    }
    expect(current.request.attempt).toBe(3);
    current.finish();
    seen += textOf(await reader.rest());
    expect(seen).toBe("0 | 1 | ");
    expect(await invocations[2]!.getTurn(me, id, turn.id)).toMatchObject({
      turn: { status: "complete" },
      reply: { content: "0 | 1 | " },
    });
  });
});
