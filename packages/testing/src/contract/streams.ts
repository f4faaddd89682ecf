import { describe, expect, it } from "vitest";

import { holdDeadlines } from "../timers.ts";
import {
  type OpenedFixture,
  ask,
  collect,
  createReader,
  errorOf,
  newConversation,
  textOf,
} from "./fixture.ts";

/** followTurn, stopTurn, and what leaving a stream does. */
export function describeStreams(open: OpenedFixture): void {
  describe("followTurn", () => {
    it("yields from any event on, each once and in order, on every node", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await using other = await fixture.asRestarted();
      const { turn, events } = await ask(fixture, me, id, { content: "Count." }, ["1", "2", "3", "4"]);
      for (let after = 0; after <= events.length; after++) {
        const history = after % 2 === 0 ? fixture.history : other;
        expect(await collect(history.followTurn(me, id, turn.id, { after }))).toEqual(events.slice(after));
      }
      expect(await collect(other.followTurn(me, id, turn.id))).toEqual(events);
    });

    it("yields an event to one who follows on another node once it was shown here", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await using other = await fixture.asRestarted();
      const { turn, events } = await fixture.history.startTurn(me, id, { content: "Count." });
      const reader = createReader(events);
      const run = await fixture.responder.started(id);
      let text = "";
      for (const piece of ["1", "2", "3"]) {
        await run.emit(piece);
        text += piece;
        await reader.untilText(text);
        const shown = reader.seen.at(-1)!;
        const leaving = new AbortController();
        const options = { after: shown.seq - 1, signal: leaving.signal };
        const follower = other.followTurn(me, id, turn.id, options)[Symbol.asyncIterator]();
        expect(await follower.next()).toEqual({ done: false, value: shown });
        await follower.return?.();
      }
      run.finish();
      await reader.rest();
    });

    it("serves several readers at once, each from its own place, until the turn is settled", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await using other = await fixture.asRestarted();
      const { turn, events } = await fixture.history.startTurn(me, id, { content: "Count." });
      const first = createReader(events);
      const run = await fixture.responder.started(id);
      await run.emit("1");
      await first.untilText("1");
      const joined = [0, 1, 2].flatMap((after) =>
        [fixture.history, other].map((history) => ({
          after,
          all: collect(history.followTurn(me, id, turn.id, { after })),
        })),
      );
      await run.emit("2");
      await first.untilText("12");
      await run.emit("3");
      run.finish();
      await first.rest();
      expect(textOf(first.answer())).toBe("123");
      for (const { after, all } of joined) expect(await all).toEqual(first.seen.slice(after));
    });

    it("ends for a reader that leaves by its signal; the turn goes on", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const { turn, events } = await fixture.history.startTurn(me, id, { content: "Count." });
      const reader = createReader(events);
      const run = await fixture.responder.started(id);
      await run.emit("1");
      await reader.untilText("1");
      const leaving = new AbortController();
      const follower = createReader(fixture.history.followTurn(me, id, turn.id, { signal: leaving.signal }));
      await follower.untilText("1");
      const rest = follower.rest();
      leaving.abort();
      await rest;
      expect(follower.answer().status).toBe("running");
      await run.emit("2");
      run.finish();
      await reader.rest();
      expect(reader.answer()).toMatchObject({ status: "complete", parts: [{ type: "text", text: "12" }] });
    });

    it.each([-1, 1.5, Number.NaN])("refuses to follow after %d", async (after) => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const { turn } = await ask(fixture, me, id, { content: "Count." });
      expect(await errorOf(collect(fixture.history.followTurn(me, id, turn.id, { after })))).toMatchObject({
        code: "invalid_request",
      });
    });
  });

  describe("leaving", () => {
    it("detaches and stops nothing: the answer is completed and stored", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const { turn, events } = await fixture.history.startTurn(me, id, { content: "Count." });
      const reader = createReader(events);
      const run = await fixture.responder.started(id);
      await run.emit("1");
      await reader.untilText("1");
      await reader.leave();
      await run.emit("2");
      expect(run.request.signal.aborted).toBe(false);
      run.finish();
      const followed = createReader(fixture.history.followTurn(me, id, turn.id));
      await followed.rest();
      expect(followed.answer()).toMatchObject({ status: "complete", parts: [{ type: "text", text: "12" }] });
      expect((await fixture.history.getTurn(me, id, turn.id)).reply?.content).toBe("12");
    });

    it("by the signal that the turn was started with detaches and stops nothing", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const leaving = new AbortController();
      const { turn, events } = await fixture.history.startTurn(
        me,
        id,
        { content: "Count." },
        { signal: leaving.signal },
      );
      const reader = createReader(events);
      const run = await fixture.responder.started(id);
      await run.emit("1");
      await reader.untilText("1");
      const rest = reader.rest();
      leaving.abort();
      await rest;
      await run.emit("2");
      expect(run.request.signal.aborted).toBe(false);
      run.finish();
      const followed = createReader(fixture.history.followTurn(me, id, turn.id));
      await followed.rest();
      expect(textOf(followed.answer())).toBe("12");
    });

    it("before the first event is read stops nothing either", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const { turn, events } = await fixture.history.startTurn(me, id, { content: "Count." });
      await createReader(events).leave();
      const run = await fixture.responder.started(id);
      await run.emit("1");
      run.finish();
      const followed = createReader(fixture.history.followTurn(me, id, turn.id));
      await followed.rest();
      expect(followed.answer()).toMatchObject({ status: "complete" });
    });
  });

  describe("stopTurn", () => {
    it("stops the turn from another node, keeps the text so far, and tells every reader", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await using other = await fixture.asRestarted();
      const { turn, events } = await fixture.history.startTurn(me, id, { content: "Count." });
      const reader = createReader(events);
      const run = await fixture.responder.started(id);
      await run.emit("1");
      await run.emit("2");
      await reader.untilText("12");
      const elsewhere = collect(other.followTurn(me, id, turn.id));
      await other.stopTurn(me, id, turn.id);
      await run.aborted;
      await reader.rest();
      expect(reader.answer()).toMatchObject({
        status: "stopped",
        error: null,
        parts: [{ type: "text", text: "12" }],
      });
      expect(reader.seen.at(-1)?.chunk).toEqual({ type: "abort" });
      expect(await elsewhere).toEqual(reader.seen);
      const state = await other.getTurn(me, id, turn.id);
      expect(state).toMatchObject({
        turn: { status: "stopped", error: null },
        reply: { status: "stopped", content: "12", error: null },
      });
      expect((await other.getConversation(me, id)).runningTurn).toBeNull();
    });

    it("resolves with the settled turn, and again with the same", async () => {
      using _ = holdDeadlines();
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const { turn, events } = await fixture.history.startTurn(me, id, { content: "Count." });
      const reader = createReader(events);
      const run = await fixture.responder.started(id);
      await run.emit("1");
      await reader.untilText("1");
      const [first, second] = await Promise.all([
        fixture.history.stopTurn(me, id, turn.id),
        fixture.history.stopTurn(me, id, turn.id),
      ]);
      expect(first.status).toBe("stopped");
      expect(second).toEqual(first);
      expect(await fixture.history.stopTurn(me, id, turn.id)).toEqual(first);
      expect((await fixture.history.getTurn(me, id, turn.id)).turn).toEqual(first);
      await reader.rest();
    });

    it("takes nothing of what the responder says afterwards", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const { turn } = await fixture.history.startTurn(me, id, { content: "Count." });
      const run = await fixture.responder.started(id);
      await run.emit("1");
      await fixture.history.stopTurn(me, id, turn.id);
      await run.aborted;
      await run.emit("2");
      run.finish();
      const followed = createReader(fixture.history.followTurn(me, id, turn.id));
      await followed.rest();
      expect(followed.answer().status).toBe("stopped");
      expect((await fixture.history.getTurn(me, id, turn.id)).reply?.content).not.toContain("2");
    });

    it("leaves a settled turn as it is", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const { turn } = await ask(fixture, me, id, { content: "Count." }, ["1"]);
      const before = await fixture.history.getTurn(me, id, turn.id);
      expect(await fixture.history.stopTurn(me, id, turn.id)).toEqual(before.turn);
      expect(await fixture.history.getTurn(me, id, turn.id)).toEqual(before);
    });

    it("frees the conversation for the next question", async () => {
      using _ = holdDeadlines();
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const { turn } = await fixture.history.startTurn(me, id, { content: "Count." });
      await fixture.responder.started(id);
      expect((await fixture.history.stopTurn(me, id, turn.id)).status).toBe("stopped");
      const next = await ask(fixture, me, id, { content: "Count again." }, ["1"]);
      expect(next.answer.status).toBe("complete");
    });
  });
}
