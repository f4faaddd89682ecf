import { randomUUID } from "node:crypto";

import { type Question, type ResponderEvent, ResponderError, contentOf, userIdOf } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { type OpenedFixture, ask, collect, createReader, errorOf, newConversation } from "./fixture.ts";

const MILLISECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const CITATION = {
  path: "docs/intro.md",
  chapter: "Introduction",
  section: "What it is",
  anchor: "what-it-is",
  quote: "It is…",
  score: 0.92,
  url: "/book/docs/intro.md#what-it-is",
};

/** An answer with a piece of every kind. */
const EVENTS: readonly ResponderEvent[] = [
  { type: "reasoning", text: "Let me see. " },
  { type: "reasoning", text: "Yes." },
  "I will ",
  "look it up.",
  { type: "tool-call-delta", id: "k1", name: "find", delta: '{ "b": 1,' },
  { type: "tool-call-delta", id: "k1", name: "find", delta: ' "a": 2 }' },
  { type: "tool-call", id: "k1", name: "find", arguments: '{ "b": 1, "a": 2 }' },
  { type: "tool-result", id: "k1", result: { found: [1, 2] } },
  { type: "tool-call", id: "k2", name: "find", arguments: "{oops" },
  { type: "tool-result", id: "k2", result: "It broke.", error: true },
  { type: "citation", citation: CITATION },
  { type: "citation", citation: { ...CITATION, url: null } },
  { type: "file", url: "https://example.org/a.png", mime: "image/png" },
  { type: "data", name: "progress", data: 0.5, id: "p" },
  { type: "data", name: "progress", data: 1, id: "p" },
  { type: "text", text: "Done." },
  { type: "intent", intent: "create_todo", processed: true },
  { type: "model", model: "small", usage: { inputTokens: 3, outputTokens: 5, totalTokens: 8 } },
];

