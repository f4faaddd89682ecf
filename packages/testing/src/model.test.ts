import { describe, expect, onTestFinished, test } from "vitest";

import { type Model, type ModelOptions, startModel } from "./model.ts";

async function start(options: ModelOptions = {}): Promise<Model> {
  const model = await startModel(options);
  onTestFinished(() => model.close());
  return model;
}

async function ask(model: Model, more: object = {}): Promise<Response> {
  return fetch(`${model.url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "fake", messages: [{ role: "user", content: "Say hello." }], ...more }),
  });
}

describe("a completion", () => {
  test("as one reply", async () => {
    const model = await start({
      reply: () => ({
        steps: [
          { type: "reasoning", text: "Hm." },
          "Hello",
          " you",
          { type: "calls", calls: [{ id: "a", name: "now", arguments: "{}" }] },
        ],
      }),
    });
    expect(await (await ask(model)).json()).toEqual({
      id: "chatcmpl-0",
      object: "chat.completion",
      created: 0,
      model: "fake",
      choices: [
        {
          index: 0,
          finish_reason: "tool_calls",
          message: {
            role: "assistant",
            content: "Hello you",
            reasoning_content: "Hm.",
            tool_calls: [{ id: "a", type: "function", function: { name: "now", arguments: "{}" } }],
          },
        },
      ],
      usage: { prompt_tokens: 1, completion_tokens: 4, total_tokens: 5 },
    });
  });

  test("as a stream that ends with its usage, if asked for, and [DONE]", async () => {
    const model = await start();
    const response = await ask(model, { stream: true, stream_options: { include_usage: true } });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const lines = (await response.text()).split("\n\n").filter((line) => line !== "");
    expect(lines.at(-1)).toBe("data: [DONE]");
    const chunks = lines.slice(0, -1).map((line) => JSON.parse(line.slice("data: ".length)));
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe(
      "You said: Say hello.",
    );
    expect(chunks.at(-2).choices[0].finish_reason).toBe("stop");
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 4 } });
  });

  test("at a pace: whole, and in order", async () => {
    const model = await start({ reply: () => ({ steps: ["a", "b", "c", "d", "e"], tokensPerSecond: 100 }) });
    const text = await (await ask(model, { stream: true })).text();
    expect([...text.matchAll(/"content":"(.)"/g)].map(([, letter]) => letter).join("")).toBe("abcde");
  });
});

test("what was asked and how it ended is recorded, also of one that left", async () => {
  const model = await start({ reply: () => ({ steps: ["a", { type: "hang" }] }) });
  const leave = new AbortController();
  const asked = fetch(`${model.url}/chat/completions?v=1`, {
    method: "POST",
    body: JSON.stringify({ model: "fake", messages: [], stream: true }),
    signal: leave.signal,
  });
  const request = await model.request(0);
  expect(request).toMatchObject({ index: 0, url: "/v1/chat/completions?v=1", body: { model: "fake" } });
  await asked;
  leave.abort();
  expect(await request.ended).toBe("aborted");
});

test("a thousand streams at once", async () => {
  const model = await start({ reply: () => ({ steps: ["one ", "two ", "three"], tokensPerSecond: 20 }) });
  const answers = await Promise.all(
    Array.from({ length: 1000 }, async () => (await ask(model, { stream: true })).text()),
  );
  expect(answers.filter((answer) => answer.endsWith("data: [DONE]\n\n"))).toHaveLength(1000);
  expect(model.requests).toHaveLength(1000);
});

test("close ends what hangs", async () => {
  const model = await startModel({ reply: () => ({ silent: true }) });
  const asked = ask(model).catch((error: unknown) => error);
  await model.request(0);
  await model.close();
  expect(await asked).toBeInstanceOf(TypeError);
});
