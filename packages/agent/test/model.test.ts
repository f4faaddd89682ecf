import { type ProviderOptions, createModelResponder } from "@chatkeep/agent";
import type { Part } from "@chatkeep/protocol";
import { type Model, type ModelReply, startModel } from "@chatkeep/testing";
import { jsonSchema, tool } from "ai";
import { describe, expect, test } from "vitest";

import { start } from "./model-server.ts";
import { type Asked, eventsOf, failureOf, requestFor, textOf } from "./request.ts";

type Options = Partial<Parameters<typeof createModelResponder>[0]>;

function ask(
  model: Model,
  asked: Asked,
  options: Options = {},
): ReturnType<ReturnType<typeof createModelResponder>> {
  const respond = createModelResponder({ model: "openai-compatible/fake", baseUrl: model.url, ...options });
  return respond(requestFor(asked));
}

describe("what the model is sent", () => {
  test("the history once, oldest first, and the question once, last", async () => {
    const model = await start();
    const events = await eventsOf(
      ask(
        model,
        {
          question: "And at night?",
          contextText: "The moon is a rock.",
          history: [
            { role: "user", content: "What colour is the sky?" },
            { role: "assistant", content: "Blue." },
          ],
        },
        { system: "Be brief.", apiKey: "secret-key" },
      ),
    );

    expect(model.requests).toHaveLength(1);
    const { body, headers } = model.requests[0]!;
    expect(headers.authorization).toBe("Bearer secret-key");
    expect(body).toMatchObject({ model: "fake", stream: true, stream_options: { include_usage: true } });
    expect(body.messages).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "What colour is the sky?" },
      { role: "assistant", content: "Blue." },
      {
        role: "user",
        content:
          "I have selected this text:\n<selected_text>\nThe moon is a rock.\n</selected_text>\n\nAnd at night?",
      },
    ]);
    expect(textOf(events)).toContain("You said: I have selected this text:");
    expect(events.at(-1)).toEqual({
      type: "model",
      model: "fake",
      usage: {
        inputTokens: 4,
        outputTokens: expect.any(Number),
        totalTokens: expect.any(Number),
        cachedTokens: 0,
        reasoningTokens: 0,
      },
    });
  });

  test("calls stand before their results, and neither is ever alone", async () => {
    const model = await start();
    await eventsOf(
      ask(model, {
        question: "Thanks",
        history: [
          { role: "tool", toolCallId: "lost", content: "a result whose call is not in the window" },
          { role: "user", content: "Weather in Oslo and Rome?" },
          {
            role: "assistant",
            parts: [
              { type: "reasoning", text: "Two calls." },
              { type: "tool-call", id: "a", name: "weather", arguments: '{ "city":"Oslo" }' },
              { type: "tool-call", id: "b", name: "weather", arguments: "{not json" },
              { type: "tool-call", id: "c", name: "weather", arguments: '{"city":"never answered"}' },
              { type: "tool-result", id: "a", result: { degrees: 3 } },
              { type: "tool-result", id: "b", result: "The arguments do not fit.", error: true },
              { type: "text", text: "Oslo has 3 degrees." },
            ],
          },
          { role: "user", content: "And Bergen?" },
          {
            role: "assistant",
            content: "",
            toolCalls: [
              { id: "d", type: "function", function: { name: "weather", arguments: '{"city":"Bergen"}' } },
            ],
          },
          { role: "tool", toolCallId: "d", content: "rain" },
          { role: "assistant", content: "Rain." },
        ],
      }),
    );

    expect(model.requests[0]!.body.messages).toEqual([
      { role: "user", content: "Weather in Oslo and Rome?" },
      {
        role: "assistant",
        content: null,
        tool_calls: [
          { id: "a", type: "function", function: { name: "weather", arguments: '{ "city":"Oslo" }' } },
          { id: "b", type: "function", function: { name: "weather", arguments: "{}" } },
        ],
      },
      { role: "tool", tool_call_id: "a", content: '{"degrees":3}' },
      { role: "tool", tool_call_id: "b", content: "The arguments do not fit." },
      { role: "assistant", content: "Oslo has 3 degrees." },
      { role: "user", content: "And Bergen?" },
      {
        role: "assistant",
        content: null,
        tool_calls: [
          { id: "d", type: "function", function: { name: "weather", arguments: '{"city":"Bergen"}' } },
        ],
      },
      { role: "tool", tool_call_id: "d", content: "rain" },
      { role: "assistant", content: "Rain." },
      { role: "user", content: "Thanks" },
    ]);
  });
});

