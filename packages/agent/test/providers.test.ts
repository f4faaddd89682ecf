import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import {
  type ModelResponderOptions,
  createEmbedding,
  createModelResponder,
  createModelTasks,
} from "@chatkeep/agent";
import { EmbeddingRefused } from "@chatkeep/core";
import type { ResponderEvent } from "@chatkeep/protocol";
import { type Model, type ModelOptions, type ModelStep, holdTimers, startModel } from "@chatkeep/testing";
import { type LanguageModel, jsonSchema, tool } from "ai";
import { describe, expect, onTestFinished, test } from "vitest";

import { type Asked, eventsOf, failureOf, requestFor, storedMessage, textOf } from "./request.ts";

type Options = Partial<ModelResponderOptions>;

async function start(options: ModelOptions = {}): Promise<Model> {
  const model = await startModel(options);
  onTestFinished(() => model.close());
  return model;
}

const weather = tool({
  description: "The weather of a city",
  inputSchema: jsonSchema<{ city: string }>({
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
  }),
  execute: ({ city }) => ({ city, degrees: 3 }),
});

const CALL: ModelStep = {
  type: "calls",
  calls: [{ id: "call_a", name: "weather", arguments: '{"city":"Oslo"}' }],
};

/** A conversation with a tool call, and how each provider's own rules want it sent. */
const HISTORY: Asked["history"] = [
  { role: "user", content: "Weather in Rome?" },
  {
    role: "assistant",
    parts: [
      { type: "tool-call", id: "call_r", name: "weather", arguments: '{"city":"Rome"}' },
      { type: "tool-result", id: "call_r", result: { degrees: 20 } },
      { type: "text", text: "20 degrees." },
    ],
  },
];

/** One red pixel. */
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==";
const ANSWER = { role: "assistant", content: "A red one." } as const;

const PROVIDERS = [
  {
    name: "openai-compatible",
    key: (headers: Record<string, unknown>) => String(headers["authorization"]).slice("Bearer ".length),
    path: "/v1/chat/completions",
    sent: {
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Weather in Rome?" },
        {
          role: "assistant",
          tool_calls: [{ id: "call_r", function: { name: "weather", arguments: '{"city":"Rome"}' } }],
        },
        { role: "tool", tool_call_id: "call_r", content: '{"degrees":20}' },
        { role: "assistant", content: "20 degrees." },
        { role: "user", content: "And in Oslo?" },
      ],
      tools: [{ type: "function", function: { name: "weather", parameters: { required: ["city"] } } }],
    },
    resultSent: {
      messages: expect.arrayContaining([
        { role: "tool", tool_call_id: "call_a", content: '{"city":"Oslo","degrees":3}' },
      ]) as unknown,
    },
    imageSent: {
      messages: [
        {
          content: [
            { type: "text", text: "What is this?" },
            { type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } },
            { type: "text" },
            { type: "text" },
          ],
        },
        {},
        {},
      ],
    },
  },
  {
    name: "anthropic",
    // One that the library knows: of others it says that it guesses the maximum of tokens.
    id: "claude-sonnet-4-5",
    key: (headers: Record<string, unknown>) => headers["x-api-key"],
    path: "/v1/messages",
    sent: {
      system: [{ type: "text", text: "Be brief." }],
      messages: [
        { role: "user", content: [{ type: "text", text: "Weather in Rome?" }] },
        {
          role: "assistant",
          content: [{ type: "tool_use", id: "call_r", name: "weather", input: { city: "Rome" } }],
        },
        {
          role: "user",
          content: [{ type: "tool_result", tool_use_id: "call_r", content: '{"degrees":20}' }],
        },
        { role: "assistant", content: [{ type: "text", text: "20 degrees." }] },
        { role: "user", content: [{ type: "text", text: "And in Oslo?" }] },
      ],
      tools: [{ name: "weather", input_schema: { type: "object", required: ["city"] } }],
    },
    resultSent: {
      messages: expect.arrayContaining([
        {
          role: "assistant",
          content: [
            { type: "text", text: "Let me look." },
            { type: "tool_use", id: "call_a", name: "weather", input: { city: "Oslo" } },
          ],
        },
        {
          role: "user",
          content: [{ type: "tool_result", tool_use_id: "call_a", content: '{"city":"Oslo","degrees":3}' }],
        },
      ]) as unknown,
    },
    imageSent: {
      messages: [
        {
          content: [
            { type: "text", text: "What is this?" },
            { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
            { type: "text" },
            { type: "text" },
          ],
        },
        {},
        {},
      ],
    },
  },
  {
    name: "google",
    key: (headers: Record<string, unknown>) => headers["x-goog-api-key"],
    path: "/v1/models/fake:streamGenerateContent?alt=sse",
    sent: {
      systemInstruction: { parts: [{ text: "Be brief." }] },
      contents: [
        { role: "user", parts: [{ text: "Weather in Rome?" }] },
        { role: "model", parts: [{ functionCall: { name: "weather", args: { city: "Rome" } } }] },
        { role: "user", parts: [{ functionResponse: { name: "weather" } }] },
        { role: "model", parts: [{ text: "20 degrees." }] },
        { role: "user", parts: [{ text: "And in Oslo?" }] },
      ],
      tools: [{ functionDeclarations: [{ name: "weather" }] }],
    },
    resultSent: {
      contents: expect.arrayContaining([
        expect.objectContaining({
          role: "user",
          parts: [
            {
              functionResponse: expect.objectContaining({
                name: "weather",
                response: expect.objectContaining({ content: { city: "Oslo", degrees: 3 } }) as unknown,
              }) as unknown,
            },
          ],
        }),
      ]) as unknown,
    },
    imageSent: {
      contents: [
        {
          parts: [
            { text: "What is this?" },
            { inlineData: { mimeType: "image/png", data: PNG } },
            { text: expect.any(String) as string },
            { text: expect.any(String) as string },
          ],
        },
        {},
        {},
      ],
    },
  },
];

