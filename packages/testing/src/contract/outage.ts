import { randomUUID } from "node:crypto";

import type { History, Owner } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { holdTimers } from "../timers.ts";
import { type OpenedFixture, collect, errorOf } from "./fixture.ts";

const CALLS: Readonly<Record<string, (history: History, owner: Owner) => Promise<unknown>>> = {
  createConversation: (history, owner) => history.createConversation(owner),
  getConversation: (history, owner) => history.getConversation(owner, randomUUID()),
  listConversations: (history, owner) => history.listConversations(owner),
  updateConversation: (history, owner) => history.updateConversation(owner, randomUUID(), { title: "x" }),
  deleteConversation: (history, owner) => history.deleteConversation(owner, randomUUID()),
  appendMessages: (history, owner) =>
    history.appendMessages(owner, randomUUID(), [{ role: "user", content: "Hello" }]),
  listMessages: (history, owner) => history.listMessages(owner, randomUUID()),
  getMessage: (history, owner) => history.getMessage(owner, randomUUID(), randomUUID()),
  deleteMessage: (history, owner) => history.deleteMessage(owner, randomUUID(), randomUUID()),
  clearMessages: (history, owner) => history.clearMessages(owner, randomUUID()),
  getTurn: (history, owner) => history.getTurn(owner, randomUUID(), randomUUID()),
  followTurn: (history, owner) => collect(history.followTurn(owner, randomUUID(), randomUUID())),
  stopTurn: (history, owner) => history.stopTurn(owner, randomUUID(), randomUUID()),
};

/** Every method while the database cannot be reached. (What startTurn does then is a policy of each implementation.) */
export function describeOutage(open: OpenedFixture): void {
  describe("without a database", () => {
    it.each(Object.keys(CALLS))(
      "%s says unavailable, within 2 s, and when to try again: never an empty result",
      async (name) => {
        const { owner, asUnreachable } = open();
        await using history = await asUnreachable();
        using _ = holdTimers(2000);
        const error = await errorOf(CALLS[name]!(history, owner()));
        expect(error).toMatchObject({ code: "unavailable", status: 503 });
        expect(error?.retryAfter).toBeGreaterThan(0);
      },
    );
  });
}