describe("what the model says", () => {
  test("tools are run, in parallel, and their results are given back to the model", async () => {
    const ran: string[] = [];
    const weather = tool({
      description: "The weather of a city",
      inputSchema: jsonSchema<{ city: string }>({
        type: "object",
        properties: { city: { type: "string" } },
        required: ["city"],
      }),
      execute: ({ city }) => {
        if (city === "Atlantis") throw new Error("There is no city named Atlantis.");
        ran.push(city);
        return { city, degrees: 3 };
      },
    });
    const calls = [
      { id: "a", name: "weather", arguments: '{ "city": "Oslo" }' },
      { id: "b", name: "weather", arguments: '{"city":"Atlantis"}' },
      { id: "c", name: "weather", arguments: '{"city":' },
      { id: "d", name: "time", arguments: "{}" },
    ];
    const model = await start(({ index }) =>
      index === 0 ? { steps: ["Let me look.", { type: "calls", calls }] } : { steps: ["3 degrees."] },
    );
    const events = await eventsOf(ask(model, { question: "Weather?" }, { tools: { weather } }));

    expect(ran).toEqual(["Oslo"]);
    const deltas = events.filter((event) => typeof event !== "string" && event.type === "tool-call-delta");
    expect(
      deltas
        .filter((event) => event.id === "a")
        .map((event) => event.delta)
        .join(""),
    ).toBe('{ "city": "Oslo" }');
    expect(events.filter((event) => typeof event !== "string" && event.type === "tool-call")).toEqual(
      calls.map((call) => ({ type: "tool-call", ...call })),
    );
    const results = events.filter((event) => typeof event !== "string" && event.type === "tool-result");
    expect(results.toSorted((a, b) => a.id.localeCompare(b.id))).toEqual([
      { type: "tool-result", id: "a", result: { city: "Oslo", degrees: 3 } },
      { type: "tool-result", id: "b", result: "There is no city named Atlantis.", error: true },
      { type: "tool-result", id: "c", result: "The arguments do not fit the tool weather.", error: true },
      { type: "tool-result", id: "d", result: "There is no tool named time.", error: true },
    ]);
    expect(textOf(events)).toBe("Let me look.3 degrees.");
    const given = model.requests[1]!.body.messages.filter((message) => message.role === "tool");
    expect(new Set(given.map((message) => message.tool_call_id))).toEqual(new Set(["a", "b", "c", "d"]));
  });

  test("a model that is steered ends after the results of its tools, and is asked with them next", async () => {
    const steering = new AbortController();
    const look = tool({
      inputSchema: jsonSchema({ type: "object" }),
      execute: () => {
        steering.abort();
        return "found";
      },
    });
    const model = await start(({ index }) =>
      index === 0
        ? { steps: [{ type: "calls", calls: [{ id: "a", name: "look", arguments: "{}" }] }] }
        : { steps: ["Done."] },
    );
    const asked = { question: "Go.", steered: steering.signal };
    const events = await eventsOf(ask(model, asked, { tools: { look } }));
    expect(events).toContainEqual({ type: "tool-result", id: "a", result: "found" });
    expect(textOf(events)).toBe("");
    expect(model.requests).toHaveLength(1);
    const parts = events.filter(
      (event) => typeof event !== "string" && /^tool-(call|result)$/.test(event.type),
    );
    const history = [
      { role: "user", content: "Go." },
      { role: "assistant", parts: parts as Part[] },
    ] as const;
    expect(textOf(await eventsOf(ask(model, { question: "Faster!", history }, { tools: { look } })))).toBe(
      "Done.",
    );
    expect(model.requests[1]!.body.messages.map(({ role }) => role)).toEqual([
      "user",
      "assistant",
      "tool",
      "user",
    ]);
  });

  test("a model that calls tools for ever is ended after maxSteps answers", async () => {
    const again = tool({ inputSchema: jsonSchema({ type: "object" }), execute: () => "again" });
    const model = await start(({ index }) => ({
      steps: [{ type: "calls", calls: [{ id: `call-${index}`, name: "again", arguments: "{}" }] }],
    }));
    await eventsOf(ask(model, { question: "Go." }, { tools: { again }, maxSteps: 3 }));
    expect(model.requests).toHaveLength(3);
  });
});