describe.each(PROVIDERS)("$name/…", ({ name, id = "fake", key, path, sent, resultSent, imageSent }) => {
  const ask = (model: Model, asked: Asked, options: Options = {}): AsyncIterable<ResponderEvent> =>
    createModelResponder({ model: `${name}/${id}`, baseUrl: model.url, apiKey: "sk-secret", ...options })(
      requestFor(asked),
    );
  test("is sent system prompt, history, calls with their results and tools by its own rules", async () => {
    const model = await start();
    const asked = { question: "And in Oslo?", history: HISTORY };
    await eventsOf(ask(model, asked, { system: "Be brief.", tools: { weather } }));
    const { url, headers, body } = model.requests[0]!;
    expect(url).toBe(path);
    expect(key(headers)).toBe("sk-secret");
    expect(body).toMatchObject(sent);
  });

  test.each([{}, { tools: { weather } }])(
    "an image within the message is shown, another file only named: %o",
    async (options) => {
      const model = await start();
      const file = (url: string, mime: string, of: string) => ({
        type: "file" as const,
        url,
        mime,
        name: of,
      });
      const parts = [
        { type: "text" as const, text: "What is this?" },
        file(`data:image/png;base64,${PNG}`, "image/png", "a.png"),
        file("https://example.org/b.png", "image/png", "b.png"),
        file("data:image/svg+xml,%3Csvg/%3E", "image/svg+xml", "c.svg"),
      ];
      await eventsOf(
        ask(model, { question: "And now?", history: [{ role: "user", parts }, ANSWER] }, options),
      );
      const told = JSON.stringify(model.requests[0]!.body);
      expect(told.split(PNG)).toHaveLength(2);
      expect(told).toContain("[file: b.png, image/png]");
      expect(told).toContain("[file: c.svg, image/svg+xml]");
      expect(told).not.toMatch(/example\.org|%3Csvg/);
      expect(model.requests[0]!.body).toMatchObject(imageSent);
    },
  );

  test("a tool that it has not is not there, and what it said stays", async () => {
    const model = await start({ reply: () => ({ steps: ["Let me look.", CALL] }) });
    const events = await eventsOf(ask(model, { question: "Weather?" }));
    expect(textOf(events)).toBe("Let me look.");
    expect(events).toContainEqual({
      type: "tool-call",
      id: "call_a",
      name: "weather",
      arguments: '{"city":"Oslo"}',
    });
    const result = "There is no tool named weather.";
    expect(events).toContainEqual({ type: "tool-result", id: "call_a", result, error: true });
    expect(model.requests).toHaveLength(1);
  });

  test("text comes piece by piece, each handed on before the next, then usage with its cost", async () => {
    const next = Promise.withResolvers<void>();
    const model = await start({
      reply: () => ({
        steps: (async function* () {
          yield "Cold";
          await next.promise;
          yield " today.";
        })(),
      }),
    });
    const answer = ask(model, { question: "How is it?" }, { price: { input: 1_000_000, output: 2_000_000 } });
    const events = answer[Symbol.asyncIterator]();
    expect((await events.next()).value).toEqual({ type: "text", text: "Cold" });
    next.resolve();
    const rest = await eventsOf({ [Symbol.asyncIterator]: () => events });
    expect(textOf(rest)).toBe(" today.");
    // One message in, two pieces out.
    expect(rest.at(-1)).toMatchObject({
      type: "model",
      model: id,
      usage: { inputTokens: 1, outputTokens: 2, cost: 5 },
    });
  });

  test("reasoning is told from text", async () => {
    const model = await start({ reply: () => ({ steps: [{ type: "reasoning", text: "Hm." }, "Yes."] }) });
    const events = await eventsOf(ask(model, { question: "Sure?" }));
    const said = events.filter((event) => typeof event !== "string" && "text" in event && event.text !== "");
    expect(said).toMatchObject([
      { type: "reasoning", text: "Hm." },
      { type: "text", text: "Yes." },
    ]);
  });

  test("a tool is called, run, and its result given back; then the answer goes on", async () => {
    const model = await start({
      reply: ({ index }) => ({ steps: index === 0 ? ["Let me look.", CALL] : ["3 degrees."] }),
    });
    const events = await eventsOf(ask(model, { question: "Weather?" }, { tools: { weather } }));
    expect(events.filter((event) => typeof event !== "string" && event.type === "tool-call")).toEqual([
      { type: "tool-call", id: "call_a", name: "weather", arguments: '{"city":"Oslo"}' },
    ]);
    expect(events.filter((event) => typeof event !== "string" && event.type === "tool-result")).toEqual([
      { type: "tool-result", id: "call_a", result: { city: "Oslo", degrees: 3 } },
    ]);
    expect(textOf(events)).toBe("Let me look.3 degrees.");
    expect(model.requests).toHaveLength(2);
    expect(model.requests[1]!.body).toMatchObject(resultSent);
  });

  test.each([
    [401, "key", 1],
    [404, "not found", 1],
    [400, "did not accept", 1],
    [429, "overloaded", 3],
    [500, "failed", 3],
    [529, "failed", 3],
  ])("refused with %i: model_error, one sentence, no key", async (status, words, requests) => {
    const model = await start({
      reply: () => ({ status, message: "sk-secret is not it", headers: { "retry-after-ms": "1" } }),
    });
    const { failure, cause } = await failureOf(ask(model, { question: "My secret plan" }));
    expect(failure.code).toBe("model_error");
    expect(failure.detail).toContain(words);
    expect(model.requests).toHaveLength(requests);
    const told = JSON.stringify([failure, cause, String(cause), { ...(cause as object) }]);
    expect(told).not.toMatch(/sk-secret|secret plan|127\.0\.0\.1/);
  });

  test("a request that failed is repeated when the provider says", async () => {
    let asked = 0;
    const busy = { status: 503, message: "busy", headers: { "retry-after": "0" } };
    const model = await start({ reply: () => ((asked += 1) < 3 ? busy : { steps: ["Here."] }) });
    // Without a word of it the second is asked after 2 s, the third after 4 s more.
    using _ = holdTimers(2000);
    expect(textOf(await eventsOf(ask(model, { question: "Hello?" })))).toBe("Here.");
    expect(model.requests).toHaveLength(3);
  });

  test.each<[string, ModelStep]>([
    ["an error in the middle", { type: "error", message: "overloaded" }],
    ["a chunk that cannot be read", { type: "raw", data: '{"type":"content_block' }],
    ["a chunk of another shape", { type: "raw", data: '{"candidates":7,"type":7,"choices":7}' }],
    ["a connection that is cut", { type: "cut" }],
  ])("%s: the text so far, then model_error; asked once", async (_, fault) => {
    const heard = Promise.withResolvers<void>();
    const model = await start({
      reply: () => ({
        steps: (async function* () {
          yield "Well";
          await heard.promise;
          yield fault;
        })(),
      }),
    });
    const answer = ask(model, { question: "Hello?" })[Symbol.asyncIterator]();
    expect((await answer.next()).value).toEqual({ type: "text", text: "Well" });
    const next = failureOf({ [Symbol.asyncIterator]: () => answer });
    heard.resolve();
    expect((await next).failure.code).toBe("model_error");
    expect(model.requests).toHaveLength(1);
  });

  test("names a conversation without a stream", async () => {
    const model = await start({ reply: () => ({ steps: ["“Weather in Oslo.”"] }) });
    const { generateTitle } = createModelTasks({ model: `${name}/${id}`, baseUrl: model.url, apiKey: "k" });
    const question = storedMessage({ role: "user", content: "How cold is Oslo?" }, 1);
    const signal = new AbortController().signal;
    expect(await generateTitle({ question, answer: "3 degrees.", signal })).toBe("Weather in Oslo");
  });
});

