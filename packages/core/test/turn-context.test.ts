import { createHistory } from "@chatkeep/core";
import { createScriptedResponder, fileDatabase } from "@chatkeep/testing";
import { collect } from "@chatkeep/testing/contract";
import { expect, it } from "vitest";

import { newSession } from "./fixture.ts";

const database = await fileDatabase();

async function* say(): AsyncGenerator<string> {
  yield "It feels.";
}

it.each(["throw", "ignore"] as const)(
  "what a responder was given is kept though the node goes down before it says anything (it would %s)",
  async (onAbort) => {
    const me = newSession();
    const script = createScriptedResponder({ onAbort });
    const history = createHistory({ pool: database.pool, responder: script.responder });
    const { conversation } = await history.createConversation(me);
    const { turn } = await history.startTurn(me, conversation.id, { content: "What is a sensor?" });
    await script.started(conversation.id);
    await history.close();
    await using other = createHistory({ pool: database.pool });
    expect(await other.getTurnContext(me, conversation.id, turn.id)).toMatchObject({ latest: [] });
  },
);

it("an answer is settled though what its responder was given cannot be written", async () => {
  const me = newSession();
  const history = createHistory({ pool: database.pool, responder: say });
  const { conversation } = await history.createConversation(me);
  const holder = await database.pool.connect();
  try {
    await holder.query("begin");
    await holder.query("lock table chatkeep.turn_contexts in access exclusive mode");
    const { turn, events } = await history.startTurn(me, conversation.id, { content: "What is a sensor?" });
    await collect(events);
    expect(await history.getTurn(me, conversation.id, turn.id)).toMatchObject({
      turn: { status: "complete" },
    });
    await holder.query("rollback");
    await history.close();
    await using other = createHistory({ pool: database.pool });
    expect(await other.getTurnContext(me, conversation.id, turn.id)).toMatchObject({ latest: [] });
  } finally {
    holder.release(true);
  }
});
