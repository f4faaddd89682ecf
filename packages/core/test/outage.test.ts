import {
  createFold,
  createOutbox,
  isChatkeepError,
  isSavedNotice,
  type Owner,
  type TurnEvent,
} from "@chatkeep/protocol";
import { type Postgres, createDatabase, startPostgres } from "@chatkeep/testing";
import { afterAll, beforeEach, describe, expect, it } from "vitest";

import { type CoreFixture, newSession, newUser, openFixture } from "./fixture.ts";

/** A server of this file's own, which it stops and starts. */
const server: Postgres = await startPostgres();
const database = await createDatabase({ server: server.url("postgres") });
const fixture: CoreFixture = openFixture(database.url, newUser);
const { history, responder } = fixture;
let down = false;

const stop = async (): Promise<void> => {
  await server.stop("immediate");
  down = true;
};
const start = async (): Promise<void> => {
  await server.start();
  down = false;
  // A live probe: it finds the database back, and so does every call from then on.
  expect((await history.health()).status).toBe("ok");
};

beforeEach(async () => {
  if (down) await start();
});

afterAll(async () => {
  await fixture.close();
  await server.remove();
});

async function begin(owner: Owner): Promise<string> {
  return (await history.createConversation(owner)).conversation.id;
}

/** Reads events one by one; `rest` reads to the end. */
function readerOf(events: AsyncIterable<TurnEvent>) {
  const iterator = events[Symbol.asyncIterator]();
  const seen: TurnEvent[] = [];
  const next = async (): Promise<TurnEvent | undefined> => {
    const { done, value } = await iterator.next();
    if (done === true) return undefined;
    seen.push(value);
    return value;
  };
  const until = async (text: string): Promise<void> => {
    while (!textOf(seen).includes(text)) if ((await next()) === undefined) throw new Error(`no ${text}`);
  };
  const rest = async (): Promise<TurnEvent[]> => {
    while ((await next()) !== undefined);
    return seen;
  };
  return { seen, until, rest };
}

function textOf(events: readonly TurnEvent[]): string {
  return events.map(({ chunk }) => (chunk.type === "text-delta" ? chunk.delta : "")).join("");
}

async function timed<T>(work: Promise<T>): Promise<{ result: T | undefined; error: unknown; ms: number }> {
  const from = performance.now();
  try {
    return { result: await work, error: undefined, ms: performance.now() - from };
  } catch (error) {
    return { result: undefined, error, ms: performance.now() - from };
  }
}