describe.each(["openai", "openai-compatible", "google"])("embeddings of %s/…", (name) => {
  const signal = new AbortController().signal;
  const embeddingOf = (model: Model) =>
    createEmbedding({ model: `${name}/fake`, baseUrl: model.url, apiKey: "sk-secret" });

  test("are a vector a text, in their order", async () => {
    const model = await start({ embed: (texts) => texts.map((text) => [text.length, 1]) });
    expect(await embeddingOf(model).embed(["one", "three"], signal)).toEqual([
      [3, 1],
      [5, 1],
    ]);
    expect(await embeddingOf(model).embed(["one"], signal)).toEqual([[3, 1]]);
  });

  test.each([
    [400, true],
    [401, false],
    [429, false],
    [503, false],
  ])("refused with %i: told once, and neither text nor key with it", async (status, forGood) => {
    const model = await start({ embed: (texts) => ({ status, message: `sk-secret ${texts.join()}` }) });
    const error = await embeddingOf(model)
      .embed(["my plan"], signal)
      .then(
        () => undefined,
        (reason: unknown) => reason as Error,
      );
    expect(error instanceof EmbeddingRefused).toBe(forGood);
    expect(error?.message).toContain(String(status));
    expect(`${error?.stack} ${String(error?.cause)}`).not.toMatch(/my plan|sk-secret/);
    expect(model.requests).toHaveLength(1);
  });
});

test("a model of the AI SDK answers as an object, with tools, and so does one of an earlier version", async () => {
  const server = await start({ reply: ({ index }) => ({ steps: index === 1 ? [CALL] : ["3 degrees."] }) });
  const given = createOpenAICompatible({ name: "own", baseURL: server.url })("llama");
  const plain = createModelResponder({ model: given });
  expect(textOf(await eventsOf(plain(requestFor({ question: "Weather in Oslo?" }))))).toBe("3 degrees.");
  expect(server.requests[0]?.body.model).toBe("llama");
  const withTools = createModelResponder({ model: given, tools: { weather } });
  expect(textOf(await eventsOf(withTools(requestFor({ question: "Weather in Oslo?" }))))).toBe("3 degrees.");
  // Version 3 streams the same parts.
  const earlier = Object.create(given, { specificationVersion: { value: "v3" } }) as LanguageModel & object;
  const answered = createModelResponder({ model: earlier });
  expect(textOf(await eventsOf(answered(requestFor({ question: "And now?" }))))).toBe("3 degrees.");
});
