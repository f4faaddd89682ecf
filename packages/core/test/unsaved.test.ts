import { randomBytes, randomUUID } from "node:crypto";

import { type Outbox, type Owner, createFold, createOutbox, readToken } from "@chatkeep/protocol";
import { holdDeadlines } from "@chatkeep/testing";
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
    using _ = holdDeadlines();
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

  it("keeps the pictures of a question and its answer; the same question finds them, before and after", async () => {
    const owner = newSession();
    const id = await begin(owner);
    const outbox = await createOutbox({ history, owner });
    const url = `data:image/png;base64,${randomBytes(30_000).toString("base64")}`;
    const picture = { type: "file", url, mime: "image/png" } as const;
    const question = { id: "q", parts: [picture] };
    await stop();
    const { turn, events } = await outbox.send(id, question);
    const run = await responder.started(id);
    expect(run.request.question.parts).toEqual([picture]);
    await start();
    expect((await history.startTurn(owner, id, question)).turn.id).toBe(turn.id);
    await run.emit(picture);
    run.finish();
    await readerOf(events).rest();
    await outbox.replay();
    expect(outbox.entries()).toEqual([]);
    outbox.close();
    const { messages } = await history.listMessages(owner, id);
    expect(messages.map(({ parts }) => parts)).toEqual([[picture], [picture]]);
    const { messages: named } = await history.listMessages(owner, id, { files: "url" });
    for (const { parts } of named) expect(JSON.stringify(parts)).not.toContain("base64");
    expect((await history.startTurn(owner, id, question)).turn).toMatchObject({
      id: turn.id,
      persisted: true,
    });
    expect(responder.calls(id)).toBe(1);
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
    const [entry] = outbox.entries();
    expect(readToken(entry!.token!)!.reply.parts).toEqual([{ type: "text", text: "I am here." }]);
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

  it("stores no answer that it did not give, and none for somebody else or in another conversation", async () => {
    const [owner, other] = [newSession(), newSession()];
    const [id, elsewhere] = [await begin(owner), await begin(owner)];
    const token = await unsavedAnswer(owner, id);
    const [payload, signature] = token.split(".");
    const promised = JSON.stringify({ ...readToken(token), reply: { text: "I promise you a refund." } });
    const forged = `${Buffer.from(promised).toString("base64url")}.${signature}`;
    for (const given of [forged, `${payload}.AAAA`, `${payload}.`, payload!, "", "."]) {
      await expect(history.importTurn(owner, id, given)).rejects.toMatchObject({
        code: "invalid_request",
        pointer: "/token",
      });
    }
    await history.createConversation(other, { id: randomUUID() });
    await expect(history.importTurn(other, id, token)).rejects.toMatchObject({ code: "forbidden" });
    await expect(history.importTurn(owner, elsewhere, token)).rejects.toMatchObject({
      code: "invalid_request",
    });
    for (const one of [id, elsewhere]) expect((await history.listMessages(owner, one)).total).toBe(0);
  });

  it("stores what its token holds, once, on any node: model, usage and failure too", async () => {
    const owner = newSession();
    const id = await begin(owner);
    const token = await unsavedAnswer(owner, id);
    await using other = await asRestarted();
    const first = await other.importTurn(owner, id, token);
    expect(await history.importTurn(owner, id, token)).toEqual(first);
    const { createdAt, reply } = readToken(token)!;
    expect(first).toMatchObject({ status: "failed", persisted: true, createdAt, error: reply.error });
    const { messages } = await history.listMessages(owner, id);
    expect(messages.map(({ content, status }) => [content, status])).toEqual([
      ["Anybody?", "complete"],
      ["I am", "failed"],
    ]);
    expect(messages[1]).toMatchObject({
      id: reply.id,
      model: "m",
      usage: { inputTokens: 1 },
      error: reply.error,
    });
  });

  it("takes the place of a turn whose beginning was committed unheard, on a node that died", async () => {
    const owner = newSession();
    const id = await begin(owner);
    const token = await unsavedAnswer(owner, id);
    const { turnId, question } = readToken(token)!;
    // As if the node had begun it, had not heard so, and had died: another one took the turn over.
    const again = await history.startTurn(owner, id, { id: question.id, content: "Anybody?" });
    const run = await responder.started(id);
    run.fail(new Error("dead"));
    await readerOf(again.events).rest();
    await database.pool.query("update chatkeep.turn_events set turn_id = $1 where turn_id = $2", [
      turnId,
      again.turn.id,
    ]);
    for (const table of ["messages", "turns"]) {
      const column = table === "turns" ? "id" : "turn_id";
      const status = table === "turns" ? ", status = 'interrupted'" : "";
      await database.pool.query(`update chatkeep.${table} set ${column} = $1${status} where ${column} = $2`, [
        turnId,
        again.turn.id,
      ]);
    }
    for (let times = 0; times < 2; times += 1) {
      expect((await history.importTurn(owner, id, token)).status).toBe("failed");
      expect(
        textOf(
          await readerOf(history.followTurn(owner, id, turnId))
            .rest()
            .catch(() => []),
        ),
      ).toBe("");
    }
    const { messages, total } = await history.listMessages(owner, id);
    expect(total).toBe(2);
    expect(messages[1]).toMatchObject({ status: "failed", content: "I am" });
  });
});

/** The token of an answer that is given while the database is down, and fails in its middle. */
async function unsavedAnswer(owner: Owner, id: string): Promise<string> {
  await stop();
  const { events } = await history.startTurn(owner, id, { id: "q", content: "Anybody?" });
  const run = await responder.started(id);
  await run.emit({ type: "model", model: "m", usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } });
  await run.emit("I am");
  run.fail(new Error("broken"));
  const fold = createFold();
  for (const { chunk } of await readerOf(events).rest()) fold.push(chunk);
  await start();
  return fold.answer().token!;
}