/** startTurn and getTurn. */
export function describeTurns(open: OpenedFixture): void {
  describe("startTurn", () => {
    it("has committed the question when the responder is called: another node reads it", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await using other = await fixture.asRestarted();
      const { turn } = await fixture.history.startTurn(me, id, { content: "What is it?" });
      const run = await fixture.responder.started(id);
      const { messages, total } = await other.listMessages(me, id);
      expect(messages).toMatchObject([
        { id: turn.messageId, seq: 1, role: "user", status: "complete", content: "What is it?" },
        { id: turn.replyId, seq: 2, role: "assistant", status: "streaming", content: "", turnId: turn.id },
      ]);
      expect(total).toBe(2);
      run.finish();
    });

    it("resolves while the responder has said nothing, with the running turn", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const { turn } = await fixture.history.startTurn(me, id, { content: "What is it?" });
      expect(turn).toEqual({
        id: expect.any(String) as string,
        conversationId: id,
        status: "running",
        messageId: expect.any(String) as string,
        replyId: expect.any(String) as string,
        persisted: true,
        error: null,
        createdAt: expect.stringMatching(MILLISECONDS) as string,
        settledAt: null,
      });
      expect((await fixture.history.getTurn(me, id, turn.id)).turn).toEqual(turn);
      (await fixture.responder.started(id)).finish();
    });

    it("gives the responder the question, the conversation and what was said before, once", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const elsewhere = await fixture.history.createConversation(me);
      await ask(fixture, me, elsewhere.conversation.id, { content: "Elsewhere?" }, ["Elsewhere."]);
      await ask(fixture, me, id, { content: "First?" }, ["One."]);
      const { run, turn } = await ask(fixture, me, id, {
        content: "Second?",
        contextText: "the selection",
        metadata: { page: 3 },
      });
      const { request } = run;
      expect(userIdOf(request.owner)).toBe(userIdOf(me));
      expect(request.conversation.id).toBe(id);
      expect(request.turnId).toBe(turn.id);
      expect(request.question).toMatchObject({
        id: turn.messageId,
        content: "Second?",
        contextText: "the selection",
        metadata: { page: 3 },
      });
      expect(request.history.map(({ role, content }) => [role, content])).toEqual([
        ["user", "First?"],
        ["assistant", "One."],
      ]);
    });

    it("streams numbered events from the start to the finish, under the ids that are stored", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const { turn, events } = await ask(fixture, me, id, { content: "What is it?" }, EVENTS);
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
      expect(events[0]?.chunk).toMatchObject({
        type: "start",
        messageId: turn.replyId,
        messageMetadata: {
          turn_id: turn.id,
          conversation_id: id,
          message_id: turn.messageId,
          persisted: true,
        },
      });
      expect(events.at(-1)?.chunk.type).toBe("finish");
      const { messages } = await fixture.history.listMessages(me, id);
      expect(messages.map((message) => message.id)).toEqual([turn.messageId, turn.replyId]);
    });

    it("stores what it showed: a reload equals what was seen live", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const question = { content: "What is it?", contextText: "the selection", metadata: { page: 3 } };
      const { turn, answer } = await ask(fixture, me, id, question, EVENTS);
      await using other = await fixture.asRestarted();
      const { messages } = await other.listMessages(me, id);
      expect(messages[0]).toMatchObject({ role: "user", turnId: turn.id, ...question });
      expect(messages[1]).toMatchObject({
        role: "assistant",
        turnId: turn.id,
        status: "complete",
        parts: answer.parts,
        content: contentOf(answer.parts),
        model: "small",
        usage: { inputTokens: 3, outputTokens: 5, totalTokens: 8 },
        intent: "create_todo",
        processed: true,
        error: null,
      });
      expect(JSON.stringify(messages[1]?.parts)).toBe(JSON.stringify(answer.parts));
      expect(answer.parts.map(({ type }) => type)).toEqual([
        "reasoning",
        "text",
        "tool-call",
        "tool-result",
        "tool-call",
        "tool-result",
        "citation",
        "citation",
        "file",
        "data",
        "text",
      ]);
      expect(messages[1]).toMatchObject({
        citations: [CITATION, { ...CITATION, url: null }],
        toolCalls: [
          { id: "k1", type: "function", function: { name: "find", arguments: '{ "b": 1, "a": 2 }' } },
          { id: "k2", type: "function", function: { name: "find", arguments: "{oops" } },
        ],
      });
    });

    it("lists the answer as streaming, as far as it was shown, on every node", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await using other = await fixture.asRestarted();
      const { turn, events } = await fixture.history.startTurn(me, id, { content: "What is it?" });
      const reader = createReader(events);
      const run = await fixture.responder.started(id);
      let text = "";
      for (const piece of ["A ", "memory", " of 😀"]) {
        await run.emit(piece);
        text += piece;
        await reader.untilText(text);
        for (const history of [other, fixture.history]) {
          const { messages, total } = await history.listMessages(me, id);
          expect(messages.at(-1)).toMatchObject({ id: turn.replyId, status: "streaming", content: text });
          expect(total).toBe(2);
          const state = await history.getTurn(me, id, turn.id);
          expect(state).toMatchObject({
            turn: { status: "running", settledAt: null },
            message: { id: turn.messageId },
            reply: { id: turn.replyId, status: "streaming", content: text },
          });
        }
      }
      run.finish();
      await reader.rest();
    });

    it("numbers messages that are appended while it runs after its own", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const { events } = await fixture.history.startTurn(me, id, { content: "First?" });
      const reader = createReader(events);
      const run = await fixture.responder.started(id);
      const [appended] = await fixture.history.appendMessages(me, id, [
        { role: "system", content: "A note." },
      ]);
      expect(appended?.seq).toBe(3);
      await run.emit("One.");
      run.finish();
      await reader.rest();
      await ask(fixture, me, id, { content: "Second?" }, ["Two."]);
      const { messages, total } = await fixture.history.listMessages(me, id);
      expect(messages.map(({ seq, content }) => [seq, content])).toEqual([
        [1, "First?"],
        [2, "One."],
        [3, "A note."],
        [4, "Second?"],
        [5, "Two."],
      ]);
      expect(total).toBe(5);
    });

    it("is settled when the stream has ended: complete, with its time, and the conversation free", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const { turn } = await ask(fixture, me, id, { content: "What is it?" });
      const state = await fixture.history.getTurn(me, id, turn.id);
      expect(state.turn).toEqual({
        ...turn,
        status: "complete",
        settledAt: expect.stringMatching(MILLISECONDS) as string,
      });
      const { messages } = await fixture.history.listMessages(me, id);
      expect([state.message, state.reply]).toEqual(messages);
      expect((await fixture.history.getConversation(me, id)).runningTurn).toBeNull();
    });

    it("settles an answer of nothing too", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const { turn } = await ask(fixture, me, id, { content: "What is it?" }, []);
      const state = await fixture.history.getTurn(me, id, turn.id);
      expect(["complete", "failed"]).toContain(state.turn.status);
      expect(state.reply?.status).toBe(state.turn.status);
      await ask(fixture, me, id, { content: "Again?" }, ["Yes."]);
    });

    it("is failed when the responder throws; the text so far is kept, and its error never shown", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const { turn, events } = await fixture.history.startTurn(me, id, { content: "What is it?" });
      const reader = createReader(events);
      const run = await fixture.responder.started(id);
      await run.emit("It is a");
      run.fail(new Error("secret: connect ECONNREFUSED 10.0.0.1"));
      await reader.rest();
      const state = await fixture.history.getTurn(me, id, turn.id);
      expect(state.turn).toMatchObject({ status: "failed", error: { code: "model_error" } });
      expect(state.reply).toMatchObject({
        status: "failed",
        content: "It is a",
        error: state.turn.error,
      });
      expect(reader.answer()).toMatchObject({
        status: "failed",
        error: state.turn.error,
        parts: state.reply?.parts,
      });
      expect(JSON.stringify([state, reader.seen])).not.toContain("secret");
      const next = await ask(fixture, me, id, { content: "Again?" });
      expect(next.answer.status).toBe("complete");
    });

    it("is failed in the responder's own words when it has some", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const { turn, events } = await fixture.history.startTurn(me, id, { content: "What is it?" });
      const reader = createReader(events);
      const run = await fixture.responder.started(id);
      const failure = { code: "model_busy", detail: "The model is busy. Ask again in a minute." };
      run.fail(new ResponderError(failure));
      await reader.rest();
      expect(reader.answer()).toMatchObject({ status: "failed", error: failure, parts: [] });
      const state = await fixture.history.getTurn(me, id, turn.id);
      expect(state).toMatchObject({
        turn: { status: "failed", error: failure },
        reply: { status: "failed", error: failure, content: "" },
      });
    });

    it.each<[string, Question]>([
      ["nothing", {}],
      ["empty text", { content: "" }],
      ["blank text", { content: " \n\t\u00a0" }],
      ["blank parts", { parts: [{ type: "text", text: " " }] }],
      ["no parts", { parts: [] }],
      ["10,001 code points", { content: "😀".repeat(10_001) }],
      ["both content and parts", { content: "Hello", parts: [{ type: "text", text: "Hello" }] }],
      ["an id with a space", { id: "a b", content: "Hello" }],
    ])("refuses %s, stores nothing and asks nobody", async (_what, question) => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const error = await errorOf(fixture.history.startTurn(me, id, question));
      expect(error).toMatchObject({ code: "invalid_request" });
      expect(await fixture.history.getConversation(me, id)).toMatchObject({
        messageCount: 0,
        runningTurn: null,
        waitingTurn: null,
      });
      expect(fixture.responder.calls(id)).toBe(0);
    });

    it("takes 10,000 code points", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const { run } = await ask(fixture, me, id, { content: "😀".repeat(10_000) });
      expect(run.request.question.content).toBe("😀".repeat(10_000));
    });

    it("says that there is no conversation of an unknown id", async () => {
      const { history, owner } = open();
      const error = await errorOf(history.startTurn(owner(), randomUUID(), { content: "Hello" }));
      expect(error).toMatchObject({ code: "conversation_not_found" });
    });
  });

  describe("getTurn", () => {
    it("says that there is no turn of an unknown id, whatever its form", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      for (const turn of [randomUUID(), "nope", "'; drop table turns; --"]) {
        expect(await errorOf(fixture.history.getTurn(me, id, turn.replaceAll(" ", "_")))).toMatchObject({
          code: "turn_not_found",
        });
      }
    });

    it("knows a turn by its conversation", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const other = await fixture.history.createConversation(me);
      const { turn } = await ask(fixture, me, id, { content: "What is it?" });
      const where = [me, other.conversation.id, turn.id] as const;
      expect(await errorOf(fixture.history.getTurn(...where))).toMatchObject({ code: "turn_not_found" });
      expect(await errorOf(fixture.history.stopTurn(...where))).toMatchObject({ code: "turn_not_found" });
      expect(await errorOf(collect(fixture.history.followTurn(...where)))).toMatchObject({
        code: "turn_not_found",
      });
    });
  });
}
