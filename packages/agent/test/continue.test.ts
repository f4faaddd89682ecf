import { createOpenAI } from "@ai-sdk/openai";
import { createModelResponder } from "@chatkeep/agent";
import type { Part, ResponderEvent } from "@chatkeep/protocol";
import {
  type Model,
  type ModelReply,
  type ModelRequest,
  type ModelStep,
  type PromptPart,
  promptOf,
  sayFrom,
  startModel,
} from "@chatkeep/testing";
import { jsonSchema, tool } from "ai";
import { describe, expect, onTestFinished, test } from "vitest";

import { eventsOf, requestFor, textOf } from "./request.ts";

type Options = Omit<Parameters<typeof createModelResponder>[0], "model">;

async function start(reply: (request: ModelRequest) => ModelReply): Promise<Model> {
  const model = await startModel({ reply });
  onTestFinished(() => model.close());
  return model;
}

/** How each model goes on with a text: from it as the beginning of its answer, or by an instruction. */
const MODELS = [
  { name: "openai-compatible/llama", way: "beginning" },
  { name: "openai-compatible/openai/gpt-5", way: "instruction" },
  { name: "openai/gpt-5", way: "instruction" },
  { name: "responses of gpt-5", way: "instruction" },
  { name: "anthropic/claude-sonnet-4-5", way: "beginning" },
  { name: "anthropic/claude-opus-4-6", way: "instruction" },
  { name: "google/gemini-2.5-flash", way: "beginning" },
  { name: "google/gemini-next", way: "instruction" },
] as const;

function responderOf(name: string, server: Model, options: Options = {}) {
  const address = { baseUrl: server.url, apiKey: "key" };
  if (name.startsWith("responses")) {
    const model = createOpenAI({ baseURL: server.url, apiKey: "key" }).responses("gpt-5");
    return createModelResponder({ ...options, model });
  }
  return createModelResponder({ ...address, ...options, model: name });
}

const WHOLE =
  "Oslo has 3 degrees today, and some rain.\n\n| day | degrees |\n|---|---|\n| today | 3 |\n| tomorrow | 5 |\n";
const QUESTION = "How is the weather in Oslo?";

/** What the prompt holds after the question. */
function afterQuestion(request: ModelRequest): PromptPart[] {
  const prompt = promptOf(request.body);
  return prompt.slice(prompt.findIndex((part) => "text" in part && part.text === QUESTION) + 1);
}

/** The text in pieces of five characters, as a model streams it. */
function pieces(text: string): string[] {
  return text.match(/[^]{1,5}/g) ?? [];
}

async function goOnWith(
  name: string,
  server: Model,
  answer: readonly Part[],
  options: Options = {},
): Promise<ResponderEvent[]> {
  return eventsOf(responderOf(name, server, options)(requestFor({ question: QUESTION, answer })));
}

describe.each(MODELS)("an answer of $name that was cut off", ({ name, way }) => {
  const goOn = (server: Model, text: string, options: Options = {}): Promise<ResponderEvent[]> =>
    goOnWith(name, server, [{ type: "text", text }], options);

  test("goes on from any place to the same whole", async () => {
    const server = await start((request) => ({ steps: pieces(sayFrom(WHOLE, promptOf(request.body))) }));
    for (let cut = 1; cut <= WHOLE.length; cut += 3) {
      const text = WHOLE.slice(0, cut);
      expect(text + textOf(await goOn(server, text))).toBe(WHOLE);
    }
  });

  test(`is given to the model, with its ${way}`, async () => {
    const server = await start(() => ({ steps: [" rain."] }));
    const text = "Oslo has 3 degrees today, and some ";
    await goOn(server, text, { system: "Be brief." });
    expect(server.requests).toHaveLength(1);
    const sent = afterQuestion(server.requests[0]!);
    expect(sent[0]).toEqual({ role: "assistant", text: text.trimEnd() });
    const told = expect.stringContaining(
      "<last_words>Oslo has 3 degrees today, and some</last_words>",
    ) as string;
    expect(sent.slice(1)).toEqual(way === "beginning" ? [] : [{ role: "user", text: told }]);
  });

  test("shows nothing twice if the model begins anew", async () => {
    const server = await start(() => ({ steps: pieces(WHOLE) }));
    const text = WHOLE.slice(0, 60);
    expect(text + textOf(await goOn(server, text))).toBe(WHOLE);
  });

  test("that had its last word ends without another", async () => {
    const server = await start((request) => ({ steps: pieces(sayFrom(WHOLE, promptOf(request.body))) }));
    const events = await goOn(server, WHOLE);
    expect(textOf(events)).toBe("");
    expect(events.at(-1)).toMatchObject({ type: "model", usage: { inputTokens: expect.any(Number) } });
  });

  test("thinks anew, and goes on with its text", async () => {
    const server = await start((request) => ({
      steps: [{ type: "reasoning", text: "Hm." }, ...pieces(sayFrom(WHOLE, promptOf(request.body)))],
    }));
    const answer: Part[] = [
      { type: "reasoning", text: "The weather…" },
      { type: "text", text: WHOLE.slice(0, 30) },
    ];
    const respond = responderOf(name, server);
    const events = await eventsOf(respond(requestFor({ question: QUESTION, answer })));
    expect(WHOLE.slice(0, 30) + textOf(events)).toBe(WHOLE);
    // OpenAI's chat completions tell nothing of it.
    expect(events[0]).toMatchObject({ type: name === "openai/gpt-5" ? "text" : "reasoning" });
    expect(JSON.stringify(server.requests[0]!.body)).not.toContain("The weather…");
  });

  test("that was cut off in its reasoning begins anew", async () => {
    const server = await start(() => ({ steps: ["Rain."] }));
    const answer: Part[] = [{ type: "reasoning", text: "The weather…" }];
    const events = await eventsOf(responderOf(name, server)(requestFor({ question: QUESTION, answer })));
    expect(textOf(events)).toBe("Rain.");
    expect(afterQuestion(server.requests[0]!)).toEqual([]);
  });
});

