import { once } from "node:events";

import { type CoreHistory, createHistory, createPool, ownerId } from "@chatkeep/core";
import type { Owner, Question } from "@chatkeep/protocol";
import { UNHURRIED, createScriptedResponder, fileDatabase } from "@chatkeep/testing";
import { afterAll, expect, it } from "vitest";

import { newSession, newUser, nodeOpener } from "./fixture.ts";
import { startNode } from "./node-process.ts";
import { readerOf, textOf } from "./reader.ts";

const database = await fileDatabase();
const pool = createPool(database.url, UNHURRIED.pool);
const script = createScriptedResponder({ continues: true });
afterAll(() => pool.end());

const openNode = nodeOpener({ pool, responder: script.responder });

const QUEUED: Question = { id: "q2", content: "Two \u0000 \ud800?", whenBusy: "queue" };

/** A conversation whose answer `node` gives. */
async function answering(node: CoreHistory, me: Owner = newUser()) {
  const { id } = (await node.createConversation(me)).conversation;
  const { turn } = await node.startTurn(me, id, { id: "q1", content: "One?" });
  return { me, id, turn, run: await script.started(id) };
}

it("a question that was queued behind the turn of a killed process is asked once that turn was continued", async () => {
  const history = openNode();
  const me = newUser();
  const { id } = (await history.createConversation(me)).conversation;
  const node = await startNode(database.url, me, id, { continues: true });
  await node.say("Half ");
  const { events } = await history.startTurn(me, id, QUEUED);
  node.child.kill("SIGKILL");
  await once(node.child, "exit");
  const continued = await script.started(id);
  expect(continued.request).toMatchObject({ attempt: 2, turnId: node.turnId });
  await continued.emit("and whole.");
  continued.finish();
  const next = await script.started(id);
  expect(next.request).toMatchObject({ owner: me, question: { id: "q2" } });
  await next.emit("2");
  next.finish();
  expect(textOf(await readerOf(events).rest())).toBe("2");
});

it.each(["its reader", "a scheduled look"])(
  "a question that nobody began when the answer ended, because its node died, is asked once by %s",
  async (who) => {
    const node = openNode();
    const { me, id, run, turn } = await answering(node);
    const other = openNode();
    const queued = await other.startTurn(me, id, QUEUED);
    await other.close();
    await run.emit("1");
    run.finish();
    // The node that gives the answer was told of no question: for it, nothing follows.
    await readerOf(node.followTurn(me, id, turn.id)).rest();
    await node.close();
    const later = openNode();
    const events =
      who === "its reader"
        ? later.followTurn(me, id, queued.turn.id)
        : later.continueTurns().then(() => later.followTurn(me, id, queued.turn.id));
    const reading = Promise.resolve(events).then((read) => readerOf(read).rest());
    const next = await script.started(id);
    expect(next.request).toMatchObject({
      turnId: queued.turn.id,
      owner: me,
      history: [{}, { content: "1" }],
    });
    await next.emit("2");
    next.finish();
    expect(textOf(await reading)).toBe("2");
    expect(script.calls(id)).toBe(2);
  },
);

it("a question that two nodes begin at the same moment is asked once", async () => {
  const [node, other] = [openNode(), openNode()];
  for (let time = 0; time < 5; time += 1) {
    const { me, id, run } = await answering(node);
    const { events } = await other.startTurn(me, id, QUEUED);
    const both = [readerOf(events), readerOf((await node.startTurn(me, id, QUEUED)).events)].map((reader) =>
      reader.rest(),
    );
    run.finish();
    const looks = Promise.all([node.continueTurns(), other.continueTurns()]);
    const next = await script.started(id);
    await next.emit("2");
    next.finish();
    for (const read of await Promise.all(both)) expect(textOf(read)).toBe("2");
    await looks;
    expect(script.calls(id)).toBe(2);
  }
});

it("a node without a responder, or that closes, begins none", async () => {
  const node = openNode();
  const { me, id, run } = await answering(node);
  await node.startTurn(me, id, QUEUED);
  const closed = node.close();
  run.finish();
  await closed;
  const reader = createHistory({ ...UNHURRIED.history, pool });
  await reader.continueTurns();
  expect(await reader.listQueuedQuestions(me, id)).toMatchObject([{ id: "q2", held: false }]);
  await reader.close();
});