describe("a model that fails", () => {
  test("not reachable at all: model_error", async () => {
    const model = await startModel();
    await model.close();
    const { failure } = await failureOf(ask(model, { question: "Hello?" }, { retries: 0 }));
    expect(failure).toEqual({
      code: "model_error",
      detail: "The model cannot be reached. Ask again in a moment.",
    });
  });

  test("nothing said at all: model_error", async () => {
    const model = await start(() => ({ steps: [] }));
    const { failure } = await failureOf(ask(model, { question: "Hello?" }));
    expect(failure).toEqual({ code: "model_error", detail: "The model gave an empty answer. Ask again." });
  });

  test.each<[string, ModelReply]>([
    ["before the status line", { silent: true }],
    ["before the first token", { steps: [{ type: "hang" }] }],
    ["between two tokens", { steps: ["Well", { type: "hang" }] }],
  ])("a hang %s: model_timeout, and the connection is given up", async (_, reply) => {
    const model = await start(() => reply);
    const timeout = { firstToken: 100, nextToken: 100 };
    const { failure } = await failureOf(ask(model, { question: "Hello?" }, { timeout }));
    expect(failure.code).toBe("model_timeout");
    expect(failure.detail).toContain("0.1 s");
    await expect(model.requests[0]!.ended).resolves.toBe("aborted");
  });

  test("a tool that hangs: model_timeout", async () => {
    const slow = tool({
      inputSchema: jsonSchema({ type: "object" }),
      execute: () => new Promise<string>(() => undefined),
    });
    const model = await start(() => ({
      steps: [{ type: "calls", calls: [{ id: "a", name: "slow", arguments: "{}" }] }],
    }));
    const answer = ask(model, { question: "Go." }, { tools: { slow }, timeout: { tools: 50 } });
    const { failure } = await failureOf(answer);
    expect(failure).toEqual({
      code: "model_timeout",
      detail: "A tool that the model called did not answer within 0.1 s. Ask again.",
    });
  });
});

describe("an abort", () => {
  test("while the request is being made is the answer's end, and no rejection that nobody hears", async () => {
    const model = await start();
    const stop = new AbortController();
    const unheard: unknown[] = [];
    const hear = (error: unknown): void => void unheard.push(error);
    process.on("unhandledRejection", hear);
    const asked = eventsOf(ask(model, { question: "Go.", signal: stop.signal }));
    stop.abort();
    await expect(asked).rejects.toThrow("aborted");
    // Rejections are told of when the microtasks are done.
    await new Promise(setImmediate);
    process.off("unhandledRejection", hear);
    expect(unheard).toEqual([]);
  });

  test("reaches the model at once, and the answer ends with the signal's reason", async () => {
    const model = await start(() => ({ steps: ["Well", { type: "hang" }] }));
    const stop = new AbortController();
    const answer = ask(model, { question: "Go.", signal: stop.signal })[Symbol.asyncIterator]();
    await answer.next();
    const next = answer.next();
    const reason = new Error("stopped by a person");
    stop.abort(reason);
    await expect(next).rejects.toBe(reason);
    await expect(model.requests[0]!.ended).resolves.toBe("aborted");
  });

  test("before the start: the model is not asked", async () => {
    const model = await start();
    await expect(eventsOf(ask(model, { question: "Go.", signal: AbortSignal.abort() }))).rejects.toThrow(
      "aborted",
    );
    expect(model.requests).toHaveLength(0);
  });

  test("leaving the loop ends the request too", async () => {
    const model = await start(() => ({ steps: ["Well", { type: "hang" }] }));
    for await (const event of ask(model, { question: "Go." })) {
      expect(event).toEqual({ type: "text", text: "Well" });
      break;
    }
    await expect(model.requests[0]!.ended).resolves.toBe("aborted");
  });
});

describe("options that cannot work", () => {
  test.each([
    [{ model: "fake", baseUrl: "http://127.0.0.1/v1" }, "openai-compatible/…"],
    [{ model: "openai-compatible/", baseUrl: "http://127.0.0.1/v1" }, "openai-compatible/…"],
    [{ model: "constructor/fake" }, "anthropic/…"],
    [{ model: "openai-compatible/fake" }, "http:"],
    [{ model: "openai/fake", baseUrl: "127.0.0.1:80" }, "http:"],
    [{ model: "openai-compatible/fake", baseUrl: "127.0.0.1:80" }, "http:"],
  ] satisfies [ProviderOptions, string][])("are refused when the responder is made", (options, words) => {
    expect(() => createModelResponder(options)).toThrow(words);
  });
});
