import { type ConnectionPool, createHistory, createPool, migrate, requireIsolation } from "@chatkeep/core";
import type { TurnEvent } from "@chatkeep/protocol";
import { UNHURRIED, createDatabase, fileDatabase } from "@chatkeep/testing";
import { describe, expect, it, onTestFinished } from "vitest";

import { newUser, openFixture } from "./fixture.ts";

const database = await fileDatabase();

function ofOne(url: string): string {
  return `${url}?connection_limit=1`;
}

async function nextText(reader: AsyncIterator<TurnEvent>): Promise<string> {
  for (;;) {
    const { value, done } = await reader.next();
    if (done === true) throw new Error("The turn ended.");
    if (value.chunk.type === "text-delta") return value.chunk.delta;
  }
}

// An operation that needed a second connection would wait for the first one, for ever. The contract runs on a pool of one
// in pgbouncer.test.ts.
describe("with a pool of one connection", () => {
  it("an empty database is migrated, checked, used and maintained", async () => {
    await using empty = await createDatabase({ contents: "empty" });
    const pool = createPool(ofOne(empty.url), UNHURRIED.pool);
    onTestFinished(() => pool.end());
    const histories = [1, 2].map(() => createHistory({ pool, ...UNHURRIED.history }));
    await Promise.all([migrate(pool), migrate(pool), migrate(pool, { vectors: true })]);
    expect(await requireIsolation(pool)).toEqual([]);
    await Promise.all(
      histories.flatMap((history) => [
        history.createConversation(newUser()),
        history.maintain(),
        history.overview(),
        history.health(),
      ]),
    );
    for (const history of histories) await history.close();
    expect(pool.totalCount).toBe(1);
  });

  it("a turn of another node is read live, and the one connection is not kept for listening", async () => {
    const owner = newUser();
    const here = openFixture(database.url, () => owner);
    const pool = createPool(ofOne(database.url), UNHURRIED.pool);
    let taken = 0;
    const counted: ConnectionPool = {
      query: (config) => pool.query(config),
      on: (event, listener) => pool.on(event, listener),
      connect: () => {
        taken += 1;
        return pool.connect();
      },
      options: pool.options,
    };
    const there = createHistory({ pool: counted, ...UNHURRIED.history });
    onTestFinished(async () => {
      await there.close();
      await pool.end();
      await here.close();
    });
    const { conversation } = await here.history.createConversation(owner);
    const { turn } = await here.history.startTurn(owner, conversation.id, { content: "Count." });
    const run = await here.responder.started(conversation.id);
    const readers = [1, 2].map(() =>
      there.followTurn(owner, conversation.id, turn.id)[Symbol.asyncIterator](),
    );
    for (const word of ["one ", "two ", "three"]) {
      await run.emit(word);
      for (const reader of readers) expect(await nextText(reader)).toBe(word);
      expect((await there.listMessages(owner, conversation.id)).total).toBe(2);
    }
    run.finish();
    for (const reader of readers) while ((await reader.next()).done !== true);
    expect(taken).toBe(0);
  });
});
