import { randomUUID } from "node:crypto";

import {
  type Citation,
  type History,
  type Message,
  type MessageInput,
  type Owner,
  type Role,
  userIdOf,
} from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { type OpenedFixture, errorOf, newConversation } from "./fixture.ts";

const MILLISECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const CITATION: Citation = {
  path: "docs/intro.md",
  chapter: "Introduction",
  section: "What it is",
  anchor: "what-it-is",
  quote: "It is…",
  score: 0.92,
  url: "/book/docs/intro.md#what-it-is",
};

/** appendMessages. */
export function describeMessages(open: OpenedFixture): void {
  describe("appendMessages", () => {
    it("gives the stored messages, numbered on from the last, and another node reads them at once", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const first = await fixture.history.appendMessages(me, id, [
        { role: "user", content: "What is it?" },
        { role: "assistant", content: "A memory." },
      ]);
      const second = await fixture.history.appendMessages(me, id, [{ role: "user", content: "And why?" }]);
      expect([...first, ...second].map(({ seq, role, content }) => [seq, role, content])).toEqual([
        [1, "user", "What is it?"],
        [2, "assistant", "A memory."],
        [3, "user", "And why?"],
      ]);
      await using other = await fixture.asRestarted();
      expect(await listed(other, me, id)).toEqual([...first, ...second]);
    });

    it("takes 500,000 characters of text in several messages, and stores none of more", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const messages = Array.from({ length: 50 }, () => ({
        role: "user" as const,
        content: "字".repeat(10_000),
      }));
      expect(await fixture.history.appendMessages(me, id, messages)).toHaveLength(50);
      const more = [...messages, { role: "user" as const, content: "More." }];
      expect(await errorOf(fixture.history.appendMessages(me, id, more))).toMatchObject({
        code: "payload_too_large",
        pointer: "/messages",
      });
      expect((await fixture.history.listMessages(me, id, { limit: 1 })).total).toBe(50);
    });

    it("fills in what was not given", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const [message] = await fixture.history.appendMessages(me, id, [{ role: "user", content: "Hello" }]);
      expect(message).toEqual({
        id: expect.stringMatching(/^[!-~]{1,128}$/) as string,
        seq: 1,
        conversationId: id,
        userId: userIdOf(me),
        parentId: null,
        versions: { index: 1, count: 1 },
        turnId: null,
        role: "user",
        status: "complete",
        parts: [{ type: "text", text: "Hello" }],
        content: "Hello",
        toolCalls: null,
        toolCallId: null,
        citations: null,
        contextText: null,
        intent: null,
        processed: null,
        model: null,
        usage: null,
        error: null,
        metadata: null,
        feedback: null,
        createdAt: expect.stringMatching(MILLISECONDS) as string,
        updatedAt: expect.stringMatching(MILLISECONDS) as string,
      });
    });

    it("keeps all that can be given", async () => {
      const given = {
        id: randomUUID(),
        role: "assistant",
        parts: [
          { type: "reasoning", text: "Let me see." },
          { type: "text", text: "It is" },
          { type: "tool-call", id: "k1", name: "find", arguments: '{ "b": 1, "a": 2 }' },
          { type: "tool-result", id: "k1", result: { found: [1] } },
          { type: "tool-result", id: "k2", result: "It broke.", error: true },
          { type: "citation", citation: CITATION },
          { type: "file", url: "https://example.org/a.png", mime: "image/png", name: "a.png" },
          { type: "data", name: "chart", data: { rows: [] }, id: "d1" },
          { type: "text", text: " a memory." },
        ],
        contextText: "the selection",
        intent: "ask",
        processed: true,
        model: "small",
        usage: { inputTokens: 1, outputTokens: null, totalTokens: 3 },
        metadata: { a: [null] },
      } satisfies MessageInput;
      const fixture = open();
      const { history } = fixture;
      const { me, id } = await newConversation(fixture);
      const [message] = await history.appendMessages(me, id, [given]);
      expect(message).toMatchObject(given);
      expect(message).toMatchObject({
        content: "It is a memory.",
        toolCalls: [
          { id: "k1", type: "function", function: { name: "find", arguments: '{ "b": 1, "a": 2 }' } },
        ],
        toolCallId: null,
        citations: [CITATION],
      });
      expect(await listed(history, me, id)).toEqual([message]);
    });

    it("makes parts of the shorthands", async () => {
      const fixture = open();
      const { history } = fixture;
      const { me, id } = await newConversation(fixture);
      const call = { id: "k1", type: "function", function: { name: "add", arguments: '{"title":"Milk"}' } };
      const messages = await history.appendMessages(me, id, [
        { role: "assistant", content: "", toolCalls: [call] },
        { role: "tool", content: "Added.", toolCallId: "k1" },
        { role: "assistant", content: "Done.", citations: [CITATION] },
      ]);
      expect(messages).toMatchObject([
        { content: "", toolCalls: [call], toolCallId: null, citations: null },
        { content: "Added.", toolCalls: null, toolCallId: "k1", citations: null },
        { content: "Done.", toolCalls: null, toolCallId: null, citations: [CITATION] },
      ]);
      expect(messages.map(({ parts }) => parts.map(({ type }) => type))).toEqual([
        ["tool-call"],
        ["tool-result"],
        ["text", "citation"],
      ]);
    });

    it("keeps tool calls of any form as they were given", async () => {
      const fixture = open();
      const { history } = fixture;
      const { me, id } = await newConversation(fixture);
      const forms = [{ id: "k1", name: "add", args: { title: "Milk" } }, [], "add()", [1, null], { k1: [] }];
      for (const toolCalls of forms) {
        const [message] = await history.appendMessages(me, id, [
          { role: "assistant", content: "Done.", toolCalls },
        ]);
        expect(message).toMatchObject({ content: "Done.", toolCalls });
      }
    });

    it.each(["system", "user", "assistant", "tool"] satisfies Role[])("takes the role %s", async (role) => {
      const fixture = open();
      const { history } = fixture;
      const { me, id } = await newConversation(fixture);
      const [message] = await history.appendMessages(me, id, [{ role, content: "Hello" }]);
      expect(message).toMatchObject({ role, content: "Hello" });
    });

    it.each<[string, MessageInput]>([
      ["another role", { role: "owner" as Role, content: "Hello" }],
      ["no content", { role: "user" }],
      ["empty content", { role: "user", content: "" }],
      ["blank content", { role: "user", content: " \n\t\u00a0" }],
      ["no parts", { role: "assistant", parts: [] }],
      ["blank parts", { role: "user", parts: [{ type: "text", text: " " }] }],
      ["an answer of nothing", { role: "assistant", content: "" }],
      ["10,001 code points of a person", { role: "user", content: "😀".repeat(10_001) }],
      ["an id with a space", { role: "user", content: "Hello", id: "a b" }],
      ["an empty id", { role: "user", content: "Hello", id: "" }],
      ["an id of 129", { role: "user", content: "Hello", id: "x".repeat(129) }],
    ])("refuses %s, and stores nothing of what came with it", async (_what, wrong) => {
      const fixture = open();
      const { history } = fixture;
      const { me, id } = await newConversation(fixture);
      const good: MessageInput = { role: "user", content: "Hello" };
      const error = await errorOf(history.appendMessages(me, id, [good, wrong, good]));
      expect(error).toMatchObject({ code: "invalid_request" });
      expect(error?.pointer).toBeTruthy();
      expect(await history.getConversation(me, id)).toMatchObject({ messageCount: 0, title: null });
      const [next] = await history.appendMessages(me, id, [good]);
      expect(next?.seq).toBe(1);
    });

    it("takes 10,000 code points of a person, and far more of an answer", async () => {
      const fixture = open();
      const { history } = fixture;
      const { me, id } = await newConversation(fixture);
      const long = "😀".repeat(10_000);
      const messages = await history.appendMessages(me, id, [
        { role: "user", content: long },
        { role: "assistant", content: long.repeat(3) },
      ]);
      expect(messages.map(({ content }) => content === long || content === long.repeat(3))).toEqual([
        true,
        true,
      ]);
    });

    it("numbers 1 to 100 without a gap when 100 append at once from two nodes", async () => {
      const fixture = open();
      const { history, asRestarted } = fixture;
      const { me, id } = await newConversation(fixture);
      await using other = await asRestarted();
      const stored = await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          (index % 2 === 0 ? history : other).appendMessages(me, id, [
            { role: "user", content: `message ${index}` },
          ]),
        ),
      );
      const numbers = stored.flat().map(({ seq }) => seq);
      expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
      const all = await listed(history, me, id);
      expect(all.map(({ seq }) => seq)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
      expect(new Set(all.map(({ content }) => content)).size).toBe(100);
    });

    it("keeps the messages of one call together and in order, however many call at once", async () => {
      const fixture = open();
      const { history } = fixture;
      const { me, id } = await newConversation(fixture);
      const batches = await Promise.all(
        Array.from({ length: 20 }, (_, batch) =>
          history.appendMessages(
            me,
            id,
            [0, 1, 2].map((place) => ({ role: "user", content: `${batch}:${place}` })),
          ),
        ),
      );
      for (const [batch, messages] of batches.entries()) {
        const first = messages[0]!.seq;
        expect(messages.map(({ seq, content }) => [seq, content])).toEqual(
          [0, 1, 2].map((place) => [first + place, `${batch}:${place}`]),
        );
      }
    });

    it("stores an id once and gives the stored message again", async () => {
      const fixture = open();
      const { history, asRestarted } = fixture;
      const { me, id } = await newConversation(fixture);
      const given: MessageInput = { id: randomUUID(), role: "user", content: "Hello" };
      const first = await history.appendMessages(me, id, [given]);
      await using other = await asRestarted();
      expect(await other.appendMessages(me, id, [given])).toEqual(first);
      expect(await history.getConversation(me, id)).toMatchObject({ messageCount: 1 });
    });

    it("stores one row when 20 send the same id at once", async () => {
      const fixture = open();
      const { history, asRestarted } = fixture;
      const { me, id } = await newConversation(fixture);
      await using other = await asRestarted();
      const given: MessageInput = { id: randomUUID(), role: "user", content: "Hello" };
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? history : other).appendMessages(me, id, [given]),
        ),
      );
      expect(all).toEqual(Array.from({ length: 20 }, () => all[0]));
      expect(await listed(history, me, id)).toEqual(all[0]);
    });

    it("refuses a call that names an id twice, and stores nothing of it", async () => {
      const fixture = open();
      const { history } = fixture;
      const { me, id } = await newConversation(fixture);
      const given: MessageInput = { id: randomUUID(), role: "user", content: "Hello" };
      expect(await errorOf(history.appendMessages(me, id, [given, given]))).toMatchObject({
        code: "invalid_request",
      });
      expect(await listed(history, me, id)).toEqual([]);
    });

    it("gives the stored and the new ones in the order in which they were given", async () => {
      const fixture = open();
      const { history } = fixture;
      const { me, id } = await newConversation(fixture);
      const known: MessageInput = { id: randomUUID(), role: "user", content: "known" };
      await history.appendMessages(me, id, [known]);
      const stored = await history.appendMessages(me, id, [
        { role: "user", content: "before" },
        known,
        { role: "user", content: "after" },
      ]);
      expect(stored.map(({ seq, content }) => [seq, content])).toEqual([
        [2, "before"],
        [1, "known"],
        [3, "after"],
      ]);
      const [next] = await history.appendMessages(me, id, [{ role: "user", content: "next" }]);
      expect(next?.seq).toBe(4);
    });

    it.each<[string, Partial<MessageInput>]>([
      ["text", { content: "Good bye" }],
      ["role", { role: "assistant" }],
      ["selected text", { contextText: "a selection" }],
    ])("refuses a known id with another %s, and stores nothing of the call", async (_what, change) => {
      const fixture = open();
      const { history } = fixture;
      const { me, id } = await newConversation(fixture);
      const given: MessageInput = { id: randomUUID(), role: "user", content: "Hello" };
      const first = await history.appendMessages(me, id, [given]);
      const error = await errorOf(
        history.appendMessages(me, id, [
          { role: "user", content: "new" },
          { ...given, ...change },
        ]),
      );
      expect(error).toMatchObject({ code: "idempotency_mismatch", status: 409 });
      expect(await listed(history, me, id)).toEqual(first);
      const [next] = await history.appendMessages(me, id, [{ role: "user", content: "next" }]);
      expect(next?.seq).toBe(2);
    });

    it("knows an id by its conversation: another conversation may hold it too", async () => {
      const fixture = open();
      const { history } = fixture;
      const { me, id } = await newConversation(fixture);
      const other = await history.createConversation(me);
      const message = randomUUID();
      await history.appendMessages(me, id, [{ id: message, role: "user", content: "here" }]);
      const stored = await history.appendMessages(me, other.conversation.id, [
        { id: message, role: "user", content: "there" },
      ]);
      expect(stored).toMatchObject([{ id: message, seq: 1, content: "there" }]);
    });

    it("shows the latest message as the preview, also after a retry of an earlier one", async () => {
      const fixture = open();
      const { history } = fixture;
      const { me, id } = await newConversation(fixture);
      const first: MessageInput = { id: randomUUID(), role: "user", content: "first" };
      await history.appendMessages(me, id, [first]);
      await history.appendMessages(me, id, [{ role: "assistant", content: "second" }]);
      await history.appendMessages(me, id, [first]);
      expect(await history.getConversation(me, id)).toMatchObject({ messageCount: 2, preview: "second" });
    });

    it("says that there is no conversation of an unknown id", async () => {
      const { history, owner } = open();
      const error = await errorOf(
        history.appendMessages(owner(), randomUUID(), [{ role: "user", content: "Hello" }]),
      );
      expect(error).toMatchObject({ code: "conversation_not_found" });
    });
  });
}

async function listed(history: History, owner: Owner, id: string): Promise<readonly Message[]> {
  return (await history.listMessages(owner, id, { limit: 100 })).messages;
}