test.each(MODELS.filter(({ way }) => way === "beginning"))(
  "the beginning of an answer of $name is given with the instruction where the model refuses it at its end",
  async ({ name }) => {
    const server = await start((request) => {
      const prompt = promptOf(request.body);
      if (prompt.at(-1)?.role === "assistant") return { status: 400, message: "No prefill." };
      return { steps: pieces(sayFrom(WHOLE, prompt)) };
    });
    const text = WHOLE.slice(0, 50);
    expect(text + textOf(await goOnWith(name, server, [{ type: "text", text }]))).toBe(WHOLE);
    expect(server.requests).toHaveLength(2);
  },
);

// The AI SDK warns of calls of newer Gemini models without a signature.
test.each(MODELS.filter(({ name }) => name !== "google/gemini-next"))(
  "an answer of $name goes on behind its finished steps, whose tools are not called again",
  async ({ name }) => {
    const called: string[] = [];
    const look = tool({
      inputSchema: jsonSchema<{ city: string }>({ type: "object" }),
      execute: ({ city }) => void called.push(city),
    });
    const server = await start((request) => {
      const prompt = promptOf(request.body);
      const rest = sayFrom(WHOLE, prompt);
      const results = prompt.filter(({ role }) => role === "tool").length;
      return results < 2 ? { steps: [...pieces(rest), callOf("b", "Rome")] } : { steps: ["Done."] };
    });
    const answer: Part[] = [
      { type: "text", text: "Let me look." },
      { type: "tool-call", id: "a", name: "look", arguments: '{"city":"Oslo"}' },
      { type: "tool-result", id: "a", result: { degrees: 3 } },
      { type: "text", text: WHOLE.slice(0, 50) },
    ];
    const respond = responderOf(name, server, { tools: { look } });
    const events = await eventsOf(respond(requestFor({ question: QUESTION, answer })));
    expect(textOf(events)).toBe(`${WHOLE.slice(50)}Done.`);
    expect(called).toEqual(["Rome"]);
    expect(afterQuestion(server.requests[0]!).slice(0, 4)).toEqual([
      { role: "assistant", text: "Let me look." },
      { role: "assistant", call: { id: expect.any(String), name: "look" } },
      { role: "tool", id: expect.any(String), text: expect.stringContaining("3") },
      { role: "assistant", text: WHOLE.slice(0, 50).trimEnd() },
    ]);
    expect(server.requests).toHaveLength(2);
  },
);

test.each([
  ["anthropic/claude-3-5-sonnet-20241022", true],
  ["anthropic/claude-opus-4-20250514", true],
  ["anthropic/claude-opus-4-1-20250805", true],
  ["anthropic/claude-haiku-4-5", true],
  ["anthropic/claude-sonnet-4-6", false],
  ["anthropic/claude-opus-5", false],
  ["openai-compatible/anthropic/claude-sonnet-4.5", true],
  ["openai-compatible/anthropic/claude-opus-4.8", false],
  ["google/gemini-3.1-pro-preview", true],
  ["google/gemini-3.6-flash", false],
  ["google/gemini-4-pro", false],
  ["openai/o3", false],
])("%s is given the beginning of its answer at the end of the prompt: %s", async (name, isGiven) => {
  const server = await start(() => ({ steps: [" rain."] }));
  const answer: Part[] = [{ type: "text", text: "Oslo has 3 degrees today, and some" }];
  const respond = createModelResponder({ model: name, baseUrl: server.url, apiKey: "key" });
  await eventsOf(respond(requestFor({ question: QUESTION, answer })));
  expect(afterQuestion(server.requests[0]!)).toHaveLength(isGiven ? 1 : 2);
});