describe("a database that is down (A17)", () => {
  it("refuses a user's question before the model is called, within 2 s, and takes it when it is back", async () => {
    const owner = newUser();
    const id = await begin(owner);
    await stop();

    const asked = await timed(history.startTurn(owner, id, { id: "q", content: "Are you there?" }));
    expect(asked.error).toMatchObject({ code: "unavailable", status: 503 });
    expect(asked.ms).toBeLessThan(2000);
    const read = await timed(history.listMessages(owner, id));
    expect(read.error).toMatchObject({ code: "unavailable" });
    expect(read.ms).toBeLessThan(2000);
    expect(responder.calls(id)).toBe(0);
    expect(await history.health()).toMatchObject({ status: "degraded", database: { status: "down" } });

    await start();
    expect(await history.health()).toMatchObject({ status: "ok", database: { status: "ok" } });
    const { events } = await history.startTurn(owner, id, { id: "q", content: "Are you there?" });
    const run = await responder.started(id);
    await run.emit("Yes.");
    run.finish();
    expect(textOf(await readerOf(events).rest())).toBe("Yes.");
    expect((await history.listMessages(owner, id)).total).toBe(2);
  });

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
    await outbox.replay();
    expect(outbox.entries()).toEqual([]);
    outbox.close();
    const { messages } = await history.listMessages(owner, id);
    expect(messages.map(({ content }) => content)).toEqual(["Anybody?", "I am here."]);
    expect(responder.calls(id)).toBe(1);
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
    await outbox.replay();
    expect(outbox.entries()).toEqual([]);
    outbox.close();
    const { messages } = await history.listMessages(owner, id);
    expect(messages.map(({ content }) => content)).toEqual(["Anybody?", "I am here."]);
    expect(responder.calls(id)).toBe(1);
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

  it("holds back what a user's turn says meanwhile, lets readers go, and shows the whole when it is back", async () => {
    const owner = newUser();
    const id = await begin(owner);
    const { turn, events } = await history.startTurn(owner, id, { content: "Tell me." });
    const run = await responder.started(id);
    const reader = readerOf(events);
    await run.emit("Before. ");
    await reader.until("Before. ");

    await stop();
    await run.emit("During. ");
    const cut = await timed(reader.rest());
    expect(cut.error).toMatchObject({ code: "unavailable" });
    expect(cut.ms).toBeLessThan(4500);
    expect(textOf(reader.seen)).toBe("Before. ");

    await start();
    await run.emit("After.");
    run.finish();
    const rest = await readerOf(
      history.followTurn(owner, id, turn.id, { after: reader.seen.at(-1)!.seq }),
    ).rest();
    expect(textOf(reader.seen) + textOf(rest)).toBe("Before. During. After.");
    const { messages } = await history.listMessages(owner, id);
    expect(messages.at(-1)).toMatchObject({ status: "complete", content: "Before. During. After." });
  });

  it("goes on showing a session's turn, marked as not saved, and saves it when it is back", async () => {
    const owner = newSession();
    const id = await begin(owner);
    const node = await fixture.asRestarted();
    const { events } = await node.startTurn(owner, id, { content: "Tell me." });
    const run = await responder.started(id);
    const reader = readerOf(events);
    await run.emit("Before. ");
    await reader.until("Before. ");

    await stop();
    await run.emit("During. ");
    await reader.until("During. ");
    await run.emit("Still. ");
    await reader.until("Still. ");
    // Before the first unsaved word, a notice that has no number of its own.
    const notice = reader.seen.findIndex(({ chunk }) => isSavedNotice(chunk));
    expect(reader.seen[notice]!.seq).toBe(reader.seen[notice - 1]!.seq);
    expect(textOf(reader.seen.slice(0, notice))).toBe("Before. ");
    expect(reader.seen[notice]!.chunk).toMatchObject({ messageMetadata: { persisted: false } });
    const numbers = reader.seen.filter(({ chunk }) => !isSavedNotice(chunk)).map(({ seq }) => seq);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    run.finish();
    await reader.rest();
    expect(reader.seen.at(-1)!.chunk).toMatchObject({ type: "finish" });

    await start();
    expect((await node.health()).status).toBe("ok");
    // Closing waits until its turns are settled.
    await node.close({ grace: 5000 });
    const { messages } = await history.listMessages(owner, id);
    expect(messages.at(-1)).toMatchObject({ status: "complete", content: "Before. During. Still. " });
    // What is stored does not say that it is not: a reader who comes back is told the truth of now.
    const told = await readerOf(history.followTurn(owner, id, messages.at(-1)!.turnId!)).rest();
    expect(told.at(-1)!.chunk).toEqual({ type: "finish", messageMetadata: { status: "complete" } });
  });

  it("takes back what was shown of a turn whose node died with the outage, whole and once", async () => {
    const owner = newSession();
    const id = await begin(owner);
    const node = await fixture.asRestarted();
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

  it("tells a session's reader when what is said is saved again", async () => {
    const owner = newSession();
    const id = await begin(owner);
    const { events } = await history.startTurn(owner, id, { content: "Tell me." });
    const run = await responder.started(id);
    const reader = readerOf(events);
    await stop();
    await run.emit("During. ");
    await reader.until("During. ");

    await start();
    let said = "During. ";
    const isTold = (): boolean => reader.seen.filter(({ chunk }) => isSavedNotice(chunk)).length === 2;
    // Once a commit has caught up, what is said is committed first again.
    while (!isTold()) {
      await run.emit("More. ");
      said += "More. ";
      await reader.until(said);
    }
    run.finish();
    await reader.rest();
    const notices = reader.seen.filter(({ chunk }) => isSavedNotice(chunk));
    expect(
      notices.map(({ chunk }) => "messageMetadata" in chunk && chunk.messageMetadata?.["persisted"]),
    ).toEqual([false, true]);
    expect(reader.seen.at(-1)!.chunk).toEqual({ type: "finish", messageMetadata: { status: "complete" } });
    expect((await history.listMessages(owner, id)).messages.at(-1)).toMatchObject({
      status: "complete",
      content: said,
    });
  });

  it("survives that every connection is killed, without an error for anybody", async () => {
    const owner = newUser();
    const id = await begin(owner);
    const { events } = await history.startTurn(owner, id, { content: "Tell me." });
    const run = await responder.started(id);
    const reader = readerOf(events);
    await run.emit("One. ");
    await reader.until("One. ");

    const admin = (await import("pg")).default;
    const client = new admin.Client({ connectionString: server.url("postgres") });
    await client.connect();
    const killAll = () =>
      client.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()",
        [database.name],
      );
    await killAll();
    expect((await history.listMessages(owner, id)).total).toBe(2);
    await killAll();
    await run.emit("Two.");
    run.finish();
    expect(textOf(await reader.rest())).toBe("One. Two.");
    await client.end();
  });

  it("is no reason to be silent about a turn that cannot begin: its error says what to do", async () => {
    const owner = newUser();
    const id = await begin(owner);
    await stop();
    const { error } = await timed(history.startTurn(owner, id, { content: "?" }));
    expect(isChatkeepError(error, "unavailable") && error.retryAfter).toBeGreaterThan(0);
    expect((error as Error).message).toMatch(/again/);
  });
});
