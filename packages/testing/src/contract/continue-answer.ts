import { randomUUID } from "node:crypto";

import type { Question } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { type OpenedFixture, ask, collect, errorOf, newConversation } from "./fixture.ts";

const GO_ON: Question = { role: "tool", parts: [{ type: "step" }] };

/** startTurn with a single step. */
export function describeContinueAnswer(open: OpenedFixture): void {
  describe("startTurn with a step", () => {
    const endings = {
      complete: async (run) => run.finish(),
      failed: async (run) => run.fail(new Error("away")),
      stopped: async (_, stop) => stop(),
    } satisfies Record<
      string,
      (run: { finish(): void; fail(error: unknown): void }, stop: () => Promise<unknown>) => Promise<unknown>
    >;

    it.each(Object.keys(endings) as (keyof typeof endings)[])(
      "continues an answer that is %s: its question again, and what was said of the answer",
      async (status) => {
        const fixture = open();
        const { history, responder } = fixture;
        const { me, id } = await newConversation(fixture);
        await ask(fixture, me, id, { content: "One?" }, ["One."]);
        const { turn, events } = await history.startTurn(me, id, { content: "Two?" });
        const run = await responder.started(id);
        await run.emit("Two, ");
        await endings[status](run, () => history.stopTurn(me, id, turn.id));
        await collect(events);
        const before = (await history.listMessages(me, id)).messages;
        expect(before.at(-1)).toMatchObject({ status, content: "Two, " });

        const more = await ask(fixture, me, id, GO_ON, ["and more."]);
        expect(more.run.request).toMatchObject({
          question: { id: turn.messageId, role: "user", content: "Two?" },
          answer: [{ type: "text", text: "Two, " }],
          attempt: 1,
        });
        expect(more.run.request.history.map(({ content }) => content)).toEqual(["One?", "One."]);
        const { messages } = await history.listMessages(me, id);
        expect(messages.slice(0, 4)).toEqual(before);
        expect(messages.slice(4)).toMatchObject([
          { role: "tool", parts: GO_ON.parts, turnId: more.turn.id },
          { role: "assistant", content: "and more.", status: "complete" },
        ]);
        const next = await ask(fixture, me, id, { content: "Three?" });
        expect(next.run.request.history.map(({ content }) => content)).toEqual([
          "One?",
          "One.",
          "Two?",
          "Two, ",
          "and more.",
        ]);
      },
    );

    it("once under its id, and again after its own answer", async () => {
      const fixture = open();
      const { history } = fixture;
      const { me, id } = await newConversation(fixture);
      await ask(fixture, me, id, { content: "Count." }, ["1 "]);
      const goOn = { ...GO_ON, id: randomUUID() };
      const { turn } = await ask(fixture, me, id, goOn, ["2 "]);
      expect((await history.startTurn(me, id, goOn)).turn.id).toBe(turn.id);
      const { run } = await ask(fixture, me, id, GO_ON, ["3"]);
      expect(run.request.answer.flatMap((part) => (part.type === "text" ? part.text : []))).toEqual([
        "1 ",
        "2 ",
      ]);
      expect(fixture.responder.calls(id)).toBe(3);
    });

    it("is refused where no answer is, and while the answer's calls are open", async () => {
      const fixture = open();
      const { history } = fixture;
      const { me, id } = await newConversation(fixture);
      expect(await errorOf(history.startTurn(me, id, GO_ON))).toMatchObject({
        code: "conflict",
        pointer: "/parts",
      });
      await ask(fixture, me, id, { content: "Where am I?" }, [
        { type: "tool-call", id: "k1", name: "locate", arguments: "{}" },
      ]);
      expect(await errorOf(history.startTurn(me, id, GO_ON))).toMatchObject({
        code: "conflict",
        pointer: "/parts",
      });
      expect((await history.listMessages(me, id)).total).toBe(2);
    });
  });
}
