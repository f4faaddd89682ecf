import { randomUUID } from "node:crypto";

import type { Citation, Message, MessageInput, Part, ResponderEvent } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { fc } from "../properties.ts";
import { anyJson, anyJsonObject, anyString, anyText } from "../values.ts";
import { type OpenedFixture, ask, collect, newConversation } from "./fixture.ts";

/** Each run is several requests; strings and objects are small and many to a run. */
const RUNS = { numRuns: 40 };

const anyCitation: fc.Arbitrary<Citation> = fc.record(
  {
    path: anyText,
    chapter: anyString,
    section: fc.option(anyString),
    anchor: fc.option(anyString),
    quote: fc.option(anyString),
    score: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    url: fc.option(anyString),
  },
  { noNullPrototype: true },
);

const plain = { noNullPrototype: true };

const anyPart: fc.Arbitrary<Part> = fc.oneof(
  fc.record({ type: fc.constant("text"), text: anyString }, plain),
  fc.record({ type: fc.constant("reasoning"), text: anyString }, plain),
  fc.record({ type: fc.constant("tool-call"), id: anyText, name: anyText, arguments: anyString }, plain),
  fc.record({ type: fc.constant("tool-result"), id: anyText, result: anyJson }, plain),
  fc.record({ type: fc.constant("citation"), citation: anyCitation }, plain),
  fc.record({ type: fc.constant("file"), url: anyText, mime: anyText, name: anyString }, plain),
  fc.record({ type: fc.constant("data"), name: anyText, data: anyJson, id: anyText }, plain),
);

const anyInput: fc.Arbitrary<MessageInput> = fc.record(
  {
    role: fc.constantFrom("system", "user", "assistant", "tool"),
    parts: fc
      .array(anyPart, { maxLength: 5 })
      .map((parts): Part[] => [...parts, { type: "text", text: "not blank" }]),
    contextText: fc.option(anyText),
    intent: fc.option(anyText),
    processed: fc.option(fc.boolean()),
    model: fc.option(anyText),
    metadata: fc.option(anyJsonObject),
  },
  plain,
);

const anyEvent: fc.Arbitrary<ResponderEvent> = fc.oneof(
  anyString,
  fc.record({ type: fc.constantFrom("text", "reasoning"), text: anyString }, plain),
  fc.record({ type: fc.constant("citation"), citation: anyCitation }, plain),
  fc.record({ type: fc.constant("tool-call"), id: anyText, name: anyText, arguments: anyString }, plain),
  fc.record({ type: fc.constant("tool-result"), id: anyText, result: anyJson }, plain),
  fc.record(
    { type: fc.constant("tool-result"), id: anyText, result: anyText, error: fc.constant(true) },
    plain,
  ),
  fc.record({ type: fc.constant("file"), url: anyText, mime: anyText }, plain),
  fc.record({ type: fc.constant("data"), name: anyText, data: anyJson }, plain),
  fc.record({ type: fc.constant("intent"), intent: anyText, processed: fc.boolean() }, plain),
  fc.record({ type: fc.constant("model"), model: anyText }, plain),
);

