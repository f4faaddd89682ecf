import { createModelResponder } from "@chatkeep/agent";
import { contextOf } from "@chatkeep/core";
import type { Message, MessageInput, MessageStatus, Part } from "@chatkeep/protocol";
import { startModel } from "@chatkeep/testing";
import { fc } from "@chatkeep/testing/properties";
import type { ModelMessage } from "ai";
import { expect, onTestFinished, test } from "vitest";

import { toModelMessages } from "../src/model/messages.ts";
import { eventsOf, requestFor, storedMessage } from "./request.ts";

const id = fc.integer({ min: 1, max: 6 }).map((n) => `call_${n}`);
const text = fc.constantFrom("", "a", "some words").map((value): Part => ({ type: "text", text: value }));
const call = id.map((value): Part => ({ type: "tool-call", id: value, name: "look", arguments: "{}" }));
const result = id.map((value): Part => ({ type: "tool-result", id: value, result: "found" }));
const status = fc.constantFrom<MessageStatus>(
  "complete",
  "complete",
  "complete",
  "stopped",
  "interrupted",
  "failed",
);

/** Messages as any API could have stored them: calls without results, results without calls, in any order. */
const message = fc.oneof(
  text.map((part): [MessageInput, MessageStatus] => [{ role: "user", parts: [part] }, "complete"]),
  fc
    .tuple(fc.array(fc.oneof(text, call, result), { maxLength: 5 }), status)
    .map(([parts, state]): [MessageInput, MessageStatus] => [{ role: "assistant", parts }, state]),
  result.map((part): [MessageInput, MessageStatus] => [{ role: "tool", parts: [part] }, "complete"]),
  fc.constant<[MessageInput, MessageStatus]>([
    { role: "system", parts: [{ type: "text", text: "Be brief." }] },
    "complete",
  ]),
);

/** What OpenAI and Anthropic refuse: results that do not stand right behind the message with their calls, calls without. */
function faultsOf(messages: readonly ModelMessage[]): string[] {
  const faults: string[] = [];
  let open = new Set<string>();
  for (const [index, { role, content }] of messages.entries()) {
    if (content.length === 0) faults.push(`${index} is empty`);
    if (role === "tool") {
      for (const part of content) {
        if (part.type === "tool-result" && !open.delete(part.toolCallId))
          faults.push(`${index} answers no call`);
      }
      continue;
    }
    if (open.size > 0) faults.push(`before ${index} a call has no result`);
    open = new Set();
    if (role !== "assistant" || typeof content === "string") continue;
    for (const part of content) if (part.type === "tool-call") open.add(part.toolCallId);
  }
  if (open.size > 0) faults.push("the last call has no result");
  if (messages[0]?.role === "assistant" || messages[0]?.role === "tool")
    faults.push("it begins with an answer");
  return faults;
}

test("no cut of any conversation with tools is refused by a provider (A13)", () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 14 }), (made) => {
      const stored = made.map(([input, state], index): Message => ({
        ...storedMessage(input, index + 1),
        status: state,
      }));
      const question = storedMessage({ role: "user", content: "And now?" }, stored.length + 1);
      for (let from = 0; from <= stored.length; from += 1) {
        const history = contextOf(stored.slice(from));
        expect(faultsOf(toModelMessages({ history, question }))).toEqual([]);
      }
    }),
    { numRuns: 500 },
  );
});

interface OpenAiMessage {
  readonly role: string;
  readonly content?: unknown;
  readonly tool_calls?: readonly { readonly id: string }[];
  readonly tool_call_id?: string;
}

/** What OpenAI answers with 400: "messages with role 'tool' must be a response to a preceding message with 'tool_calls'". */
function openAiFaults(messages: readonly OpenAiMessage[]): string[] {
  const faults: string[] = [];
  const open = new Set<string>();
  for (const [
    index,
    { role, content, tool_calls: calls = [], tool_call_id: id = "" },
  ] of messages.entries()) {
    if (role === "tool") {
      if (!open.delete(id)) faults.push(`${index} answers no call`);
      continue;
    }
    if (open.size > 0) faults.push(`before ${index} a call has no result`);
    if ((content ?? "") === "" && calls.length === 0) faults.push(`${index} is empty`);
    for (const call of calls) open.add(call.id);
  }
  return open.size > 0 ? [...faults, "the last call has no result"] : faults;
}

interface AnthropicMessage {
  readonly role: string;
  readonly content: readonly {
    readonly type: string;
    readonly text?: string;
    readonly id?: string;
    readonly tool_use_id?: string;
  }[];
}

/** What Anthropic answers with 400: "`tool_use` ids were found without `tool_result` blocks immediately after", and the like; messages of one role in a row it joins. */
function anthropicFaults(messages: readonly AnthropicMessage[]): string[] {
  const faults: string[] = [];
  let open: string[] = [];
  for (const [index, { role, content }] of messages.entries()) {
    if (index === 0 && role !== "user") faults.push("it does not begin with the user");
    if (content.length === 0) faults.push(`${index} is empty`);
    if (content.some(({ type, text: said }) => type === "text" && said?.trim() === "")) {
      faults.push(`${index} holds an empty text`);
    }
    const results = content.flatMap(({ tool_use_id: id }) => id ?? []);
    if (results.toSorted().join() !== open.toSorted().join())
      faults.push(`${index} does not answer the calls before`);
    const first = content.findIndex(({ type }) => type !== "tool_result");
    if (first !== -1 && content.slice(first).some(({ type }) => type === "tool_result")) {
      faults.push(`${index} has a result behind something else`);
    }
    open = content.flatMap(({ type, id }) => (type === "tool_use" ? (id ?? []) : []));
  }
  return open.length > 0 ? [...faults, "the last calls have no results"] : faults;
}

test.each([
  ["openai/fake", (body: unknown) => openAiFaults((body as { messages: OpenAiMessage[] }).messages)],
  ["anthropic/fake", (body: unknown) => anthropicFaults((body as { messages: AnthropicMessage[] }).messages)],
])(
  "%s is sent nothing that it refuses, wherever a conversation with tools is cut (A13)",
  async (name, faults) => {
    const model = await startModel();
    onTestFinished(() => model.close());
    const respond = createModelResponder({ model: name, baseUrl: model.url, apiKey: "key" });
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 14 }), fc.nat(14), async (made, from) => {
        const stored = made.map(([input, state], index): Message => ({
          ...storedMessage(input, index + 1),
          status: state,
        }));
        const request = requestFor({ question: "And now?" });
        const question = { ...request.question, id: "the question" };
        const asked = model.requests.length;
        await eventsOf(respond({ ...request, question, history: contextOf(stored.slice(from)) }));
        expect(faults(model.requests[asked]!.body)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  },
);
