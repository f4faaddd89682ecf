import type { Question, ToolCallPart } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import type { Run } from "../responder.ts";
import { type OpenedFixture, ask, createReader, errorOf, newConversation } from "./fixture.ts";
import { codeOf } from "./letters.ts";

const CALL: ToolCallPart = { type: "tool-call", id: "k1", name: "pay", arguments: "{}" };

/** Questions that are asked while an answer is given, and wait for its end. */
export function describeQueue(open: OpenedFixture): void {
  /** An answer that is being given. */
  const answering = async () => {
    const fixture = open();
    const { history } = fixture;
    const { me, id } = await newConversation(fixture);
    const first = await history.startTurn(me, id, { id: "q1", content: "One?" });
    const reader = createReader(first.events);
    const run = await fixture.responder.started(id);
    const queue = (question: Question) => history.startTurn(me, id, { whenBusy: "queue", ...question });
    const queued = async () => (await history.listQueuedQuestions(me, id)).map((one) => one.id);
    const contents = async () => (await history.listMessages(me, id)).messages.map(({ content }) => content);
    const finish = async (running: Run, text: string): Promise<void> => {
      await running.emit(text);
      running.finish();
    };
    return { fixture, history, me, id, first, reader, run, queue, queued, contents, finish };
  };

  describe("a question that is queued while an answer is given", () => {
    it("is stored, and begins its turn when the answer ends; its stream begins with its turn", async () => {
      const { fixture, history, me, id, reader, run, queue, queued, contents, finish } = await answering();
      const { turn, events } = await queue({ id: "q2", content: "Two?" });
      expect(turn).toMatchObject({ status: "queued", messageId: "q2", conversationId: id, settledAt: null });
      expect(await history.getTurn(me, id, turn.id)).toMatchObject({
        turn,
        message: { id: "q2", content: "Two?" },
        reply: null,
      });
      const second = createReader(events);
      expect(await contents()).toEqual(["One?", ""]);
      await finish(run, "1");
      await reader.rest();
      const next = await fixture.responder.started(id);
      expect(next.request).toMatchObject({
        turnId: turn.id,
        owner: { kind: me.kind },
        question: { id: "q2", content: "Two?" },
        history: [{ content: "One?" }, { content: "1" }],
      });
      expect(await queued()).toEqual([]);
      await finish(next, "2");
      await second.rest();
      expect(second.seen.map(({ chunk }) => chunk.type).slice(0, 2)).toEqual(["message-metadata", "start"]);
      expect(second.seen[1]?.chunk).toMatchObject({
        messageId: turn.replyId,
        messageMetadata: { turn_id: turn.id, message_id: "q2" },
      });
      expect(second.answer()).toMatchObject({ status: "complete", parts: [{ type: "text", text: "2" }] });
      expect(await contents()).toEqual(["One?", "1", "Two?", "2"]);
      expect((await history.getTurn(me, id, turn.id)).turn.status).toBe("complete");
    });

    it("begins at once when no answer is given", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const { turn } = await ask(fixture, me, id, { content: "One?", whenBusy: "queue" }, ["1"]);
      expect(turn.status).toBe("running");
    });

    it("waits for those queued before it, and keeps all its fields", async () => {
      const { fixture, history, me, id, run, queue, queued, contents, finish } = await answering();
      const bytes = `data:text/plain;base64,${Buffer.from("Hello").toString("base64")}`;
      const whole: Pick<Question, "parts" | "contextText" | "metadata"> = {
        parts: [
          { type: "text", text: "Two \u0000 \ud800?" },
          { type: "file", url: bytes, mime: "text/plain" },
        ],
        contextText: "selected \u0000",
        metadata: { a: ["\ud800", 1] },
      };
      const second = await queue({ id: "q2", ...whole });
      await second.events[Symbol.asyncIterator]().return?.();
      const third = createReader((await queue({ id: "q3", content: "Three?" })).events);
      expect(await history.listQueuedQuestions(me, id)).toMatchObject([
        {
          id: "q2",
          turnId: second.turn.id,
          ...whole,
          content: "Two \u0000 \ud800?",
          held: false,
          steers: false,
        },
        { id: "q3", content: "Three?", contextText: null, metadata: null },
      ]);
      await finish(run, "1");
      const next = await fixture.responder.started(id);
      const [, , message] = (await history.listMessages(me, id)).messages;
      expect(message).toMatchObject(whole);
      await finish(next, "2");
      const last = await fixture.responder.started(id);
      expect(await queued()).toEqual([]);
      await finish(last, "3");
      await third.rest();
      expect(await contents()).toEqual(["One?", "1", "Two \u0000 \ud800?", "2", "Three?", "3"]);
    });

    it("is stored once when it is sent again with its id, before and after its turn begins", async () => {
      const { fixture, history, me, id, run, queue, queued, contents, finish } = await answering();
      const question = { id: "q2", content: "Two?" };
      const sent = await queue(question);
      const again = await Promise.all([
        queue(question),
        queue(question),
        history.startTurn(me, id, question),
      ]);
      for (const { turn } of again) expect(turn).toEqual(sent.turn);
      expect(await queued()).toEqual(["q2"]);
      const readers = again.map(({ events }) => createReader(events));
      expect(await codeOf(queue({ id: "q2", content: "Other?" }))).toBe("idempotency_mismatch");
      await finish(run, "1");
      const next = await fixture.responder.started(id);
      const late = await queue(question);
      expect(late.turn).toMatchObject({ id: sent.turn.id, status: "running" });
      expect(await codeOf(queue({ id: "q2", content: "Other?" }))).toBe("idempotency_mismatch");
      await finish(next, "2");
      for (const reader of [...readers, createReader(late.events)]) {
        await reader.rest();
        expect(reader.answer()).toMatchObject({ status: "complete", parts: [{ text: "2" }] });
      }
      expect(await contents()).toEqual(["One?", "1", "Two?", "2"]);
      expect(fixture.responder.calls(id)).toBe(2);
    });

    it("with `steer`, from any node, asks the responder to end its answer; with `queue` it does not", async () => {
      const { fixture, history, me, id, reader, run, queue, contents, finish } = await answering();
      await using other = await fixture.asRestarted();
      const steered = new Promise((resolve) => run.request.steered.addEventListener("abort", resolve));
      await queue({ id: "q2", content: "Two?" });
      await run.emit("1");
      await reader.untilText("1");
      expect(run.request.steered.aborted).toBe(false);
      await other.startTurn(me, id, { id: "s1", content: "Steer!", whenBusy: "steer" });
      await steered;
      expect(run.request.signal.aborted).toBe(false);
      run.finish();
      await reader.rest();
      expect(reader.answer()).toMatchObject({ status: "complete" });
      const next = await fixture.responder.started(id);
      expect(next.request).toMatchObject({ question: { id: "s1" }, history: [{}, { content: "1" }] });
      expect(next.request.steered.aborted).toBe(false);
      const again = await history.startTurn(me, id, { id: "s2", content: "Again!", whenBusy: "steer" });
      expect(again.turn.status).toBe("queued");
      await expect.poll(() => next.request.steered.aborted).toBe(true);
      await finish(next, "2");
      for (const text of ["3", "4"]) await finish(await fixture.responder.started(id), text);
      await expect.poll(contents).toEqual(["One?", "1", "Steer!", "2", "Again!", "3", "Two?", "4"]);
    });

    it("with `steer` begins before those that are only queued", async () => {
      const { fixture, id, run, queue, queued, finish } = await answering();
      await queue({ id: "q2", content: "Two?" });
      await queue({ id: "s1", content: "Steer!", whenBusy: "steer" });
      await queue({ id: "s2", content: "And!", whenBusy: "steer" });
      expect(await queued()).toEqual(["s1", "s2", "q2"]);
      await finish(run, "1");
      for (const expected of ["s1", "s2", "q2"]) {
        const next = await fixture.responder.started(id);
        expect(next.request.question.id).toBe(expected);
        await finish(next, "!");
      }
    });

    it("is refused and not stored without `queue`, as results of tools, or when 20 wait", async () => {
      const { history, me, id, first, queue, queued } = await answering();
      const refused = { code: "turn_in_progress", turnId: first.turn.id };
      expect(await errorOf(history.startTurn(me, id, { content: "?" }))).toMatchObject(refused);
      expect(await errorOf(queue({ content: "?", whenBusy: "reject" }))).toMatchObject(refused);
      const results: Question = { role: "tool", parts: [{ type: "tool-result", id: "k1", result: 1 }] };
      expect(["conflict", "turn_in_progress"]).toContain(await codeOf(queue(results)));
      for (let n = 1; n <= 20; n += 1) await queue({ id: `n${n}`, content: "?" });
      expect(await errorOf(queue({ content: "?" }))).toMatchObject(refused);
      expect(await queued()).toHaveLength(20);
      await history.deleteQueuedQuestion(me, id, "n7");
      await queue({ id: "n21", content: "?" });
      expect((await queued()).at(-1)).toBe("n21");
    });

    it("is deleted once and never begins; its readers get an error", async () => {
      const { fixture, history, me, id, run, queue, contents, finish, reader } = await answering();
      const { turn, events } = await queue({ id: "q2", content: "Two?" });
      const waits = createReader(events);
      await history.deleteQueuedQuestion(me, id, "q2");
      expect(await codeOf(history.deleteQueuedQuestion(me, id, "q2"))).toBe("message_not_found");
      expect(await codeOf(history.deleteQueuedQuestion(me, id, "q1"))).toBe("message_not_found");
      expect(await codeOf(history.getTurn(me, id, turn.id))).toBe("turn_not_found");
      await waits.rest().catch(() => undefined); // over HTTP its stream is cut off
      expect(waits.answer().parts).toEqual([]);
      await finish(run, "1");
      await reader.rest();
      await ask(fixture, me, id, { content: "Three?" }, ["3"]);
      expect(await contents()).toEqual(["One?", "1", "Three?", "3"]);
    });

    it("is held when the answer is stopped, until it is sent again or deleted, and blocks no other question", async () => {
      const { fixture, history, me, id, first, run, reader, queue, queued, contents, finish } =
        await answering();
      const { turn, events } = await queue({ id: "q2", content: "Two?" });
      await queue({ id: "q3", content: "Three?" });
      const waits = createReader(events);
      await run.emit("1");
      await reader.untilText("1");
      await history.stopTurn(me, id, first.turn.id);
      await waits.rest().catch(() => undefined); // over HTTP its stream is cut off
      expect(waits.answer().parts).toEqual([]);
      expect(await history.listQueuedQuestions(me, id)).toMatchObject([
        { id: "q2", held: true },
        { id: "q3", held: true },
      ]);
      expect(await codeOf(history.followTurn(me, id, turn.id)[Symbol.asyncIterator]().next())).toBe(
        "conflict",
      );
      await ask(fixture, me, id, { content: "Other?" }, ["4"]);
      expect(await queued()).toEqual(["q2", "q3"]);
      // Without `queue`, too: nothing runs.
      const again = createReader((await history.startTurn(me, id, { id: "q3", content: "Three?" })).events);
      const next = await fixture.responder.started(id);
      await queue({ id: "q2", content: "Two?" });
      await finish(next, "3");
      await again.rest();
      await finish(await fixture.responder.started(id), "2");
      await expect.poll(contents).toEqual(["One?", "1", "Other?", "4", "Three?", "3", "Two?", "2"]);
    });

    it("is held when its own turn is stopped", async () => {
      const { history, me, id, queue, contents, run, finish, reader } = await answering();
      const { turn } = await queue({ id: "q2", content: "Two?" });
      expect(await history.stopTurn(me, id, turn.id)).toMatchObject({ id: turn.id, status: "queued" });
      expect(await history.stopTurn(me, id, turn.id)).toMatchObject({ id: turn.id, status: "queued" });
      await finish(run, "1");
      await reader.rest();
      expect(await history.listQueuedQuestions(me, id)).toMatchObject([{ id: "q2", held: true }]);
      expect(await contents()).toEqual(["One?", "1"]);
    });

    it("begins after an answer that failed", async () => {
      const { fixture, id, run, queue, finish } = await answering();
      const reader = createReader((await queue({ id: "q2", content: "Two?" })).events);
      run.fail(new Error("The model is away."));
      await finish(await fixture.responder.started(id), "2");
      await reader.rest();
      expect(reader.answer()).toMatchObject({ status: "complete" });
    });

    it.each<[string, Question, string]>([
      ["goes on", { role: "tool", parts: [{ type: "tool-result", id: "k1", result: 3 }] }, "tool"],
      ["is passed over by another question", { id: "q3", content: "Three?" }, "user"],
    ])("waits while the answer before it waits for a person, until that %s", async (_, passing, role) => {
      const { fixture, history, me, id, reader, run, queue, queued, finish } = await answering();
      await queue({ id: "q2", content: "Two?" });
      await run.emit(CALL);
      run.finish();
      await reader.rest();
      expect(await queued()).toEqual(["q2"]);
      expect((await history.getConversation(me, id)).waitingTurn).not.toBeNull();
      await queue(passing);
      const passed = await fixture.responder.started(id);
      expect(passed.request.question.role).toBe(role);
      await finish(passed, "Paid.");
      const next = await fixture.responder.started(id);
      expect(next.request.question.id).toBe("q2");
      await finish(next, "Yes.");
    });

    it("follows the parent that it names; if that was deleted, it is held and the next one begins", async () => {
      const { fixture, history, me, id, first, reader, run, queue, finish } = await answering();
      await queue({ id: "e1", content: "One, otherwise?", parent: null });
      await queue({ id: "b2", content: "Behind?", parent: first.turn.replyId });
      await queue({ id: "q3", content: "Three?" });
      expect(await history.listQueuedQuestions(me, id)).toMatchObject([
        { id: "e1", parent: null },
        { id: "b2", parent: first.turn.replyId },
        { id: "q3" },
      ]);
      await finish(run, "1");
      await reader.rest();
      const edited = await fixture.responder.started(id);
      expect(edited.request).toMatchObject({ question: { id: "e1" }, history: [] });
      await history.deleteMessage(me, id, first.turn.replyId!);
      await finish(edited, "1'");
      const next = await fixture.responder.started(id);
      expect(next.request.question.id).toBe("q3");
      expect(await history.listQueuedQuestions(me, id)).toMatchObject([{ id: "b2", held: true }]);
      await finish(next, "3");
    });

    it("is deleted by a clear, held by the trash, and not copied by a fork", async () => {
      const { history, me, id, queue, queued, fixture } = await answering();
      await queue({ id: "q2", content: "Two?" });
      const fork = await history.forkConversation(me, id, "q1");
      expect(await history.listQueuedQuestions(me, fork.id)).toEqual([]);
      await history.deleteConversation(me, id);
      expect(await codeOf(history.listQueuedQuestions(me, id))).toBe("conversation_not_found");
      await history.restoreConversation(me, id);
      expect(await history.listQueuedQuestions(me, id)).toMatchObject([{ id: "q2", held: true }]);
      await history.clearMessages(me, id);
      expect(await queued()).toEqual([]);
      await ask(fixture, me, id, { id: "q2", content: "Again?" });
    });

    it("is exported, and erased", async () => {
      const { history, me, id, queue } = await answering();
      await queue({ id: "q2", content: "Two?" });
      const lines = [];
      for await (const line of history.exportData(me)) lines.push(line);
      expect(lines).toContainEqual({
        type: "queued",
        question: expect.objectContaining({ id: "q2", content: "Two?" }) as object,
      });
      await history.eraseData(me);
      expect(await codeOf(history.listQueuedQuestions(me, id))).toBe("conversation_not_found");
    });

    it("cannot be seen, deleted or stopped by another owner, who cannot add one", async () => {
      const { fixture, history, id, queue, queued } = await answering();
      const { turn } = await queue({ id: "q2", content: "Two?" });
      const other = fixture.owner();
      for (const work of [
        () => history.listQueuedQuestions(other, id),
        () => history.deleteQueuedQuestion(other, id, "q2"),
        () => history.stopTurn(other, id, turn.id),
        () => history.getTurn(other, id, turn.id),
        () => history.startTurn(other, id, { id: "q2", content: "Two?", whenBusy: "queue" }),
        () => history.followTurn(other, id, turn.id)[Symbol.asyncIterator]().next(),
      ])
        expect(await codeOf(work())).toMatch(/^(forbidden|conversation_not_found)$/);
      expect(await queued()).toEqual(["q2"]);
    });

    it("among many sent at once to two nodes, begins once, in the order of the list", async () => {
      const { fixture, history, me, id, run, queue, finish } = await answering();
      await using other = await fixture.asRestarted();
      const ids = Array.from({ length: 8 }, (_, n) => `m${n}`);
      await Promise.all(
        ids.map((one, n) =>
          n % 2 === 0
            ? queue({ id: one, content: one })
            : other.startTurn(me, id, { id: one, content: one, whenBusy: "queue" }),
        ),
      );
      const order = (await history.listQueuedQuestions(me, id)).map((one) => one.id);
      expect([...order].sort()).toEqual(ids);
      await finish(run, "1");
      const asked: string[] = [];
      for (const _ of ids) {
        const next = await fixture.responder.started(id);
        asked.push(next.request.question.id);
        await finish(next, "!");
      }
      expect(asked).toEqual(order);
      await expect.poll(async () => (await history.getConversation(me, id)).runningTurn).toBeNull();
      expect((await history.listMessages(me, id)).total).toBe(18);
      expect(fixture.responder.calls(id)).toBe(9);
    });
  });
}
