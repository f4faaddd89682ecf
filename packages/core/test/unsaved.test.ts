import { type Outbox, type Owner, createFold, createOutbox } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { newSession } from "./fixture.ts";
import { openOutage } from "./outage.ts";
import { readerOf, textOf } from "./reader.ts";

const { history, responder, database, asRestarted, stop, start, begin } = await openOutage();

/** What the outbox keeps is taken, and stored as it was shown; the model was asked once. */
async function expectSaved(owner: Owner, id: string, outbox: Outbox): Promise<void> {
  await outbox.replay();
  expect(outbox.entries()).toEqual([]);
  outbox.close();
  const { messages } = await history.listMessages(owner, id);
  expect(messages.map(({ content }) => content)).toEqual(["Anybody?", "I am here."]);
  expect(responder.calls(id)).toBe(1);
}

describe("an answer that an outage keeps from being saved (A17)", () => {
  it("stops an answer that is not saved, and says so", async () => {
    const owner = newSession();
    const id = await begin(owner);
    await stop();
    const { turn, events } = await history.startTurn(owner, id, { id: "q", content: "Anybody?" });
    const run = await responder.started(id);
    await run.emit("I am ");
    expect(await history.stopTurn(owner, id, turn.id)).toMatchObject({
      ...turn,
      status: "stopped",
      persisted: false,
      settledAt: expect.any(String),
    });
    expect(textOf(await readerOf(events).rest())).toBe("I am ");
  });

  it("answers a session, says that it is not saved, keeps the exchange and stores it once as it was shown", async () => {
    const owner = newSession();
    const id = await begin(owner);
    const outbox = await createOutbox({ history, owner });
    await stop();

    const { turn, events } = await outbox.send(id, { id: "q", content: "Anybody?", contextText: "selected" });
    expect(turn.persisted).toBe(false);
    const run = await responder.started(id);
    await run.emit("I am ");
    await run.emit("here.");
    run.finish();
    const seen = await readerOf(events).rest();
    expect(textOf(seen)).toBe("I am here.");
    expect(seen[0]!.chunk).toMatchObject({ type: "start", messageMetadata: { persisted: false } });
    expect(seen.at(-1)!.chunk).toMatchObject({ type: "finish", messageMetadata: { persisted: false } });
    expect(outbox.entries()).toHaveLength(1);

    await start();
    await outbox.replay();
    await outbox.replay();
    expect(outbox.entries()).toHaveLength(0);
    outbox.close();
    const { messages, total } = await history.listMessages(owner, id);
    expect(total).toBe(2);
    expect(messages.map(({ role, content, contextText }) => [role, content, contextText])).toEqual([
      ["user", "Anybody?", "selected"],
      ["assistant", "I am here.", null],
    ]);
    expect(messages[1]!.id).toBe(turn.replyId);
    expect(responder.calls(id)).toBe(1);
    // And as a turn like any other.
    expect((await history.getTurn(owner, id, turn.id)).turn).toMatchObject({
      status: "complete",
      persisted: true,
    });
    const again = await history.startTurn(owner, id, {
      id: "q",
      content: "Anybody?",
      contextText: "selected",
    });
    expect(textOf(await readerOf(again.events).rest())).toBe("I am here.");
  });

  it("takes the same question again for the turn that it answers unsaved", async () => {
    const owner = newSession();
    const id = await begin(owner);
    await stop();
    const first = await history.startTurn(owner, id, { id: "q", content: "Anybody?" });
    const second = await history.startTurn(owner, id, { id: "q", content: "Anybody?" });
    expect([second.turn.id, second.turn.replyId]).toEqual([first.turn.id, first.turn.replyId]);
    const run = await responder.started(id);
    await run.emit("I am here.");
    run.finish();
    for (const { events } of [first, second])
      expect(textOf(await readerOf(events).rest())).toBe("I am here.");
    expect(responder.calls(id)).toBe(1);
    await start();
  });

  it("takes it for that turn also when the database is back in the middle of it, and stores what was shown", async () => {
    const owner = newSession();
    const id = await begin(owner);
    const outbox = await createOutbox({ history, owner });
    await stop();
    const first = await outbox.send(id, { id: "q", content: "Anybody?" });
    const run = await responder.started(id);
    await run.emit("I am ");
    await start();
    const second = await history.startTurn(owner, id, { id: "q", content: "Anybody?" });
    expect(second.turn).toEqual(first.turn);
    await run.emit("here.");
    run.finish();
    for (const { events } of [first, second])
      expect(textOf(await readerOf(events).rest())).toBe("I am here.");
    await expectSaved(owner, id, outbox);
  });

  it("stores what it answered to a page that was loaded again meanwhile, and asks nobody twice", async () => {
    const owner = newSession();
    const id = await begin(owner);
    await stop();
    const before = await createOutbox({ history, owner });
    await before.send(id, { id: "q", content: "Anybody?" });
    const kept = before.entries();
    before.close();
    const run = await responder.started(id);
    await run.emit("I am ");

    const attached = Promise.withResolvers<void>();
    const startTurn: typeof history.startTurn = async (...call) => {
      const started = await history.startTurn(...call);
      attached.resolve();
      return started;
    };
    const storage = { load: () => kept, put: () => undefined, remove: () => undefined };
    const outbox = await createOutbox({ history: { ...history, startTurn }, owner, storage });
    const replayed = outbox.replay();
    await attached.promise;
    await run.emit("here.");
    run.finish();
    await replayed;
    expect(outbox.entries()).toMatchObject([
      { question: { shown: { parts: [{ type: "text", text: "I am here." }] } } },
    ]);
    await start();
    await expectSaved(owner, id, outbox);
  });

  it("refuses another question under the id of one that it answers unsaved", async () => {
    const owner = newSession();
    const id = await begin(owner);
    await stop();
    const { turn, events } = await history.startTurn(owner, id, { id: "q", content: "Anybody?" });
    const others = [{ content: "Somebody?" }, { content: "Anybody?", contextText: "selected" }];
    const refused = { code: "idempotency_mismatch", status: 409 };
    for (const other of others)
      await expect(history.startTurn(owner, id, { id: "q", ...other })).rejects.toMatchObject(refused);
    await start();
    for (const other of others)
      await expect(history.startTurn(owner, id, { id: "q", ...other })).rejects.toMatchObject(refused);
    (await responder.started(id)).finish();
    await readerOf(events).rest();
    expect(turn.persisted).toBe(false);
  });

  it("stores no answer that it did not give", async () => {
    const owner = newSession();
    const id = await begin(owner);
    const shown = {
      turnId: crypto.randomUUID(),
      replyId: "r",
      status: "complete",
      parts: [{ type: "text", text: "I promise you a refund." }],
      receipt: "AAAA",
    } as const;
    await expect(history.startTurn(owner, id, { content: "Refund?", shown })).rejects.toMatchObject({
      code: "invalid_request",
      pointer: "/shown/receipt",
    });
    expect((await history.listMessages(owner, id)).total).toBe(0);
  });

  it("takes back what was shown of a turn whose node died with the outage, whole and once", async () => {
    const owner = newSession();
    const id = await begin(owner);
    const node = await asRestarted();
    const outbox = await createOutbox({ history: node, owner });
    const { turn, events } = await outbox.send(id, { id: "q", content: "Tell me." });
    const run = await responder.started(id);
    const reader = readerOf(events);
    await run.emit("Before. ");
    await reader.until("Before. ");
    await stop();
    await run.emit("During.");
    run.finish();
    const seen = await reader.rest();
    const fold = createFold();
    for (const { chunk } of seen) fold.push(chunk);
    const { parts, receipt, status } = fold.answer();
    expect(status).toBe("complete");

    await start();
    // As if the node had died before its answer was settled: another one took the turn over.
    await database.pool.query(
      `update chatkeep.turns set status = 'interrupted', settled_at = now() where id = $1 and status = 'running'`,
      [turn.id],
    );
    const shown = {
      turnId: turn.id,
      replyId: turn.replyId!,
      status: "complete",
      parts,
      receipt: receipt!,
    } as const;
    for (let times = 0; times < 2; times += 1) {
      const again = await history.startTurn(owner, id, { id: "q", content: "Tell me.", shown });
      expect(textOf(await readerOf(again.events).rest())).toBe("Before. During.");
    }
    const { messages, total } = await history.listMessages(owner, id);
    expect(total).toBe(2);
    expect(messages[1]).toMatchObject({ status: "complete", content: "Before. During." });
    outbox.close();
    await node.close();
  });
});
