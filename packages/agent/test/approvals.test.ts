import { createModelResponder } from "@chatkeep/agent";
import {
  type MessageInput,
  type Part,
  type ResponderEvent,
  createEncoder,
  createFold,
} from "@chatkeep/protocol";
import { type Model, promptOf } from "@chatkeep/testing";
import { jsonSchema, tool } from "ai";
import { describe, expect, test } from "vitest";

import { start } from "./model-server.ts";
import { type Asked, eventsOf, requestFor, textOf } from "./request.ts";

const CALL = { type: "tool-call", id: "call_a", name: "pay", arguments: '{"sum":3}' } as const;

/** A tool that a person must approve, and the calls that were made of it. */
function payments(metadata?: { readonly idempotent: true }) {
  const made: unknown[] = [];
  const pay = tool({
    ...(metadata === undefined ? {} : { metadata }),
    inputSchema: jsonSchema<{ sum: number }>({ type: "object", properties: { sum: { type: "number" } } }),
    needsApproval: true,
    execute: (input) => {
      made.push(input);
      return { paid: input.sum };
    },
  });
  return { made, tools: { pay } };
}

function ask(model: Model, asked: Omit<Asked, "question">, tools: ReturnType<typeof payments>["tools"]) {
  const respond = createModelResponder({ model: "openai-compatible/fake", baseUrl: model.url, tools });
  return eventsOf(respond(requestFor({ question: "Pay 3", ...asked })));
}

function partsOf(events: readonly ResponderEvent[]): readonly Part[] {
  const [encoder, fold] = [createEncoder(), createFold()];
  for (const chunk of [...events.flatMap((event) => encoder.encode(event)), ...encoder.end()])
    fold.push(chunk);
  return fold.answer().parts;
}

const asked = (parts: readonly Part[]): MessageInput[] => [
  { role: "user", content: "Pay 3" },
  { role: "assistant", parts },
];
const REQUEST: Part = { type: "approval-request", id: "a1", call: "call_a" };
const history = asked([CALL, REQUEST]);
const approved: Part = { type: "approval", id: "a1", approved: true };

describe("a tool that needs an approval", () => {
  test("is not run before a person answers", async () => {
    const model = await start(() => ({ steps: [{ type: "calls", calls: [CALL] }] }));
    const { made, tools } = payments();
    const parts = partsOf(await ask(model, {}, tools));
    expect(parts).toEqual([
      CALL,
      { type: "approval-request", id: expect.any(String) as string, call: "call_a" },
    ]);
    expect(made).toEqual([]);
    expect(model.requests).toHaveLength(1);
  });

  test("is run once it is approved, and the model goes on with its result", async () => {
    const model = await start(() => ({ steps: ["Paid."] }));
    const { made, tools } = payments();
    const events = await ask(model, { history, answers: [approved] }, tools);
    expect(made).toEqual([{ sum: 3 }]);
    expect(events[0]).toEqual({ type: "tool-result", id: "call_a", result: { paid: 3 } });
    expect(textOf(events)).toBe("Paid.");
    const sent = JSON.stringify(promptOf(model.requests[0]!.body));
    expect(sent).toContain("call_a");
    expect(sent).toContain("paid");
  });

  test("is not run when it is denied, and the model is told why", async () => {
    const model = await start(() => ({ steps: ["I did not pay."] }));
    const { made, tools } = payments();
    const denied: Part = { type: "approval", id: "a1", approved: false, reason: "too much" };
    const events = await ask(model, { history, answers: [denied] }, tools);
    expect(made).toEqual([]);
    expect(events[0]).toEqual({
      type: "tool-result",
      id: "call_a",
      result: "too much",
      error: true,
      denied: true,
    });
    expect(JSON.stringify(promptOf(model.requests[0]!.body))).toContain("too much");
  });

  test("is not run again after the node died that may have run it", async () => {
    const model = await start(() => ({ steps: ["I do not know whether it is paid."] }));
    const { made, tools } = payments();
    const events = await ask(model, { history, answers: [approved], answer: [], attempt: 2 }, tools);
    expect(made).toEqual([]);
    expect(events[0]).toMatchObject({ type: "tool-result", id: "call_a", error: true });
  });

  test("is not run before a person answers either when the node died that asked for the approval", async () => {
    const model = await start(() => ({ steps: ["Paid."] }));
    const { made, tools } = payments({ idempotent: true });
    const events = await ask(model, { answer: [CALL, REQUEST] }, tools);
    expect(made).toEqual([]);
    // The call stays open for the person.
    expect(events).toEqual([]);
    expect(model.requests).toEqual([]);
  });

  test("is not run when the node died before it asked for the approval, and the model is told", async () => {
    const model = await start(() => ({ steps: ["I ask again."] }));
    const { made, tools } = payments({ idempotent: true });
    const events = await ask(model, { answer: [CALL] }, tools);
    expect(made).toEqual([]);
    expect(events[0]).toMatchObject({ type: "tool-result", id: "call_a", error: true });
    expect(textOf(events)).toBe("I ask again.");
  });

  test("is run again once it is approved if it is idempotent", async () => {
    const model = await start(() => ({ steps: ["Paid."] }));
    const { made, tools } = payments({ idempotent: true });
    await ask(model, { history, answers: [approved], answer: [], attempt: 2 }, tools);
    expect(made).toEqual([{ sum: 3 }]);
  });

  test("is not run again when its result is committed", async () => {
    const model = await start(() => ({ steps: ["Paid."] }));
    const { made, tools } = payments();
    const answer: Part[] = [{ type: "tool-result", id: "call_a", result: { paid: 3 } }];
    const events = await ask(model, { history, answers: [approved], answer }, tools);
    expect(made).toEqual([]);
    expect(textOf(events)).toBe("Paid.");
    expect(JSON.stringify(promptOf(model.requests[0]!.body))).toContain("paid");
  });
});
