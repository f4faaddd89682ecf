import { contextOf } from "@chatkeep/core";
import type { Message, MessageInput, MessageStatus, Part } from "@chatkeep/protocol";
import type { ModelMessage } from "ai";
import fc from "fast-check";
import { expect, test } from "vitest";

import { toModelMessages } from "../src/model/messages.ts";
import { storedMessage } from "./request.ts";

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

/** Messages as any door could have stored them: calls without results, results without calls, in any order. */
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
