import { ownerId, releaseSchema } from "@chatkeep/core";
import { fileDatabase } from "@chatkeep/testing";
import { afterAll, describe, expect, it } from "vitest";

import { newSession, newUser, openFixture } from "./fixture.ts";
import { readerOf, textOf } from "./reader.ts";

const database = await fileDatabase();
const fixture = openFixture(database.url, newSession);
const { history, responder } = fixture;
const functions = releaseSchema("chatkeep");
afterAll(() => fixture.close());

/** Waits until a statement with this text waits for a lock. */
async function blocked(text: string): Promise<void> {
  const waiting = async (): Promise<number | null> => {
    const { rowCount } = await database.pool.query(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like $1",
      [`%${text}%`],
    );
    return rowCount;
  };
  await expect.poll(waiting).toBe(1);
}

describe("a claim while a turn runs", () => {
  it("waits for a flush under way, so that its events go along", async () => {
    const [me, session] = [newUser(), newSession()];
    const { conversation } = await history.createConversation(session);
    const { turn } = await history.startTurn(session, conversation.id, { content: "Hello" });
    const run = await responder.started(conversation.id);
    const { rows } = await database.pool.query<{ node_id: string }>(
      "select node_id from chatkeep.running_turns where id = $1",
      [turn.id],
    );
    const flush = await database.pool.connect();
    await flush.query("begin");
    await flush.query(`select * from ${functions}.write_events($1, '1 hour', $2, $3, $4, $5)`, [
      rows[0]!.node_id,
      [turn.id],
      [ownerId(session)],
      [1_000_000],
      ['{"type":"text-delta","id":"1","delta":"x"}'],
    ]);
    const claim = history.claimSession(me, session);
    await blocked("claim_session");
    await flush.query("commit");
    flush.release();
    expect(await claim).toEqual({ claimed: 1 });
    const { rows: kept } = await database.pool.query<{ owner_id: string }>(
      "select distinct owner_id from chatkeep.turn_events where turn_id = $1",
      [turn.id],
    );
    expect(kept).toEqual([{ owner_id: ownerId(me) }]);
    // A reader refuses a log with a hole.
    await database.pool.query("delete from chatkeep.turn_events where turn_id = $1 and seq = 1000000", [
      turn.id,
    ]);
    await run.emit("Hi.");
    run.finish();
    await readerOf(history.followTurn(me, conversation.id, turn.id)).rest();
    expect((await history.getTurn(me, conversation.id, turn.id)).turn.status).toBe("complete");
  });

  it.each(["here", "on another node"])("ends what the session reads of it: claimed %s", async (where) => {
    const [me, session] = [newUser(), newSession()];
    await using other = await fixture.asRestarted();
    const claiming = where === "here" ? history : other;
    const { id } = (await history.createConversation(session)).conversation;
    const { turn, events } = await history.startTurn(session, id, { content: "Hello" });
    const run = await responder.started(id);
    const reader = readerOf(events);
    await run.emit("Ours. ");
    await reader.until("Ours. ");
    await claiming.claimSession(me, session);
    await run.emit("Mine.");
    await expect(reader.rest()).rejects.toMatchObject({ code: "forbidden" });
    expect(textOf(reader.seen)).toBe("Ours. ");
    await expect(readerOf(history.followTurn(session, id, turn.id)).rest()).rejects.toMatchObject({
      code: "forbidden",
    });
    const mine = readerOf(history.followTurn(me, id, turn.id));
    run.finish();
    expect(textOf(await mine.rest())).toBe("Ours. Mine.");
  });

  it.each(["is said", "comes but the end"])(
    "on another node ends what the session reads of it, though nothing more %s",
    async (what) => {
      const [me, session] = [newUser(), newSession()];
      await using other = await fixture.asRestarted();
      const { id } = (await history.createConversation(session)).conversation;
      const { turn, events } = await history.startTurn(session, id, { content: "Hello" });
      const run = await responder.started(id);
      const reader = readerOf(events);
      await run.emit("Ours.");
      await reader.until("Ours.");
      await other.claimSession(me, session);
      if (what === "comes but the end") run.finish();
      await expect(reader.rest()).rejects.toMatchObject({ code: "forbidden" });
      expect(reader.seen.map(({ chunk }) => chunk.type)).not.toContain("finish");
      run.finish();
      await readerOf(history.followTurn(me, id, turn.id)).rest();
      expect((await other.getTurn(me, id, turn.id)).reply).toMatchObject({
        status: "complete",
        content: "Ours.",
      });
    },
  );
});

it("takes links along: they show the conversation as before, and the user deletes them", async () => {
  const [me, session] = [newUser(), newSession()];
  const { conversation } = await history.createConversation(session);
  await history.appendMessages(session, conversation.id, [
    { role: "user", content: "Hi" },
    { id: "answer", role: "assistant", content: "Hello" },
  ]);
  await history.setFeedback(session, conversation.id, "answer", { rating: "up", comment: null });
  const { share, token } = await history.createShare(session, conversation.id);
  await history.claimSession(me, session);
  expect((await history.listShared(token)).total).toBe(2);
  expect((await history.getMessage(me, conversation.id, "answer")).feedback).toEqual({
    rating: "up",
    comment: null,
  });
  expect(await history.listShares(session)).toEqual([]);
  expect(await history.listShares(me)).toEqual([share]);
  await history.deleteShare(me, share.id);
  await expect(history.getShared(token)).rejects.toMatchObject({ code: "share_not_found" });
});
