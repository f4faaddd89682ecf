import { releaseSchema } from "@chatkeep/core";
import type { TurnEvent } from "@chatkeep/protocol";
import { createDatabase } from "@chatkeep/testing";
import { collect } from "@chatkeep/testing/contract";
import { describe, expect, it } from "vitest";

import { newSession, openFixture } from "./fixture.ts";
import { textOf } from "./reader.ts";

describe("the log of events", () => {
  it("drops events of settled turns by partition, and never those of a running one", async () => {
    // Of its own: the rotation is the whole database's.
    await using database = await createDatabase();
    const owner = newSession();
    const fixture = openFixture(database.url, () => owner);
    const { history, responder } = fixture;
    const rotate = async (): Promise<boolean> => {
      const { rows } = await database.pool.query<{ moved: boolean }>(
        `select ${releaseSchema("chatkeep")}.rotate_events('0 seconds') as moved`,
      );
      return rows[0]!.moved;
    };
    const ask = async (content: string) => {
      const { conversation } = await history.createConversation(owner);
      const { turn } = await history.startTurn(owner, conversation.id, { id: "q", content });
      return { id: conversation.id, turn, run: await responder.started(conversation.id) };
    };

    const short = await ask("short");
    await short.run.emit("kept");
    short.run.finish();
    expect(textOf(await collect(history.followTurn(owner, short.id, short.turn.id)))).toBe("kept");
    // The next partition is empty, and so is the one after it; the third is that of `short`.
    expect([await rotate(), await rotate()]).toEqual([true, true]);
    const long = await ask("long");
    await long.run.emit("begun");
    expect(textOf(await collect(history.followTurn(owner, short.id, short.turn.id)))).toBe("kept");
    expect(await rotate()).toBe(true);

    await expect(collect(history.followTurn(owner, short.id, short.turn.id))).rejects.toMatchObject({
      code: "events_expired",
      status: 410,
    });
    // The stored message tells all, to a retry as well.
    const retried = await history.startTurn(owner, short.id, { id: "q", content: "short" });
    expect(textOf(await collect(retried.events))).toBe("kept");
    expect((await history.listMessages(owner, short.id)).messages.at(-1)!.content).toBe("kept");

    // The partition of a running turn is not emptied, however often its time has come.
    expect([await rotate(), await rotate(), await rotate()]).toEqual([true, false, false]);
    await long.run.emit(" and ended");
    long.run.finish();
    expect(textOf(await collect(history.followTurn(owner, long.id, long.turn.id)))).toBe("begun and ended");
    await fixture.close();
  });

  it("serves a reader who is further behind than memory goes, each event once and in order", async () => {
    await using database = await createDatabase();
    const owner = newSession();
    const fixture = openFixture(database.url, () => owner);
    const { history, responder } = fixture;
    const { conversation } = await history.createConversation(owner);
    const { turn, events } = await history.startTurn(owner, conversation.id, { content: "Count." });
    const slow = events[Symbol.asyncIterator]();
    const seen: TurnEvent[] = [(await slow.next()).value as TurnEvent];

    const run = await responder.started(conversation.id);
    const quick = history.followTurn(owner, conversation.id, turn.id)[Symbol.asyncIterator]();
    const words = Array.from({ length: 2000 }, (_, index) => `${index} `);
    let read = "";
    for (const word of words) {
      await run.emit(word);
      // One event each: the next is said when this one is committed and shown.
      while (!read.endsWith(word)) {
        const { chunk } = (await quick.next()).value as TurnEvent;
        if (chunk.type === "text-delta") read += chunk.delta;
      }
    }
    run.finish();

    for (let next = await slow.next(); next.done !== true; next = await slow.next()) seen.push(next.value);
    expect(seen.map(({ seq }) => seq)).toEqual(seen.map((_, index) => index + 1));
    expect(seen.length).toBeGreaterThan(2000);
    expect(textOf(seen)).toBe(words.join(""));
    await fixture.close();
  });
});
