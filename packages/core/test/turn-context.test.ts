import { type ConnectionPool, createHistory, ownerId } from "@chatkeep/core";
import { UNHURRIED, createScriptedResponder, fileDatabase } from "@chatkeep/testing";
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
    const history = createHistory({ ...UNHURRIED.history, pool: database.pool, responder: script.responder });
    const { conversation } = await history.createConversation(me);
    const { turn } = await history.startTurn(me, conversation.id, { content: "What is a sensor?" });
    await script.started(conversation.id);
    await history.close();
    await using other = createHistory({ ...UNHURRIED.history, pool: database.pool });
    expect(await other.getTurnContext(me, conversation.id, turn.id)).toMatchObject({ latest: [] });
  },
);

it("what a responder was given is kept with the end of its answer, without a statement of its own", async () => {
  const me = newSession();
  const sent: string[] = [];
  const watched: ConnectionPool = {
    query(config) {
      // What the node does by itself names no owner.
      if (config.values?.includes(ownerId(me))) sent.push(/\.(\w+)\(/.exec(config.text)?.[1] ?? config.text);
      return database.pool.query(config);
    },
    connect: () => database.pool.connect(),
    on: () => undefined,
  };
  await using history = createHistory({ ...UNHURRIED.history, pool: watched, responder: say });
  const { conversation } = await history.createConversation(me);
  const ask = async (): Promise<string> => {
    const { turn, events } = await history.startTurn(me, conversation.id, { content: "What is a sensor?" });
    await collect(events);
    return turn.id;
  };
  await ask();
  sent.length = 0;
  const id = await ask();
  expect(sent).toEqual(["begin_turn", "settle_turn"]);
  expect(await history.getTurnContext(me, conversation.id, id)).toMatchObject({ latest: [1, 2] });
});
