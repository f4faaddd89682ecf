import { promptOf, sayFrom, startModel } from "@chatkeep/testing";
import { expect, it } from "vitest";

import { showContinuation } from "../src/continue/show.ts";

it("shows an answer of each provider that is cut off after so many characters, and what the model goes on with", async () => {
  const whole = "The sky is blue because air scatters blue light more than red.";
  await using model = await startModel({
    reply: ({ body }) => ({ steps: sayFrom(whole, promptOf(body)).match(/[^]{1,4}/g) ?? [] }),
  });
  const options = { baseUrl: model.url, question: "Why is the sky blue?", cut: 30 };
  for (const name of [
    "openai-compatible/llama",
    "openai/gpt-5",
    "anthropic/claude-sonnet-4-5",
    "anthropic/claude-opus-4-6",
    "google/gemini-2.5-flash",
  ]) {
    const { text, rest } = await showContinuation({ ...options, model: name, apiKey: "key" });
    expect([text, text + rest]).toEqual([whole.slice(0, 30), whole]);
  }
});
