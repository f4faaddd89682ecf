import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { fromStreamText, toModelMessages } from "@chatkeep/agent";
import type { Responder } from "@chatkeep/protocol";
import { type Model, type ModelReply, startModel } from "@chatkeep/testing";
import { isStepCount, jsonSchema, streamText, tool } from "ai";
import { expect, onTestFinished, test } from "vitest";

import { eventsOf, failureOf, requestFor, textOf } from "./request.ts";

/** A host's own `streamText` call over a fake server that speaks the provider's protocol. */
async function openHost(
  reply: () => ModelReply,
  tools: Parameters<typeof streamText>[0]["tools"] = {},
): Promise<{ model: Model; respond: Responder }> {
  const model = await startModel({ reply });
  onTestFinished(() => model.close());
  const provider = createOpenAICompatible({ name: "fake", baseURL: model.url });
  const respond: Responder = (request) =>
    fromStreamText(
      streamText({
        model: provider("fake"),
        tools,
        stopWhen: isStepCount(2),
        maxRetries: 0,
        messages: toModelMessages(request),
        abortSignal: request.signal,
        onError: () => undefined,
      }),
    );
  return { model, respond };
}

const asked = { question: "And you?", history: [{ role: "user" as const, content: "I am Ada." }] };

test("a host's own streamText call answers with its text and usage, from the history once", async () => {
  const { model, respond } = await openHost(() => ({ steps: ["I am a model."] }));
  const events = await eventsOf(respond(requestFor(asked)));
  expect(events.map((event) => (typeof event === "string" ? "text" : event.type))).toContain("text");
  expect(events.at(-1)).toMatchObject({ type: "model", model: "fake" });
  expect(model.requests[0]?.body.messages).toEqual([
    { role: "user", content: "I am Ada." },
    { role: "user", content: "And you?" },
  ]);
});

test("a model that answers 500 is told as the model's failure, not as an empty answer", async () => {
  const { respond } = await openHost(() => ({ status: 500, message: "overloaded" }));
  expect((await failureOf(respond(requestFor(asked)))).failure).toEqual({
    code: "model_error",
    detail: "The model failed. Ask again in a moment.",
  });
});

test("calls of the host's tools are kept with the string that the model wrote, and their results", async () => {
  let calls = 0;
  const { respond } = await openHost(
    () =>
      (calls += 1) === 1
        ? {
            steps: [
              { type: "calls", calls: [{ id: "call-1", name: "look_up", arguments: '{ "day": "Monday" }' }] },
            ],
          }
        : { steps: ["It rains."] },
    {
      look_up: tool({
        inputSchema: jsonSchema<{ day: string }>({ type: "object", properties: { day: { type: "string" } } }),
        execute: ({ day }) => ({ [day]: "rain" }),
      }),
    },
  );
  const events = await eventsOf(respond(requestFor(asked)));
  expect(events).toContainEqual({
    type: "tool-call",
    id: "call-1",
    name: "look_up",
    arguments: '{ "day": "Monday" }',
  });
  expect(events).toContainEqual({ type: "tool-result", id: "call-1", result: { Monday: "rain" } });
});

test("a host's own call goes on with an answer whose node died: no call is left open, no word comes twice", async () => {
  const model = await startModel({
    reply: () => ({ steps: ["Oslo has 3 degrees today,", " and some rain."] }),
  });
  onTestFinished(() => model.close());
  const provider = createOpenAICompatible({ name: "fake", baseURL: model.url });
  const request = requestFor({
    question: "And Oslo?",
    answer: [
      { type: "tool-call", id: "a", name: "look", arguments: "{}" },
      { type: "text", text: "Oslo has 3 degrees today," },
    ],
  });
  const messages = toModelMessages(request);
  const result = streamText({ model: provider("fake"), messages, abortSignal: request.signal });
  const events = await eventsOf(fromStreamText(result, request));
  expect(events[0]).toEqual({
    type: "tool-result",
    id: "a",
    result: expect.stringContaining("Whether look took effect is not known"),
    error: true,
  });
  expect(textOf(events)).toBe(" and some rain.");
  expect(model.requests[0]?.body.messages.map(({ role }) => role)).toEqual([
    "user",
    "assistant",
    "tool",
    "assistant",
    "user",
  ]);
});