it("a node that ends sends the readers of questions that wait to another", async () => {
  const node = openNode();
  const { me, id, run } = await answering(node);
  const queued = await node.startTurn(me, id, QUEUED);
  const reading = readerOf(queued.events).rest();
  const closed = node.close();
  await expect(reading).rejects.toMatchObject({ code: "unavailable", retryAfter: 1 });
  await closed;
  await run.aborted;
  const other = openNode();
  const again = readerOf(other.followTurn(me, id, queued.turn.id)).rest();
  await other.continueTurns();
  for (const text of ["1", "2"]) {
    const next = await script.started(id);
    await next.emit(text);
    next.finish();
  }
  expect(textOf(await again)).toBe("2");
});

it("a function, whose time may be over, leaves it to whoever reads", async () => {
  const node = openNode({ deadline: 100_000 });
  const { me, id, run, turn } = await answering(node);
  const queued = await node.startTurn(me, id, QUEUED);
  await run.emit("1");
  run.finish();
  await readerOf(node.followTurn(me, id, turn.id)).rest();
  expect(await node.listQueuedQuestions(me, id)).toHaveLength(1);
  const reading = readerOf(queued.events).rest();
  const next = await script.started(id);
  await next.emit("2");
  next.finish();
  expect(textOf(await reading)).toBe("2");
});

it("questions of more than a million characters do not wait together", async () => {
  const node = openNode();
  const { me, id, turn, run } = await answering(node);
  const data = { type: "data", name: "x", data: "x".repeat(900_000) } as const;
  const big: Question = { parts: [{ type: "text", text: "?" }, data], whenBusy: "queue" };
  await node.startTurn(me, id, big);
  await expect(node.startTurn(me, id, big)).rejects.toMatchObject({
    code: "turn_in_progress",
    turnId: turn.id,
  });
  await node.stopTurn(me, id, turn.id);
  await run.aborted;
});

it("a claim takes the questions that wait along, and their answers are the user's", async () => {
  const node = openNode();
  const [user, session] = [newUser(), newSession()];
  const { id, run } = await answering(node, session);
  const { turn } = await node.startTurn(session, id, QUEUED);
  await node.claimSession(user, session);
  await expect(node.listQueuedQuestions(session, id)).rejects.toMatchObject({ code: "forbidden" });
  expect(await node.listQueuedQuestions(user, id)).toMatchObject([{ id: "q2" }]);
  run.finish();
  const reading = readerOf(node.followTurn(user, id, turn.id)).rest();
  const next = await script.started(id);
  await next.emit("2");
  next.finish();
  expect(textOf(await reading)).toBe("2");
  expect((await node.listMessages(user, id)).messages.at(-1)).toMatchObject({
    content: "2",
    userId: user.id,
  });
});

it("the files of a question that waits are kept as long as it does", async () => {
  const node = openNode();
  const { me, id, turn } = await answering(node);
  const file = await node.putFile(me, { mediaType: "text/plain" }, Buffer.from("Hello"));
  await node.startTurn(me, id, {
    ...QUEUED,
    parts: [
      { type: "text", text: "?" },
      { type: "file", file: file.id, url: "", mime: "text/plain" },
    ],
    content: undefined,
  });
  await node.stopTurn(me, id, turn.id);
  const age = async (): Promise<void> => {
    const values = [ownerId(me)];
    await pool.query({
      text: "update chatkeep.file_uses set used_at = now() - interval '2 days' where owner_id = $1",
      values,
    });
    await pool.query({
      text: "update chatkeep.files set unused_since = now() - interval '2 days' where owner_id = $1",
      values,
    });
    await node.purge();
  };
  await age();
  expect(await node.getFile(me, file.id)).toMatchObject({ id: file.id });
  await node.deleteQueuedQuestion(me, id, "q2");
  await age();
  await expect(node.getFile(me, file.id)).rejects.toMatchObject({ code: "file_not_found" });
});
