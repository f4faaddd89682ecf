import { randomUUID } from "node:crypto";

import type { History, Owner } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { type OpenedFixture, ask, collect, createReader, errorOf, newConversation } from "./fixture.ts";

/** Every method that names a conversation, by name. */
const CALLS: Readonly<
  Record<string, (history: History, owner: Owner, id: string, turn: string) => Promise<unknown>>
> = {
  getConversation: (history, owner, id) => history.getConversation(owner, id),
  updateConversation: (history, owner, id) => history.updateConversation(owner, id, { title: "Mine" }),
  deleteConversation: (history, owner, id) => history.deleteConversation(owner, id),
  appendMessages: (history, owner, id) =>
    history.appendMessages(owner, id, [{ role: "user", content: "Hello" }]),
  listMessages: (history, owner, id) => history.listMessages(owner, id),
  getMessage: (history, owner, id) => history.getMessage(owner, id, "m1"),
  setFeedback: (history, owner, id) => history.setFeedback(owner, id, "m1", { rating: "up", comment: null }),
  createShare: (history, owner, id) => history.createShare(owner, id),
  deleteMessage: (history, owner, id) => history.deleteMessage(owner, id, "m1"),
  clearMessages: (history, owner, id) => history.clearMessages(owner, id),
  searchMessages: (history, owner, id) => history.searchMessages(owner, { text: "it", conversationId: id }),
  getContext: (history, owner, id) => history.getContext(owner, id, { question: "What is it?" }),
  startTurn: (history, owner, id) => history.startTurn(owner, id, { content: "Hello" }),
  getTurn: (history, owner, id, turn) => history.getTurn(owner, id, turn),
  getTurnContext: (history, owner, id, turn) => history.getTurnContext(owner, id, turn),
  followTurn: (history, owner, id, turn) => collect(history.followTurn(owner, id, turn)),
  stopTurn: (history, owner, id, turn) => history.stopTurn(owner, id, turn),
};

/** Nobody else's: what one owner sees, changes and is told of another's. */
export function describeIsolation(open: OpenedFixture): void {
  describe("of another owner's", () => {
    it.each(Object.keys(CALLS))("%s is forbidden, and changes nothing", async (name) => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const { turn, events } = await fixture.history.startTurn(me, id, { content: "What is it?" });
      const reader = createReader(events);
      const run = await fixture.responder.started(id);
      await run.emit("It is");
      await reader.untilText("It is");
      const before = await everything(fixture.history, me, id);

      const stranger = fixture.owner();
      await fixture.history.createConversation(stranger);
      const error = await errorOf(CALLS[name]!(fixture.history, stranger, id, turn.id));
      expect(error).toMatchObject({ code: "forbidden", status: 403 });
      expect(error?.message).not.toContain("It is");

      expect(await everything(fixture.history, me, id)).toEqual(before);
      expect(run.request.signal.aborted).toBe(false);
      run.finish();
      await reader.rest();
      expect(reader.answer().status).toBe("complete");
      expect((await fixture.history.listConversations(stranger)).total).toBe(1);
    });

    it.each(Object.keys(CALLS))("%s of what does not exist is not found", async (name) => {
      const { history, owner } = open();
      const error = await errorOf(CALLS[name]!(history, owner(), randomUUID(), randomUUID()));
      expect(error).toMatchObject({ code: "conversation_not_found" });
    });

    it("createConversation by its id is forbidden, and makes nothing", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const before = await everything(fixture.history, me, id);
      const stranger = fixture.owner();
      const error = await errorOf(fixture.history.createConversation(stranger, { id, title: "Mine" }));
      expect(error).toMatchObject({ code: "forbidden" });
      expect((await fixture.history.listConversations(stranger)).total).toBe(0);
      expect(await everything(fixture.history, me, id)).toEqual(before);
    });

    it("a turn is not found in one's own conversation", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const { turn } = await ask(fixture, me, id, { content: "What is it?" });
      const mine = await newConversation(fixture);
      for (const name of ["getTurn", "followTurn", "stopTurn"]) {
        expect(await errorOf(CALLS[name]!(fixture.history, mine.me, mine.id, turn.id))).toMatchObject({
          code: "turn_not_found",
        });
      }
    });

    it("a deleted conversation is not found: nothing tells that it was there", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await fixture.history.deleteConversation(me, id);
      const error = await errorOf(fixture.history.getConversation(fixture.owner(), id));
      expect(error).toMatchObject({ code: "conversation_not_found" });
    });

    it("nothing is listed or counted", async () => {
      const { history, owner } = open();
      const [me, stranger] = [owner(), owner()];
      await history.createConversation(me, { scope: "intro" });
      await history.createConversation(me);
      const archived = await history.createConversation(me);
      await history.updateConversation(me, archived.conversation.id, { archived: true });
      const nothing = { conversations: [], total: 0, nextCursor: null };
      expect(await history.listConversations(stranger)).toEqual(nothing);
      expect(await history.listConversations(stranger, { archived: true })).toEqual(nothing);
      expect((await history.listConversations(stranger, { scope: "intro" })).conversations).toEqual([]);
    });

    it("no cursor leads into another's list", async () => {
      const { history, owner } = open();
      const [me, stranger] = [owner(), owner()];
      for (let count = 0; count < 3; count++) await history.createConversation(me);
      const { nextCursor } = await history.listConversations(me, { limit: 1 });
      const page = await history.listConversations(stranger, { cursor: nextCursor! });
      expect(page.conversations).toEqual([]);
    });

    it("the scope is free: each owner has a default of their own", async () => {
      const { history, owner } = open();
      const mine = await history.createConversation(owner(), { scope: "intro" });
      const theirs = await history.createConversation(owner(), { scope: "intro" });
      expect([mine.created, theirs.created]).toEqual([true, true]);
      expect(theirs.conversation.id).not.toBe(mine.conversation.id);
    });

    it("the latest conversation is not reused", async () => {
      const { history, owner } = open();
      const mine = await history.createConversation(owner());
      const theirs = await history.createConversation(owner(), { reuse: "latest" });
      expect(theirs.created).toBe(true);
      expect(theirs.conversation.id).not.toBe(mine.conversation.id);
    });

    it("a message's id is free: it is stored anew, with what its owner says", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const message = randomUUID();
      await fixture.history.appendMessages(me, id, [{ id: message, role: "user", content: "mine" }]);
      const other = await newConversation(fixture);
      const stored = await fixture.history.appendMessages(other.me, other.id, [
        { id: message, role: "user", content: "theirs" },
      ]);
      expect(stored).toMatchObject([{ id: message, seq: 1, content: "theirs" }]);
      const { run } = await ask(fixture, other.me, other.id, { content: "Hello" });
      expect(run.request.history.map(({ content }) => content)).toEqual(["theirs"]);
    });
  });
}

async function everything(history: History, owner: Owner, id: string): Promise<unknown> {
  return {
    conversation: await history.getConversation(owner, id),
    messages: await history.listMessages(owner, id),
    list: await history.listConversations(owner),
  };
}
