import { randomUUID } from "node:crypto";

import type { Owner, Question, ResponderEvent, ToolCallPart } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { type HistoryFixture, type OpenedFixture, ask, errorOf, newConversation } from "./fixture.ts";

const CALL: ToolCallPart = { type: "tool-call", id: "k1", name: "pay", arguments: "{}" };
const APPROVAL: readonly ResponderEvent[] = [CALL, { type: "approval-request", id: "a1", call: "k1" }];
const RESULT: Question = { role: "tool", parts: [{ type: "tool-result", id: "k1", result: 3 }] };

/** An owner whose last answer waits. */
async function newWaiting(fixture: HistoryFixture, events: readonly ResponderEvent[] = [CALL]) {
  const { me, id } = await newConversation(fixture);
  const asked = await ask(fixture, me, id, { content: "Pay." }, events);
  return { me, id, ...asked, waiting: () => waitingOf(fixture, me) };
}

async function waitingOf({ history }: HistoryFixture, me: Owner): Promise<unknown[]> {
  const { conversations } = await history.listConversations(me, { waiting: true });
  return conversations.map(({ id, waitingTurn }) => [id, waitingTurn]);
}

/** Turns that wait for a person. */
export function describeWaiting(open: OpenedFixture): void {
  describe("a turn whose answer ends with a call for a person", () => {
    it.each([
      ["a client's tool", [CALL]],
      ["an approval", APPROVAL],
      ["an approval of a provider's tool", [{ ...CALL, executor: "provider" } as const, APPROVAL[1]!]],
    ])("of %s waits, and its message is complete", async (_, events) => {
      const fixture = open();
      const { me, id, turn, answer, waiting } = await newWaiting(fixture, events);
      expect(answer).toMatchObject({ status: "complete", error: null });
      expect(await fixture.history.getTurn(me, id, turn.id)).toMatchObject({
        turn: { status: "waiting", error: null, settledAt: expect.any(String) as string },
        reply: { status: "complete" },
      });
      expect(await fixture.history.getConversation(me, id)).toMatchObject({
        waitingTurn: turn.id,
        runningTurn: null,
      });
      expect(await waiting()).toEqual([[id, turn.id]]);
      expect((await fixture.history.stopTurn(me, id, turn.id)).status).toBe("waiting");
      expect(await (await fixture.asRestarted()).listConversations(me, { waiting: true })).toMatchObject({
        conversations: [{ id }],
        total: null,
        nextCursor: null,
      });
    });

    it("does not wait for calls that have their result, or that a provider makes", async () => {
      const fixture = open();
      const done = await newWaiting(fixture, [CALL, { type: "tool-result", id: "k1", result: 3 }]);
      const own = await newWaiting(fixture, [{ ...CALL, executor: "provider" }]);
      for (const { me, id, turn, waiting } of [done, own]) {
        expect(await waiting()).toEqual([]);
        expect((await fixture.history.getTurn(me, id, turn.id)).turn.status).toBe("complete");
      }
    });

    it.each<[string, (fixture: HistoryFixture, me: Owner, id: string, reply: string) => Promise<unknown>]>([
      ["answered", (fixture, me, id) => ask(fixture, me, id, RESULT, ["Paid."])],
      ["passed over by another question", (fixture, me, id) => ask(fixture, me, id, { content: "No." })],
      [
        "passed over by a message",
        ({ history }, me, id) => history.appendMessages(me, id, [{ role: "user", content: "No." }]),
      ],
      ["deleted", ({ history }, me, id, reply) => history.deleteMessage(me, id, reply)],
    ])("is complete once it is %s", async (_, pass) => {
      const fixture = open();
      const { me, id, turn, waiting } = await newWaiting(fixture);
      await pass(fixture, me, id, turn.replyId!);
      expect(await waiting()).toEqual([]);
      expect((await fixture.history.getConversation(me, id)).waitingTurn).toBeNull();
      expect((await fixture.history.getTurn(me, id, turn.id)).turn.status).toBe("complete");
    });

    it("waits no more when its answer is given again, and waits on its own when that one does", async () => {
      const fixture = open();
      const { history, responder } = fixture;
      const { me, id, turn, waiting } = await newWaiting(fixture);
      const again = await history.regenerate(me, id, turn.replyId!);
      const run = await responder.started(id);
      await run.emit(CALL);
      run.finish();
      for await (const _ of again.events);
      expect(await waiting()).toEqual([[id, again.turn.id]]);
      expect((await history.getTurn(me, id, turn.id)).turn.status).toBe("complete");
    });

    it("waits through results that leave the call open, a rename, an archive, the trash and a claim", async () => {
      const fixture = open();
      const { history } = fixture;
      const { me, id, turn, waiting } = await newWaiting(fixture);
      await history.appendMessages(me, id, [{ role: "tool", toolCallId: "k2", content: "3" }]);
      await history.updateConversation(me, id, { title: "Paying", archived: true });
      expect(await waiting()).toEqual([]);
      expect(
        (await history.listConversations(me, { waiting: true, archived: true })).conversations,
      ).toHaveLength(1);
      await history.updateConversation(me, id, { archived: false });
      expect(await waiting()).toEqual([[id, turn.id]]);
      await history.deleteConversation(me, id);
      expect(await waiting()).toEqual([]);
      await history.restoreConversation(me, id);
      expect(await waiting()).toEqual([[id, turn.id]]);
      await history.clearMessages(me, id);
      expect(await waiting()).toEqual([]);
    });

    it("is listed with those of its owner alone, the latest first, a page at a time", async () => {
      const fixture = open();
      const { history } = fixture;
      const { me, id, waiting } = await newWaiting(fixture);
      const ids = [id];
      for (const scope of ["a", "b"]) {
        const { conversation } = await history.createConversation(me, { id: randomUUID(), scope });
        await ask(fixture, me, conversation.id, { content: "Pay." }, [CALL]);
        ids.unshift(conversation.id);
      }
      await history.createConversation(me, { id: randomUUID() });
      await newWaiting(fixture);
      expect((await waiting()).map((one) => (one as string[])[0])).toEqual(ids);
      const query = { waiting: true, limit: 2 } as const;
      const { conversations, nextCursor } = await history.listConversations(me, query);
      const rest = await history.listConversations(me, { ...query, cursor: nextCursor! });
      expect([...conversations, ...rest.conversations].map((one) => one.id)).toEqual(ids);
      expect(rest.nextCursor).toBeNull();
      const scoped = await history.listConversations(me, { waiting: true, scope: "a" });
      expect(scoped.conversations.map((one) => one.id)).toEqual([ids[1]]);
      expect(await errorOf(history.listConversations(me, { waiting: true, order: "asc" }))).toMatchObject({
        code: "invalid_request",
        pointer: "waiting",
      });
    });
  });
}
