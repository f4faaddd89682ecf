import { createModelResponder, toModelMessages } from "@chatkeep/agent";
import { type Part, createEncoder, createFold } from "@chatkeep/protocol";
import { type ModelRequest, startModel } from "@chatkeep/testing";
import { jsonSchema, tool } from "ai";
import { expect, onTestFinished, test } from "vitest";

import { eventsOf, requestFor } from "./request.ts";

const CALL = { type: "tool-call", id: "call_a", name: "weather", arguments: "{}" } as const;
/** A tool of the client's. */
const weather = tool({
  inputSchema: jsonSchema<object>({ type: "object" }),
  outputSchema: jsonSchema<string>({}),
});

async function ask(model: string, asked: Parameters<typeof requestFor>[0]) {
  const requests: ModelRequest[] = [];
  const fake = await startModel({
    reply: (request) => {
      requests.push(request);
      return {
        steps: [
          { type: "reasoning", text: "Hm." },
          { type: "calls", calls: [CALL] },
        ],
      };
    },
  });
  onTestFinished(() => fake.close());
  const respond = createModelResponder({ model, baseUrl: fake.url, apiKey: "k", tools: { weather } });
  const events = await eventsOf(respond(requestFor(asked)));
  const [encoder, fold] = [createEncoder(), createFold()];
  for (const chunk of [...events.flatMap((event) => encoder.encode(event)), ...encoder.end()])
    fold.push(chunk);
  return { parts: fold.answer().parts, sent: JSON.stringify(requests[0]!.body) };
}

test("a signature is stored, goes back to the provider that made it, and to no other", async () => {
  const { parts } = await ask("anthropic/claude-fake", { question: "Weather?" });
  expect(parts[0]).toMatchObject({
    type: "reasoning",
    text: "Hm.",
    metadata: { anthropic: { signature: "c2lnbmVk" } },
  });
  const asked = {
    question: "",
    history: [
      { role: "user" as const, content: "Weather?" },
      { role: "assistant" as const, parts },
    ],
    answers: [{ type: "tool-result", id: "call_a", result: "fair" }] satisfies Part[],
  };
  const same = await ask("anthropic/claude-fake", asked);
  expect(same.sent).toContain('"thinking":"Hm."');
  expect(same.sent).toContain("c2lnbmVk");
  const other = await ask("openai-compatible/fake", asked);
  expect(other.sent).toContain("call_a");
  expect(other.sent).not.toContain("c2lnbmVk");
  expect(other.sent).not.toContain("Hm.");
});

test("a gateway's model gets what its own provider made", () => {
  const parts: Part[] = [
    {
      type: "text",
      text: "Yes.",
      metadata: { google: { thoughtSignature: "s1" }, openai: { itemId: "i1" } },
    },
  ];
  const request = requestFor({ question: "And now?", history: [{ role: "assistant", parts }] });
  const optionsOf = (model?: { provider: string; modelId: string }): unknown =>
    (toModelMessages(request, model)[0]!.content as { providerOptions?: unknown }[])[0]?.providerOptions;
  expect(optionsOf({ provider: "gateway", modelId: "google/gemini-3" })).toEqual({
    google: { thoughtSignature: "s1" },
  });
  expect(optionsOf({ provider: "azure-openai.responses", modelId: "gpt" })).toEqual({
    openai: { itemId: "i1" },
  });
  expect(optionsOf({ provider: "openaiCompatible.chat", modelId: "openai-like" })).toBeUndefined();
  expect(optionsOf()).toBeUndefined();
});
