import { type TurnEvent, isChatkeepError, isNotice } from "@chatkeep/protocol";
import { holdTimers } from "@chatkeep/testing";
import { describe, expect, it } from "vitest";

import { newSession, newUser } from "./fixture.ts";
import { openOutage } from "./outage.ts";
import { readerOf, textOf } from "./reader.ts";

const { history, responder, database, serverUrl, asRestarted, stop, start, begin } = await openOutage();

describe("a database that is down (A17)", () => {
  it("refuses a user's question before the model is called, within 2 s, and takes it when it is back", async () => {
    const owner = newUser();
    const id = await begin(owner);
    await stop();

    {
      using _ = holdTimers(2000);
      const asked = history.startTurn(owner, id, { id: "q", content: "Are you there?" });
      await expect(asked).rejects.toMatchObject({ code: "unavailable", status: 503 });
      await expect(history.listMessages(owner, id)).rejects.toMatchObject({ code: "unavailable" });
    }
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

  describe.each([
    ["a user's", newUser],
    ["a session's", newSession],
  ])("in the middle of %s answer that began saved", (_whose, newOwner) => {
    it("tells readers within 2 s that words are waiting, shows none of them, and all of them when it is back", async () => {
      const owner = newOwner();
      const id = await begin(owner);
      await using other = await asRestarted();
      const { turn, events } = await history.startTurn(owner, id, { content: "Tell me." });
      const run = await responder.started(id);
      const [reader, elsewhere] = [readerOf(events), readerOf(other.followTurn(owner, id, turn.id))];
      await run.emit("Before. ");
      await Promise.all([reader.until("Before. "), elsewhere.until("Before. ")]);

      await stop();
      {
        using _ = holdTimers(2000);
        await run.emit("During. ");
        const told = (await reader.next())!;
        expect(told.chunk).toEqual({ type: "message-metadata", messageMetadata: { waiting: true } });
        // A notice has no number of its own.
        expect(told.seq).toBe(reader.seen.at(-2)!.seq);
        expect((await elsewhere.next())!.chunk).toEqual(told.chunk);
      }
      // Whoever comes now is told too: what is shown is stored.
      expect(textOf(reader.seen)).toBe("Before. ");

      await run.emit("Still. ");
      run.finish();
      await start();
      for (const one of [reader, elsewhere]) {
        await one.rest();
        expect(textOf(one.seen)).toBe("Before. During. Still. ");
        expect(one.seen.filter(({ chunk }) => isNotice(chunk)).map(waitingOf)).toEqual([true, false]);
        const numbers = one.seen.filter(({ chunk }) => !isNotice(chunk)).map(({ seq }) => seq);
        expect(numbers).toEqual(numbers.map((_, index) => index + 1));
        expect(one.seen.at(-1)!.chunk).toEqual({ type: "finish", messageMetadata: { status: "complete" } });
      }
      const { messages } = await history.listMessages(owner, id);
      expect(messages.at(-1)).toMatchObject({ status: "complete", content: "Before. During. Still. " });
    });
  });

  it("holds the model back when a megabyte waits, and lets it be stopped", async () => {
    const owner = newUser();
    const id = await begin(owner);
    let given = 0;
    const aborted = Promise.withResolvers<void>();
    const node = await asRestarted({
      async *responder({ signal }) {
        signal.addEventListener("abort", () => aborted.resolve());
        yield "Before. ";
        await stop();
        for (; given < 4000; given += 1) yield "x".repeat(1024);
      },
    });
    const { turn, events } = await node.startTurn(owner, id, { content: "Tell me." });
    const reader = readerOf(events);
    while (!isNotice((await reader.next())!.chunk));
    expect(given).toBeGreaterThan(900);
    expect(given).toBeLessThan(1100);
    // It ends when the database is back: until then nothing is settled.
    await expect(node.stopTurn(owner, id, turn.id)).rejects.toMatchObject({ code: "unavailable" });
    await aborted.promise;
    await start();
    await reader.rest();
    const { reply } = await history.getTurn(owner, id, turn.id);
    expect(reply?.status).toBe("stopped");
    expect(reply?.content).toBe(textOf(reader.seen));
    await node.close();
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
    const error = await history.startTurn(owner, id, { content: "?" }).catch((thrown: unknown) => thrown);
    expect(isChatkeepError(error, "unavailable") && error.retryAfter).toBeGreaterThan(0);
    expect((error as Error).message).toMatch(/again/);
  });
});

function waitingOf({ chunk }: TurnEvent): unknown {
  return chunk.type === "message-metadata" && chunk.messageMetadata["waiting"];
}
