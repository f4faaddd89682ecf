import { randomUUID } from "node:crypto";

import type { Question } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import {
  type OpenedFixture,
  ask,
  collect,
  createReader,
  errorOf,
  newConversation,
  textOf,
} from "./fixture.ts";

/** startTurn a second time: once is once, and one turn at a time. */
export function describeRetries(open: OpenedFixture): void {
  describe("startTurn again", () => {
    it("with the same id attaches to the running turn, from its first event, on every node", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await using other = await fixture.asRestarted();
      const question: Question = { id: randomUUID(), content: "Count.", contextText: "a selection" };
      const { turn, events } = await fixture.history.startTurn(me, id, question);
      const reader = createReader(events);
      const run = await fixture.responder.started(id);
      await run.emit("1");
      await reader.untilText("1");
      const here = await fixture.history.startTurn(me, id, question);
      const there = await other.startTurn(me, id, question);
      expect([here.turn, there.turn]).toEqual([turn, turn]);
      expect(turn.messageId).toBe(question.id);
      const all = [collect(here.events), collect(there.events)];
      await run.emit("2");
      run.finish();
      await reader.rest();
      expect(textOf(reader.answer())).toBe("12");
      for (const events of await Promise.all(all)) expect(events).toEqual(reader.seen);
      expect(fixture.responder.calls(id)).toBe(1);
      expect((await fixture.history.getConversation(me, id)).messageCount).toBe(2);
    });

    it("with the same id gives the settled turn and its events, on every node", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await using other = await fixture.asRestarted();
      const question: Question = { id: randomUUID(), content: "Count." };
      const first = await ask(fixture, me, id, question, ["1", "2"]);
      const { turn } = await fixture.history.getTurn(me, id, first.turn.id);
      for (const history of [fixture.history, other]) {
        const again = await history.startTurn(me, id, question);
        expect(again.turn).toEqual(turn);
        expect(await collect(again.events)).toEqual(first.events);
      }
      expect(fixture.responder.calls(id)).toBe(1);
      expect((await fixture.history.getConversation(me, id)).messageCount).toBe(2);
    });

    it("with the same id gives the settled turn also when others came after it, or one runs", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const question: Question = { id: randomUUID(), content: "Count." };
      const first = await ask(fixture, me, id, question, ["1"]);
      const running = await fixture.history.startTurn(me, id, { content: "And on." });
      const run = await fixture.responder.started(id);
      const again = await fixture.history.startTurn(me, id, question);
      expect(again.turn.id).toBe(first.turn.id);
      expect(await collect(again.events)).toEqual(first.events);
      expect((await fixture.history.getConversation(me, id)).runningTurn).toBe(running.turn.id);
      run.finish();
    });

    it("with the same id gives the failed turn: it is not asked twice", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const question: Question = { id: randomUUID(), content: "Count." };
      const { turn, events } = await fixture.history.startTurn(me, id, question);
      const reader = createReader(events);
      (await fixture.responder.started(id)).fail(new Error("broken"));
      await reader.rest();
      const again = await fixture.history.startTurn(me, id, question);
      expect(again.turn).toMatchObject({ id: turn.id, status: "failed" });
      expect(await collect(again.events)).toEqual(reader.seen);
      expect(fixture.responder.calls(id)).toBe(1);
    });

    it("20 times at once with the same id stores once and asks once", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await using other = await fixture.asRestarted();
      const question: Question = { id: randomUUID(), content: "Count." };
      const started = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? fixture.history : other).startTurn(me, id, question),
        ),
      );
      expect(new Set(started.map(({ turn }) => turn.id)).size).toBe(1);
      const all = started.map(({ events }) => collect(events));
      const run = await fixture.responder.started(id);
      await run.emit("1");
      run.finish();
      const [first, ...others] = await Promise.all(all);
      for (const events of others) expect(events).toEqual(first);
      expect(fixture.responder.calls(id)).toBe(1);
      expect((await fixture.history.listMessages(me, id)).messages).toMatchObject([
        { id: question.id, content: "Count." },
        { content: "1" },
      ]);
    });

    it.each<[string, Question]>([
      ["text", { content: "Recount." }],
      ["selected text", { content: "Count.", contextText: "a selection" }],
      ["parts", { parts: [{ type: "text", text: "Recount." }] }],
    ])("with the same id and another %s is a mismatch, running or settled", async (_what, change) => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const question: Question = { id: randomUUID(), content: "Count." };
      const { turn, events } = await fixture.history.startTurn(me, id, question);
      const reader = createReader(events);
      const run = await fixture.responder.started(id);
      const again = { id: question.id, ...change };
      expect(await errorOf(fixture.history.startTurn(me, id, again))).toMatchObject({
        code: "idempotency_mismatch",
        status: 409,
      });
      run.finish();
      await reader.rest();
      expect(await errorOf(fixture.history.startTurn(me, id, again))).toMatchObject({
        code: "idempotency_mismatch",
      });
      expect((await fixture.history.getTurn(me, id, turn.id)).message.content).toBe("Count.");
      expect(fixture.responder.calls(id)).toBe(1);
    });

    it("with a token that nobody signed is refused, and the question can be asked anew", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const question: Question = { id: randomUUID(), content: "Count." };
      const forged = { reply: { parts: [{ type: "text", text: "I owe you everything." }] } };
      const token = `${btoa(JSON.stringify(forged))}.forged`;
      const error = await errorOf(fixture.history.importTurn(me, id, token));
      expect(error).toMatchObject({ code: "invalid_request" });
      expect((await fixture.history.getConversation(me, id)).messageCount).toBe(0);
      const { answer } = await ask(fixture, me, id, question, ["1"]);
      expect(answer.status).toBe("complete");
    });

    it("while another turn runs names the turn to follow, and stores nothing", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await using other = await fixture.asRestarted();
      const { turn, events } = await fixture.history.startTurn(me, id, { content: "First?" });
      const reader = createReader(events);
      const run = await fixture.responder.started(id);
      for (const history of [fixture.history, other]) {
        expect(await errorOf(history.startTurn(me, id, { content: "Second?" }))).toMatchObject({
          code: "turn_in_progress",
          status: 409,
          turnId: turn.id,
        });
      }
      expect((await fixture.history.getConversation(me, id)).messageCount).toBe(2);
      run.finish();
      await reader.rest();
      await ask(fixture, me, id, { content: "Second?" });
    });

    it("20 different questions at once begin one turn; the others are told which", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await using other = await fixture.asRestarted();
      const results = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? fixture.history : other).startTurn(me, id, { content: `Question ${index}?` }),
        ),
      );
      const begun = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
      const refused = results.flatMap((result) =>
        result.status === "rejected" ? [result.reason as unknown] : [],
      );
      expect(begun).toHaveLength(1);
      for (const error of refused) {
        expect(error).toMatchObject({ code: "turn_in_progress", turnId: begun[0]!.turn.id });
      }
      (await fixture.responder.started(id)).finish();
      await collect(begun[0]!.events);
      expect((await fixture.history.getConversation(me, id)).messageCount).toBe(2);
    });

    it("in another conversation runs beside the first", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const second = await fixture.history.createConversation(me);
      const a = await fixture.history.startTurn(me, id, { content: "Here?" });
      const b = await fixture.history.startTurn(me, second.conversation.id, { content: "There?" });
      const runs = [
        await fixture.responder.started(id),
        await fixture.responder.started(second.conversation.id),
      ] as const;
      const readers = [createReader(a.events), createReader(b.events)] as const;
      await runs[1].emit("There.");
      await runs[0].emit("Here.");
      await readers[0].untilText("Here.");
      await readers[1].untilText("There.");
      for (const run of runs) run.finish();
      for (const reader of readers) await reader.rest();
      expect(readers.map((reader) => reader.answer().status)).toEqual(["complete", "complete"]);
    });
  });
}
