import { randomUUID } from "node:crypto";

import { describe, expect, it } from "vitest";

import { type OpenedFixture, ask, collect, createReader, errorOf, newConversation } from "./fixture.ts";

/** clearMessages and deleteConversation, with and without a running turn. */
export function describeErasure(open: OpenedFixture): void {
  describe("clearMessages", () => {
    it("deletes all messages and says how many; the conversation stays", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await ask(fixture, me, id, { content: "What is it?" });
      await fixture.history.appendMessages(me, id, [{ role: "user", content: "And why?" }]);
      await fixture.history.updateConversation(me, id, { metadata: { a: 1 }, pinned: true });
      expect(await fixture.history.clearMessages(me, id)).toEqual({ deleted: 3 });
      await using other = await fixture.asRestarted();
      expect(await other.listMessages(me, id)).toEqual({ messages: [], total: 0, hasMore: false });
      const conversation = await other.getConversation(me, id);
      expect(conversation).toMatchObject({ messageCount: 0, preview: null, metadata: { a: 1 } });
      expect(conversation.pinnedAt).not.toBeNull();
      expect(await fixture.history.clearMessages(me, id)).toEqual({ deleted: 0 });
    });

    it("leaves the other conversations as they are", async () => {
      const { history, owner } = open();
      const me = owner();
      const intro = await history.createConversation(me, { scope: "intro" });
      const setup = await history.createConversation(me, { scope: "setup" });
      for (const { conversation } of [intro, setup]) {
        await history.appendMessages(me, conversation.id, [{ role: "user", content: "Hello" }]);
      }
      await history.clearMessages(me, intro.conversation.id);
      expect((await history.listMessages(me, setup.conversation.id)).total).toBe(1);
    });

    it("goes on with the numbers, and takes an id again that it cleared away", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const message = { id: randomUUID(), role: "user" as const, content: "Hello" };
      await fixture.history.appendMessages(me, id, [message, { role: "assistant", content: "Hi" }]);
      await fixture.history.clearMessages(me, id);
      const stored = await fixture.history.appendMessages(me, id, [{ ...message, content: "Other" }]);
      expect(stored).toMatchObject([{ id: message.id, seq: 3, content: "Other" }]);
      const { run } = await ask(fixture, me, id, { content: "And now?" });
      expect(run.request.history.map(({ content }) => content)).toEqual(["Other"]);
    });

    it("during a turn stops it, and nothing comes back", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await using other = await fixture.asRestarted();
      const { turn, events } = await fixture.history.startTurn(me, id, { content: "What is it?" });
      const reader = createReader(events);
      const run = await fixture.responder.started(id);
      await run.emit("It is");
      await reader.untilText("It is");
      const listed = await other.listMessages(me, id);
      expect(await other.clearMessages(me, id)).toEqual({ deleted: listed.total });
      await run.aborted;
      await run.emit(" a memory.");
      run.finish();
      await reader.rest().catch(() => undefined); // how a stream ends whose turn was cleared is not promised
      for (const history of [fixture.history, other]) {
        expect(await history.listMessages(me, id)).toEqual({ messages: [], total: 0, hasMore: false });
        expect(await history.getConversation(me, id)).toMatchObject({
          messageCount: 0,
          preview: null,
          runningTurn: null,
          waitingTurn: null,
        });
        expect((await errorOf(history.getTurn(me, id, turn.id)))?.code).toBe("turn_not_found");
      }
      const next = await ask(fixture, me, id, { content: "And why?" }, ["Because."]);
      expect(next.run.request.history).toEqual([]);
      expect((await other.listMessages(me, id)).messages).toMatchObject([
        { seq: 3, content: "And why?" },
        { seq: 4, content: "Because." },
      ]);
    });

    it("says that there is no conversation of an unknown id", async () => {
      const { history, owner } = open();
      const error = await errorOf(history.clearMessages(owner(), randomUUID()));
      expect(error).toMatchObject({ code: "conversation_not_found" });
    });
  });

  describe("deleteConversation", () => {
    it("deletes the conversation with all that belongs to it", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const kept = await fixture.history.createConversation(me);
      const { turn } = await ask(fixture, me, id, { content: "What is it?" });
      await fixture.history.deleteConversation(me, id);
      await using other = await fixture.asRestarted();
      for (const history of [fixture.history, other]) {
        const codes = [
          await errorOf(history.getConversation(me, id)),
          await errorOf(history.updateConversation(me, id, { title: "x" })),
          await errorOf(history.listMessages(me, id)),
          await errorOf(history.appendMessages(me, id, [{ role: "user", content: "Hello" }])),
          await errorOf(history.clearMessages(me, id)),
          await errorOf(history.startTurn(me, id, { content: "Hello" })),
          await errorOf(history.getTurn(me, id, turn.id)),
          await errorOf(collect(history.followTurn(me, id, turn.id))),
          await errorOf(history.stopTurn(me, id, turn.id)),
        ].map((error) => error?.code);
        expect(codes).toEqual(codes.map(() => "conversation_not_found"));
        const { conversations, total } = await history.listConversations(me);
        expect(conversations.map((conversation) => conversation.id)).toEqual([kept.conversation.id]);
        expect(total).toBe(1);
      }
    });

    it("a second time is conversation_not_found, also when both came at once", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const outcomes = await Promise.all(
        [1, 2].map(() => errorOf(fixture.history.deleteConversation(me, id))),
      );
      expect(outcomes.map((error) => error?.code ?? "deleted").toSorted()).toEqual([
        "conversation_not_found",
        "deleted",
      ]);
      const error = await errorOf(fixture.history.deleteConversation(me, id));
      expect(error).toMatchObject({ code: "conversation_not_found" });
      expect((await fixture.history.listConversations(me)).total).toBe(0);
    });

    it("during a turn stops it, and nothing comes back", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await using other = await fixture.asRestarted();
      const { events } = await fixture.history.startTurn(me, id, { content: "What is it?" });
      const reader = createReader(events);
      const run = await fixture.responder.started(id);
      await run.emit("It is");
      await reader.untilText("It is");
      await other.deleteConversation(me, id);
      await run.aborted;
      await run.emit(" a memory.");
      run.finish();
      await reader.rest().catch(() => undefined); // how a stream ends whose turn was deleted is not promised
      for (const history of [fixture.history, other]) {
        expect(await errorOf(history.listMessages(me, id))).toMatchObject({ code: "conversation_not_found" });
        expect(await history.listConversations(me)).toEqual({
          conversations: [],
          total: 0,
          nextCursor: null,
        });
      }
    });
  });
}
