import { createHistory, createPool } from "@chatkeep/core";
import { UNHURRIED, createScriptedResponder, fileDatabase } from "@chatkeep/testing";
import { ask } from "@chatkeep/testing/contract";
import { afterAll, expect, it } from "vitest";

import { newSession, newUser } from "./fixture.ts";

const database = await fileDatabase();
const pool = createPool(database.url, UNHURRIED.pool);
const responder = createScriptedResponder();
const history = createHistory({ ...UNHURRIED.history, pool, responder: responder.responder });
afterAll(async () => {
  await history.close();
  await pool.end();
});

/** A conversation whose last answer waits for a client's tool. */
async function newWaiting(me = newUser()) {
  const { id } = (await history.createConversation(me)).conversation;
  const call = { type: "tool-call", id: "k1", name: "pay", arguments: "{}" } as const;
  const { turn } = await ask({ history, responder } as never, me, id, { content: "Pay." }, [call]);
  return { me, id, turn };
}

it("a turn that waits for longer than it may is interrupted, with a reason that a late answer is told", async () => {
  const { me, id, turn } = await newWaiting();
  await history.purge();
  expect((await history.getTurn(me, id, turn.id)).turn.status).toBe("waiting");
  const before = (await history.listMessages(me, id)).messages;
  await history.purge({ waiting: 0 });
  const detail = expect.stringContaining("none came within a day. Ask again.") as string;
  expect((await history.getTurn(me, id, turn.id)).turn).toMatchObject({
    status: "interrupted",
    error: { code: "expired", detail },
  });
  expect((await history.listConversations(me, { waiting: true })).conversations).toEqual([]);
  // What was shown stays as it was shown.
  expect((await history.listMessages(me, id)).messages).toEqual(before);
  const late = history.startTurn(me, id, {
    role: "tool",
    parts: [{ type: "tool-result", id: "k1", result: 3 }],
  });
  await expect(late).rejects.toMatchObject({ code: "conflict", message: detail });
  expect(responder.calls(id)).toBe(1);
});

it("a turn that waits belongs to the user who claims it", async () => {
  const [session, user] = [newSession(), newUser()];
  const { id, turn } = await newWaiting(session);
  await history.claimSession(user, session);
  expect((await history.listConversations(session, { waiting: true })).conversations).toEqual([]);
  expect((await history.listConversations(user, { waiting: true })).conversations).toMatchObject([
    { id, waitingTurn: turn.id },
  ]);
  const parts = [{ type: "tool-result", id: "k1", result: 3 }] as const;
  await ask({ history, responder } as never, user, id, { role: "tool", parts }, ["Paid."]);
  expect((await history.getTurn(user, id, turn.id)).turn.status).toBe("complete");
});
