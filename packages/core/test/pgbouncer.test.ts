import { migrate } from "@chatkeep/core";
import { createDatabase, hasPgBouncer, holdDeadlines, startPgBouncer } from "@chatkeep/testing";
import { type HistoryFixture, describeHistory } from "@chatkeep/testing/contract";
import { describe, expect, it } from "vitest";

import { newSession, openFixture } from "./fixture.ts";

/**
 * Debian's PgBouncer 1.18 in transaction mode keeps no prepared statements and delivers no notification:
 * the worst of the poolers. `.ci/run` installs it; where it is not, there is nothing to test against.
 */
describe.runIf(hasPgBouncer())("through PgBouncer in transaction mode", () => {
  const openThrough = async (): Promise<HistoryFixture> => {
    const database = await createDatabase();
    const bouncer = await startPgBouncer(database.url);
    // One connection: an operation that needed a second one would wait for the first one, for ever.
    const fixture = openFixture(`${bouncer.url}?connection_limit=1`, newSession);
    return {
      ...fixture,
      async close() {
        await fixture.close();
        await bouncer[Symbol.asyncDispose]();
        await database.close();
      },
    };
  };

  describeHistory("core", openThrough);

  it("migrates an empty database, twice", async () => {
    await using database = await createDatabase({ contents: "empty" });
    await using bouncer = await startPgBouncer(database.url);
    const { createPool } = await import("@chatkeep/core");
    const pool = createPool(bouncer.url);
    const first = await migrate(pool);
    expect(first.from).toBe(0);
    expect(await migrate(pool)).toEqual({ ...first, from: first.to });
    await pool.end();
  });

  it("shows another node's readers each event once and in order, and lets them stop the turn", async () => {
    await using database = await createDatabase();
    await using bouncer = await startPgBouncer(database.url);
    const owner = newSession();
    const here = openFixture(bouncer.url, () => owner);
    const there = await here.asRestarted();
    const { conversation } = await here.history.createConversation(owner);
    const { turn } = await here.history.startTurn(owner, conversation.id, { content: "Count." });
    const run = await here.responder.started(conversation.id);

    const reader = there.followTurn(owner, conversation.id, turn.id)[Symbol.asyncIterator]();
    const seqs: number[] = [];
    const read = async (): Promise<string> => {
      const next = await reader.next();
      if (next.done === true) return "end";
      seqs.push(next.value.seq);
      return next.value.chunk.type;
    };
    expect(await read()).toBe("start");
    await run.emit("one ");
    expect([await read(), await read()]).toEqual(["text-start", "text-delta"]);
    await run.emit("two");
    expect(await read()).toBe("text-delta");

    using _ = holdDeadlines();
    const stopped = there.stopTurn(owner, conversation.id, turn.id);
    await run.aborted;
    expect((await stopped).status).toBe("stopped");
    expect([await read(), await read(), await read(), await read()]).toEqual([
      "text-end",
      "message-metadata",
      "abort",
      "end",
    ]);
    expect(seqs).toEqual([1, 2, 3, 4, 5, 6, 7]);
    const { messages } = await there.listMessages(owner, conversation.id);
    expect(messages.at(-1)).toMatchObject({ status: "stopped", content: "one two" });
    await there.close();
    await here.close();
  });
});
