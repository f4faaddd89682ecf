import { createModelResponder } from "@chatkeep/agent";
import type { Part, ResponderEvent } from "@chatkeep/protocol";
import { type Model, promptOf, sayFrom } from "@chatkeep/testing";
import { jsonSchema, tool } from "ai";
import { describe, expect, test } from "vitest";

import { type Options, QUESTION, afterQuestion, callOf, responderOf } from "./cut-off.ts";
import { start } from "./model-server.ts";
import { eventsOf, requestFor, textOf } from "./request.ts";

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

const WHOLE =
  "Oslo has 3 degrees today, and some rain.\n\n| day | degrees |\n|---|---|\n| today | 3 |\n| tomorrow | 5 |\n";

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
