import { isChatkeepError, isSavedNotice } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { newSession, newUser } from "./fixture.ts";
import { openOutage } from "./outage.ts";
import { readerOf, textOf } from "./reader.ts";

const { history, responder, database, serverUrl, asRestarted, stop, start, begin } = await openOutage();

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
    const node = await asRestarted();
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
    const client = new admin.Client({ connectionString: serverUrl });
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
