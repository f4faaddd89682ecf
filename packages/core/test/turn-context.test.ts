import { createHistory } from "@chatkeep/core";
import { createScriptedResponder, fileDatabase } from "@chatkeep/testing";
import { expect, it } from "vitest";

import { newSession } from "./fixture.ts";

const database = await fileDatabase();

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