test("a server of chat completions is given every mark of a beginning that such servers know", async () => {
  const server = await start(() => ({ steps: [" rain."] }));
  const answer: Part[] = [{ type: "text", text: "Oslo has 3 degrees today, and some" }];
  const respond = createModelResponder({
    model: "openai-compatible/llama",
    baseUrl: server.url,
    system: "Be brief.",
  });
  await eventsOf(respond(requestFor({ question: QUESTION, answer })));
  expect(server.requests[0]!.body).toMatchObject({
    continue_final_message: true,
    add_generation_prompt: false,
    messages: [
      { role: "system", content: expect.stringMatching(/^Be brief\.\n\nThe last message is the beginning/) },
      { role: "user" },
      { role: "assistant", content: "Oslo has 3 degrees today, and some", prefix: true },
    ],
  });
});

function callOf(id: string, city: string): ModelStep {
  return { type: "calls", calls: [{ id, name: "look", arguments: JSON.stringify({ city }) }] };
}

describe("a call that was cut off", () => {
  const CALL: Part = { type: "tool-call", id: "a", name: "book", arguments: '{"city":"Oslo"}' };
  const booking = (ledger: string[], metadata?: { idempotent: boolean }) =>
    tool({
      inputSchema: jsonSchema<{ city: string }>(
        { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
        {
          validate: (value) =>
            typeof value === "object"
              ? { success: true, value: value as { city: string } }
              : { success: false, error: new Error("no object") },
        },
      ),
      execute: ({ city }, { toolCallId }) => {
        ledger.push(toolCallId);
        return { booked: city };
      },
      ...(metadata === undefined ? {} : { metadata }),
    });
  const goOn = async (
    server: Model,
    answer: readonly Part[],
    options: Options = {},
  ): Promise<ResponderEvent[]> =>
    eventsOf(
      responderOf("openai-compatible/llama", server, options)(requestFor({ question: QUESTION, answer })),
    );
  const done = (): ModelReply => ({ steps: ["Done."] });

  test("is made again if its tool is idempotent, with the key of the first call", async () => {
    const ledger: string[] = [];
    const book = booking(ledger, { idempotent: true });
    const first = await start(({ index }) => (index === 0 ? { steps: [stepOf(CALL)] } : done()));
    await eventsOf(
      responderOf("openai-compatible/llama", first, { tools: { book } })(requestFor({ question: QUESTION })),
    );
    const server = await start(done);
    const events = await goOn(server, [CALL], { tools: { book } });
    expect(events.slice(0, 2)).toEqual([
      { type: "tool-result", id: "a", result: { booked: "Oslo" } },
      { type: "text", text: "Done." },
    ]);
    expect(ledger).toEqual(["t1.a", "t1.a"]);
    expect(afterQuestion(server.requests[0]!)).toEqual([
      { role: "assistant", call: { id: "a", name: "book" } },
      { role: "tool", id: "a", text: '{"booked":"Oslo"}' },
    ]);
  });

  test("is not made again otherwise, and the model is told that its outcome is not known", async () => {
    const ledger: string[] = [];
    const server = await start(done);
    const events = await goOn(server, [CALL], { tools: { book: booking(ledger) } });
    expect(ledger).toEqual([]);
    const result = expect.stringContaining("Whether book took effect is not known") as string;
    expect(events[0]).toEqual({ type: "tool-result", id: "a", result, error: true });
    expect(textOf(events)).toBe("Done.");
    expect(afterQuestion(server.requests[0]!).at(-1)).toEqual({ role: "tool", id: "a", text: result });
  });

  test("in the middle of its arguments was not made, and is closed", async () => {
    const ledger: string[] = [];
    const server = await start(done);
    const answer: Part[] = [{ type: "tool-call", id: "a", name: "book", arguments: '{"city":"Os' }];
    const events = await goOn(server, answer, { tools: { book: booking(ledger, { idempotent: true }) } });
    expect(ledger).toEqual([]);
    const result = "The call was cut off before it was made.";
    expect(events[0]).toEqual({ type: "tool-result", id: "a", result, error: true });
  });

  test("of a tool that is gone, or with arguments that do not fit, has an error as its result", async () => {
    const server = await start(done);
    expect(await goOn(server, [CALL])).toContainEqual(expect.objectContaining({ id: "a", error: true }));
    const book = booking([], { idempotent: true });
    const misfit: Part = { type: "tool-call", id: "b", name: "book", arguments: "7" };
    expect((await goOn(server, [misfit], { tools: { book } }))[0]).toEqual({
      type: "tool-result",
      id: "b",
      result: "The arguments do not fit the tool book.",
      error: true,
    });
  });

  test("of an idempotent tool that fails has the error of the tool as its result", async () => {
    const server = await start(done);
    const book = tool({
      inputSchema: jsonSchema({ type: "object" }),
      metadata: { idempotent: true },
      execute: (): string => {
        throw new Error("There is no room.");
      },
    });
    const events = await goOn(server, [CALL], { tools: { book } });
    expect(events[0]).toEqual({ type: "tool-result", id: "a", result: "There is no room.", error: true });
  });

  test("that is the client's to make is left to the client, and the model is not asked", async () => {
    const server = await start(done);
    const book = tool({
      inputSchema: jsonSchema({ type: "object" }),
      outputSchema: jsonSchema({ type: "object" }),
    });
    expect(await goOn(server, [CALL], { tools: { book } })).toEqual([]);
    expect(server.requests).toHaveLength(0);
  });

  test("beside one that has its result: only the one without is looked at", async () => {
    const ledger: string[] = [];
    const server = await start(done);
    const other: Part = { type: "tool-call", id: "b", name: "book", arguments: '{"city":"Rome"}' };
    const result: Part = { type: "tool-result", id: "b", result: { booked: "Rome" } };
    await goOn(server, [CALL, other, result], { tools: { book: booking(ledger, { idempotent: true }) } });
    expect(ledger).toEqual(["t1.a"]);
    expect(afterQuestion(server.requests[0]!).map(({ role }) => role)).toEqual([
      "assistant",
      "assistant",
      "tool",
      "tool",
    ]);
  });

  test("counts as a step: a model that calls tools for ever is ended after maxSteps in all attempts", async () => {
    const server = await start(({ index }) => ({ steps: [stepOf({ ...CALL, id: `c${index}` })] }));
    const book = booking([]);
    const answer: Part[] = ["x", "y"].flatMap((id): Part[] => [
      { ...CALL, id },
      { type: "tool-result", id, result: "ok" },
    ]);
    await goOn(server, answer, { tools: { book }, maxSteps: 3 });
    expect(server.requests).toHaveLength(1);
    await goOn(server, answer, { tools: { book }, maxSteps: 2 });
    expect(server.requests).toHaveLength(1);
  });

  const stepOf = (call: Part & { type: "tool-call" }): ModelStep => ({ type: "calls", calls: [call] });
});

test("a tool runs only when its call is committed, and never if that fails", async () => {
  const ran: string[] = [];
  const book = tool({
    inputSchema: jsonSchema({ type: "object" }),
    execute: () => void ran.push("book"),
  });
  const server = await start(({ index }) =>
    index === 0 ? { steps: [callOf("a", "Oslo")] } : { steps: ["Done."] },
  );
  const commit = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const committed = (): Promise<void> => {
    asked.resolve();
    return commit.promise;
  };
  const respond = responderOf("openai-compatible/llama", server, { tools: { look: book } });
  const answer = eventsOf(respond(requestFor({ question: QUESTION, committed })));
  await asked.promise;
  await new Promise(setImmediate);
  expect(ran).toEqual([]);
  commit.resolve();
  expect(textOf(await answer)).toBe("Done.");
  expect(ran).toEqual(["book"]);

  const again = await start(() => ({ steps: [callOf("a", "Oslo")] }));
  const refused = responderOf("openai-compatible/llama", again, { tools: { look: book } });
  const lost = new Error("run elsewhere");
  await expect(
    eventsOf(refused(requestFor({ question: QUESTION, committed: () => Promise.reject(lost) }))),
  ).rejects.toThrow("failed");
  expect(ran).toEqual(["book"]);
});

test("each step tells the usage so far, so that a later one that dies loses nothing of it", async () => {
  const look = tool({ inputSchema: jsonSchema({ type: "object" }), execute: () => "ok" });
  const server = await start(({ index }) =>
    index === 0
      ? { steps: [callOf("a", "Oslo")] }
      : { steps: ["Rain", { type: "error", message: "overloaded" }] },
  );
  const respond = responderOf("openai-compatible/llama", server, { tools: { look } });
  const events: ResponderEvent[] = [];
  await expect(async () => {
    for await (const event of respond(requestFor({ question: QUESTION }))) events.push(event);
  }).rejects.toThrow("failed");
  expect(events).toContainEqual({
    type: "model",
    model: "llama",
    usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 },
  });
});
