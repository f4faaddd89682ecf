import { fileDatabase } from "@chatkeep/testing";
import { afterAll, describe, expect, it } from "vitest";

import { newUser, openFixture } from "./fixture.ts";

const database = await fileDatabase();
const fixture = openFixture(database.url, newUser);
const { history, responder } = fixture;
afterAll(() => fixture.close());

describe("a reader on another node", () => {
  it("is woken by each flush, though its node never ran a turn: it does not wait for the next look", async () => {
    const me = newUser();
    const { conversation } = await history.createConversation(me);
    const { id } = conversation;
    await using other = await fixture.asRestarted();
    const { turn } = await history.startTurn(me, id, { content: "Hello" });
    const run = await responder.started(id);
    const reader = other.followTurn(me, id, turn.id)[Symbol.asyncIterator]();
    const readUntil = async (text: string): Promise<void> => {
      for (;;) {
        const next = await reader.next();
        if (next.done === true) throw new Error(`The turn ended before "${text}".`);
        const { chunk } = next.value;
        if (chunk.type === "text-delta" && chunk.delta === text) return;
      }
    };
    // The first pieces pass while the listener proves itself.
    for (const piece of ["1", "2", "3"]) {
      await run.emit(piece);
      await readUntil(piece);
    }
    const delays: number[] = [];
    for (const piece of ["4", "5", "6", "7", "8"]) {
      const said = performance.now();
      await run.emit(piece);
      await readUntil(piece);
      delays.push(performance.now() - said);
    }
    run.finish();
    await reader.return?.();
    // A wake-up takes some milliseconds; the look that stands in for a lost one comes after a second.
    const median = delays.toSorted((a, b) => a - b)[2];
    expect(median).toBeLessThan(250);
  });
});
