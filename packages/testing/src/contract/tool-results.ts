import { randomUUID } from "node:crypto";

import type { Question, ResponderEvent, StartedTurn } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { type OpenedFixture, ask, errorOf, newConversation } from "./fixture.ts";

const CALLS: readonly ResponderEvent[] = [
  "Let me see. ",
  { type: "tool-call", id: "k1", name: "locate", arguments: '{ "exact": true }' },
  { type: "tool-call", id: "k\u0000\ud800", name: "confirm", arguments: "{not json" },
];
const RESULTS: Question = {
  role: "tool",
  parts: [
    { type: "tool-result", id: "k\u0000\ud800", result: "no", error: true },
    { type: "tool-result", id: "k1", result: { city: "Graz", nested: ["\u0000"] } },
  ],
};

async function eventTypes({ events }: StartedTurn): Promise<string[]> {
  const types: string[] = [];
  for await (const { chunk } of events) types.push(chunk.type);
  return types;
}

/** startTurn with results of the client's own tools. */
export function describeToolResults(open: OpenedFixture): void {
  describe("startTurn with results of tools", () => {
    it("goes on with the answer that made the calls, and stores question, calls, results and answer as one exchange", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await ask(fixture, me, id, { content: "Where am I?" }, CALLS);
      const { run, turn } = await ask(fixture, me, id, RESULTS, ["In Graz."]);
      expect(run.request.question).toMatchObject({ role: "tool", parts: RESULTS.parts });
      expect(run.request.history).toMatchObject([
        { role: "user", content: "Where am I?" },
        { role: "assistant", parts: [{ type: "text" }, { id: "k1" }, { id: "k\u0000\ud800" }] },
      ]);
      const { messages } = await fixture.history.listMessages(me, id);
      expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "assistant"]);
      expect(messages[2]).toMatchObject({ parts: RESULTS.parts, turnId: turn.id, id: turn.messageId });
      expect((await fixture.history.getConversation(me, id)).title).toBe("Where am I?");
      const next = await ask(fixture, me, id, { content: "And now?" });
      expect(next.run.request.history).toMatchObject(messages.map(({ role, parts }) => ({ role, parts })));
    });

    it("once: the same again attaches, and other results of the same calls are refused", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await ask(fixture, me, id, { content: "Where am I?" }, CALLS);
      const results = { ...RESULTS, id: randomUUID() };
      const { turn } = await ask(fixture, me, id, results, ["In Graz."]);
      expect((await fixture.history.startTurn(me, id, results)).turn.id).toBe(turn.id);
      expect((await fixture.history.listMessages(me, id)).total).toBe(4);
      expect(await errorOf(fixture.history.startTurn(me, id, RESULTS))).toMatchObject({ code: "conflict" });
      const asUser = { id: results.id, parts: results.parts };
      expect(await errorOf(fixture.history.startTurn(me, id, asUser))).toMatchObject({
        code: "idempotency_mismatch",
      });
    });

    it("of one call leave the others waiting: told at the same moment on two nodes, all are taken, and the answer goes on once with all", async () => {
      const fixture = open();
      const { history, responder } = fixture;
      const { me, id } = await newConversation(fixture);
      const first = await ask(fixture, me, id, { content: "Where am I?" }, CALLS);
      const nodes = [history, await fixture.asRestarted()];
      const told = await Promise.all(
        RESULTS.parts!.map((part, place) => nodes[place]!.startTurn(me, id, { role: "tool", parts: [part] })),
      );
      const [before, after] = told.toSorted((one) => (one.turn.id === first.turn.id ? -1 : 1));
      expect(before!.turn).toMatchObject({ id: first.turn.id, messageId: first.turn.messageId });
      expect(await eventTypes(before!)).toEqual(["start", "finish"]);
      const run = await responder.started(id);
      expect(run.request.question.parts).toHaveLength(2);
      expect(run.request.question.parts).toEqual(expect.arrayContaining([...RESULTS.parts!]));
      expect(run.request.history.map(({ role }) => role)).toEqual(["user", "assistant"]);
      await run.emit("In Graz.");
      run.finish();
      expect((await eventTypes(after!)).at(-1)).toBe("finish");
      expect(responder.calls(id)).toBe(2);
      expect((await history.getTurn(me, id, first.turn.id)).turn.status).toBe("complete");
      const { messages } = await history.listMessages(me, id);
      expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "tool", "assistant"]);
      const next = await ask(fixture, me, id, { content: "And now?" });
      expect(next.run.request.history.map(({ id }) => id)).toEqual(messages.map(({ id }) => id));
    });

    it("of one call can be told again, alone or with the rest, and not otherwise", async () => {
      const fixture = open();
      const { history, responder } = fixture;
      const { me, id } = await newConversation(fixture);
      const { turn } = await ask(fixture, me, id, { content: "Where am I?" }, CALLS);
      const [refused, located] = RESULTS.parts!;
      const one = { id: randomUUID(), role: "tool", parts: [located!] } as const;
      for (const question of [one, one, { ...one, id: undefined }]) {
        expect((await history.startTurn(me, id, question)).turn).toMatchObject({
          id: turn.id,
          status: "waiting",
        });
      }
      expect((await history.listMessages(me, id)).total).toBe(3);
      const other = { type: "tool-result", id: "k1", result: "Linz" } as const;
      for (const parts of [[other], [other, refused!]]) {
        const told = history.startTurn(me, id, { role: "tool", parts });
        expect(await errorOf(told)).toMatchObject({ code: "conflict" });
      }
      const all = { ...RESULTS, id: randomUUID() };
      const { run, turn: next } = await ask(fixture, me, id, all, ["In Graz."]);
      expect(run.request.question.parts).toEqual([located, refused]);
      for (const [question, known] of [[one, turn] as const, [all, next] as const]) {
        expect((await history.startTurn(me, id, question)).turn).toMatchObject({
          id: known.id,
          status: "complete",
        });
      }
      expect(responder.calls(id)).toBe(2);
      expect((await history.listMessages(me, id)).total).toBe(5);
    });

    it("refuses results of calls that nobody made, or that an earlier question's answer made", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      expect(await errorOf(fixture.history.startTurn(me, id, RESULTS))).toMatchObject({ code: "conflict" });
      await ask(fixture, me, id, { content: "Where am I?" }, CALLS);
      const mixed = { role: "tool", parts: [...RESULTS.parts!, { type: "text", text: "And?" }] } as const;
      expect(await errorOf(fixture.history.startTurn(me, id, mixed))).toMatchObject({
        code: "invalid_request",
        pointer: "/parts",
      });
      await ask(fixture, me, id, { content: "Never mind." });
      expect(await errorOf(fixture.history.startTurn(me, id, RESULTS))).toMatchObject({ code: "conflict" });
      expect((await fixture.history.listMessages(me, id)).total).toBe(4);
    });

    it("refuses results and approvals of a stopped answer's calls, on its branch too", async () => {
      const fixture = open();
      const { history, responder } = fixture;
      const { me, id } = await newConversation(fixture);
      const { turn } = await history.startTurn(me, id, { content: "Where am I?" });
      const run = await responder.started(id);
      for (const event of CALLS) await run.emit(event);
      await run.emit({ type: "approval-request", id: "a1", call: "k1" });
      expect((await history.stopTurn(me, id, turn.id)).status).toBe("stopped");
      const approval = [{ type: "approval", id: "a1", approved: true }] as const;
      for (const parts of [RESULTS.parts!, approval]) {
        for (const parent of [undefined, turn.replyId!]) {
          const answered = history.startTurn(me, id, { role: "tool", parts, parent });
          expect(await errorOf(answered)).toMatchObject({ code: "conflict", pointer: "/parts" });
        }
      }
      expect(responder.calls(id)).toBe(1);
      expect((await history.listMessages(me, id)).total).toBe(2);
    });

    it("with a parent answers the open calls of that branch, wherever the head is", async () => {
      const fixture = open();
      const { history } = fixture;
      const { me, id } = await newConversation(fixture);
      const first = await ask(fixture, me, id, { content: "Where am I?" }, CALLS);
      await ask(fixture, me, id, { content: "Never mind.", parent: null }, ["Well."]);
      expect(await errorOf(history.startTurn(me, id, RESULTS))).toMatchObject({ code: "conflict" });
      expect(await errorOf(history.startTurn(me, id, { ...RESULTS, parent: null }))).toMatchObject({
        code: "conflict",
      });
      const results = { ...RESULTS, id: randomUUID(), parent: first.turn.replyId };
      const { turn, run } = await ask(fixture, me, id, results, ["In Graz."]);
      expect(run.request.history.map(({ content }) => content)).toEqual(["Where am I?", "Let me see. "]);
      await history.setHead(me, id, (await history.listMessages(me, id)).messages[0]!.id);
      for (const parent of [undefined, null, results.parent]) {
        const again = await history.startTurn(me, id, { ...results, parent });
        expect(again.turn.id).toBe(turn.id);
      }
      const nowhere = history.startTurn(me, id, { ...RESULTS, parent: "nobody" });
      expect(await errorOf(nowhere)).toMatchObject({ code: "message_not_found" });
    });
  });
}
