import { once } from "node:events";

import { createHistory, createPool } from "@chatkeep/core";
import type { Owner, TurnEvent } from "@chatkeep/protocol";
import { UNHURRIED, createScriptedResponder, fileDatabase } from "@chatkeep/testing";
import { collect } from "@chatkeep/testing/contract";
import { afterAll, describe, expect, it } from "vitest";

import { newUser } from "./fixture.ts";
import { startNode } from "./node-process.ts";

const database = await fileDatabase();
const pool = createPool(database.url, UNHURRIED.pool);
const script = createScriptedResponder();
const history = createHistory({ ...UNHURRIED.history, pool, responder: script.responder });
afterAll(async () => {
  await history.close();
  await pool.end();
});

/** The events of a turn whose node is gone: they end only when another node has taken it. */
function untilTaken(me: Owner, id: string, turnId: string): Promise<TurnEvent[]> {
  return collect(history.followTurn(me, id, turnId));
}

async function newConversation(): Promise<{ me: Owner; id: string }> {
  const me = newUser();
  const { conversation } = await history.createConversation(me);
  return { me, id: conversation.id };
}

describe("a node that is killed in the middle of an answer", () => {
  it("loses nothing that it showed; its turn is settled when its lease is over, and the next question is taken", async () => {
    const { me, id } = await newConversation();
    const node = await startNode(database.url, me, id);
    await node.say("Half");
    const following = untilTaken(me, id, node.turnId);
    node.child.kill("SIGKILL");
    await once(node.child, "exit");
    const events = await following;
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.at(-1)?.chunk.type).toBe("error");
    expect(await history.getTurn(me, id, node.turnId)).toMatchObject({
      turn: { status: "interrupted", error: { code: "interrupted" } },
      reply: { status: "interrupted", content: "Half" },
    });
    const { events: next } = await history.startTurn(me, id, { content: "Again" });
    const run = await script.started(id);
    await run.emit("Whole.");
    run.finish();
    await collect(next);
    expect((await history.listMessages(me, id)).messages.map(({ seq, content }) => [seq, content])).toEqual([
      [1, "Hello"],
      [2, "Half"],
      [3, "Again"],
      [4, "Whole."],
    ]);
  });
});

describe("a node that sleeps longer than its lease", () => {
  it("cannot write into the turn that was taken from it", async () => {
    const { me, id } = await newConversation();
    const node = await startNode(database.url, me, id);
    await node.say("Half");
    node.child.kill("SIGSTOP");
    await untilTaken(me, id, node.turnId);
    const settled = await history.getTurn(me, id, node.turnId);
    expect(settled).toMatchObject({ turn: { status: "interrupted" }, reply: { content: "Half" } });
    node.child.stdin!.write("and more\n");
    node.child.kill("SIGCONT");
    expect(await node.next()).toBe("interrupted");
    expect(await history.getTurn(me, id, node.turnId)).toEqual(settled);
  });
});
