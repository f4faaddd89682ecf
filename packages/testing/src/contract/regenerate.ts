import { randomUUID } from "node:crypto";

import { describe, expect, it } from "vitest";

import { type OpenedFixture, collect } from "./fixture.ts";
import { codeOf, treesOf } from "./letters.ts";

/** What `regenerate` promises. */
export function describeRegenerate(open: OpenedFixture): void {
  const { questions } = treesOf(open);

  describe("regenerate", () => {
    it("answers the stored question once more: a version of the answer, which becomes the head", async () => {
      const tree = await questions();
      const { messages: before } = await tree.page();
      const { turn, events } = await tree.history.regenerate(tree.me, tree.id, "q1");
      const run = await open().responder.started(tree.id);
      expect(run.request.question.id).toBe("q1");
      expect(run.request.history).toEqual([]);
      await run.emit("one!");
      run.finish();
      await collect(events);
      expect(turn.messageId).toBe("q1");
      const { messages, total } = await tree.page();
      expect(messages.map(({ content }) => content)).toEqual(["one?", "one!"]);
      expect([total, messages[1]?.versions]).toEqual([2, { index: 2, count: 2 }]);
      expect(await tree.versions(turn.replyId!)).toEqual([before[1]!.id, turn.replyId]);
      expect(await tree.history.getTurn(tree.me, tree.id, turn.id)).toMatchObject({
        message: { id: "q1" },
        reply: { id: turn.replyId, content: "one!", status: "complete" },
      });
      // What was said after the old answer is all there.
      for (const message of before) expect(await tree.message(message.id)).toMatchObject({ id: message.id });
      expect((await tree.page({ leaf: before[3]!.id })).messages.map((message) => message.id)).toEqual(
        before.map((message) => message.id),
      );
    });

    it("takes an answer for its question, and refuses what is neither", async () => {
      const tree = await questions();
      const answer = (await tree.page()).messages[1]!;
      const { events } = await tree.history.regenerate(tree.me, tree.id, answer.id);
      const run = await open().responder.started(tree.id);
      expect(run.request.question.id).toBe("q1");
      run.finish();
      await collect(events);
      await tree.history.appendMessages(tree.me, tree.id, [{ id: "s", role: "system", content: "rules" }]);
      expect(await codeOf(tree.history.regenerate(tree.me, tree.id, "s"))).toBe("conflict");
      expect(await codeOf(tree.history.regenerate(tree.me, tree.id, "nobody"))).toBe("message_not_found");
    });

    it("with the same id attaches: asked once more only once", async () => {
      const tree = await questions();
      const id = randomUUID();
      const first = await tree.history.regenerate(tree.me, tree.id, "q2", { id });
      const second = await tree.history.regenerate(tree.me, tree.id, "q2", { id });
      const run = await open().responder.started(tree.id);
      run.finish();
      await Promise.all([collect(first.events), collect(second.events)]);
      expect(first.turn).toMatchObject({ id: second.turn.id, replyId: id });
      const third = await tree.history.regenerate(tree.me, tree.id, "q2", { id });
      await collect(third.events);
      expect(third.turn.id).toBe(first.turn.id);
      expect(await tree.versions(id)).toHaveLength(2);
    });

    it("waits for no other turn: turn_in_progress", async () => {
      const tree = await questions();
      const { events } = await tree.history.startTurn(tree.me, tree.id, { content: "three?" });
      const run = await open().responder.started(tree.id);
      expect(await codeOf(tree.history.regenerate(tree.me, tree.id, "q1"))).toBe("turn_in_progress");
      expect(await codeOf(tree.history.startTurn(tree.me, tree.id, { content: "?", parent: null }))).toBe(
        "turn_in_progress",
      );
      run.finish();
      await collect(events);
    });
  });
}