/** Any JavaScript string and any JSON value that is given comes back equal, down to the order of keys. */
export function describeRoundTrip(open: OpenedFixture): void {
  describe("bytes in, bytes out", () => {
    it("of messages: parts, tool arguments, selected text, metadata", async () => {
      const fixture = open();
      await using other = await fixture.asRestarted();
      const { me, id } = await newConversation(fixture);
      await fc.assert(
        fc.asyncProperty(fc.array(anyInput, { minLength: 1, maxLength: 3 }), async (inputs) => {
          const stored = await fixture.history.appendMessages(me, id, inputs);
          const { messages } = await other.listMessages(me, id, { limit: inputs.length });
          expect(textOf(stored, inputs)).toBe(JSON.stringify(inputs));
          expect(textOf(messages, inputs)).toBe(JSON.stringify(inputs));
        }),
        RUNS,
      );
    });

    it("of the shorthands: content and tool calls of any form", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await fc.assert(
        fc.asyncProperty(anyText, anyJson, async (content, toolCalls) => {
          await fixture.history.appendMessages(me, id, [{ role: "assistant", content, toolCalls }]);
          const { messages } = await fixture.history.listMessages(me, id, { limit: 1 });
          expect(messages[0]?.content).toBe(content);
          expect(JSON.stringify(messages[0]?.toolCalls)).toBe(JSON.stringify(toolCalls));
        }),
        RUNS,
      );
    });

    it("of message ids and their retries: the same strings are the same body", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await fc.assert(
        fc.asyncProperty(anyInput, async (input) => {
          const given = { ...input, id: randomUUID() };
          const first = await fixture.history.appendMessages(me, id, [given]);
          expect(await fixture.history.appendMessages(me, id, [given])).toEqual(first);
        }),
        RUNS,
      );
    });

    it("of conversations: scope, label, title, metadata", async () => {
      const fixture = open();
      await using other = await fixture.asRestarted();
      const me = fixture.owner();
      const anyInit = fc.record(
        { scope: anyText, scopeLabel: anyText, title: anyText, metadata: anyJsonObject },
        plain,
      );
      await fc.assert(
        fc.asyncProperty(anyInit, anyText, anyJsonObject, async (given, title, metadata) => {
          const init = { ...given, scope: `${randomUUID()} ${given.scope}` };
          const { conversation } = await fixture.history.createConversation(me, init);
          const read = async (): Promise<object> => {
            const { scope, scopeLabel, title, metadata } = await other.getConversation(me, conversation.id);
            return { scope, scopeLabel, title, metadata };
          };
          expect(JSON.stringify(await read())).toBe(JSON.stringify(init));
          const again = await other.createConversation(me, { scope: init.scope });
          expect([again.created, again.conversation.id]).toEqual([false, conversation.id]);
          const page = await other.listConversations(me, { scope: init.scope });
          expect(page.conversations.map((found) => found.id)).toEqual([conversation.id]);
          await fixture.history.updateConversation(me, conversation.id, { title, metadata });
          expect(JSON.stringify(await read())).toBe(JSON.stringify({ ...init, title, metadata }));
        }),
        RUNS,
      );
    });

    it("of turns: the question, its selected text and metadata", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const anyQuestion = fc.record(
        { content: anyText, contextText: anyText, metadata: anyJsonObject },
        plain,
      );
      await fc.assert(
        fc.asyncProperty(anyQuestion, async (question) => {
          const { run, turn } = await ask(fixture, me, id, question);
          const { message } = await fixture.history.getTurn(me, id, turn.id);
          for (const { content, contextText, metadata } of [run.request.question, message]) {
            expect(JSON.stringify({ content, contextText, metadata })).toBe(JSON.stringify(question));
          }
        }),
        RUNS,
      );
    });

    it("of answers: what was streamed is what is stored is what is replayed", async () => {
      const fixture = open();
      await using other = await fixture.asRestarted();
      const { me, id } = await newConversation(fixture);
      await fc.assert(
        fc.asyncProperty(fc.array(anyEvent, { maxLength: 8 }), async (events) => {
          const live = await ask(fixture, me, id, { content: "Hello" }, [...events, "end"]);
          const { reply } = await other.getTurn(me, id, live.turn.id);
          const { parts, model, intent, processed } = live.answer;
          expect(JSON.stringify(reply?.parts)).toBe(JSON.stringify(parts));
          expect(reply).toMatchObject({ model, intent, processed, status: "complete" });
          const replayed = await collect(other.followTurn(me, id, live.turn.id));
          expect(JSON.stringify(replayed)).toBe(JSON.stringify(live.events));
        }),
        RUNS,
      );
    });
  });
}

/** What `messages` hold of what was given, in the order of keys in which it was given. */
function textOf(messages: readonly Message[], inputs: readonly MessageInput[]): string {
  return JSON.stringify(
    messages.map((message, index) =>
      Object.fromEntries(Object.keys(inputs[index] ?? {}).map((key) => [key, message[key as keyof Message]])),
    ),
  );
}
