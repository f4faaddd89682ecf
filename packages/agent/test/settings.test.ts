import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { createModelResponder } from "@chatkeep/agent";
import { ToolLoopAgent, jsonSchema, tool } from "ai";
import { expect, onTestFinished, test } from "vitest";

import { start } from "./model-server.ts";
import { eventsOf, requestFor, textOf } from "./request.ts";

const look = tool({
  inputSchema: jsonSchema<object>({ type: "object" }),
  execute: () => "fair",
});
const CALL = { type: "calls", calls: [{ id: "call_a", name: "look", arguments: "{}" }] } as const;

test("the settings of a call reach the model, with tools and without, and the system prompt may depend on the request", async () => {
  for (const tools of [undefined, { look }]) {
    const model = await start();
    const respond = createModelResponder({
      model: "openai-compatible/fake",
      baseUrl: model.url,
      tools,
      system: ({ owner }) => Promise.resolve(`You talk to a ${owner.kind}.`),
      temperature: 0.25,
      maxOutputTokens: 77,
      seed: 5,
      stopSequences: ["END"],
      headers: { "x-team": "docs" },
      providerOptions: { openaiCompatible: { user: "ada" } },
    });
    await eventsOf(respond(requestFor({ question: "Hello" })));
    const [request] = model.requests;
    expect(request?.body).toMatchObject({
      messages: [{ role: "system", content: "You talk to a session." }, { role: "user" }],
      temperature: 0.25,
      max_tokens: 77,
      seed: 5,
      stop: ["END"],
      user: "ada",
    });
    expect(request?.headers["x-team"]).toBe("docs");
  }
});

test("settings of streamText work beside our own: a choice of tools, a step that is prepared, an end of the loop", async () => {
  const model = await start(() => ({ steps: [CALL] }));
  const prepared: number[] = [];
  const respond = createModelResponder({
    model: "openai-compatible/fake",
    baseUrl: model.url,
    tools: { look },
    toolChoice: "required",
    prepareStep: ({ stepNumber }) => {
      prepared.push(stepNumber);
      return {};
    },
    stopWhen: ({ steps }) => steps.length === 2,
  });
  const events = await eventsOf(respond(requestFor({ question: "Weather?" })));
  expect(events.filter((event) => typeof event !== "string" && event.type === "tool-result")).toHaveLength(2);
  expect(prepared).toEqual([0, 1]);
  expect(model.requests[0]?.body).toMatchObject({ tool_choice: "required" });
});

test("a setting that only streamText knows works without tools", async () => {
  const model = await start();
  const said: string[] = [];
  const respond = createModelResponder({
    model: "openai-compatible/fake",
    baseUrl: model.url,
    onEnd: ({ text }) => void said.push(text),
  });
  const events = await eventsOf(respond(requestFor({ question: "Hello" })));
  expect(textOf(events)).not.toBe("");
  expect(said).toEqual([textOf(events)]);
});

test("an agent answers with its own instructions and tools, and goes on with an answer that was cut off", async () => {
  const model = await start(({ index }) => ({ steps: index === 0 ? [CALL] : ["It is fair."] }));
  const agent = new ToolLoopAgent({
    model: createOpenAICompatible({ name: "fake", baseURL: model.url })("fake"),
    instructions: "Be brief.",
    tools: { look },
  });
  const respond = createModelResponder({ agent });
  expect(respond.continues).toBe(true);
  const events = await eventsOf(respond(requestFor({ question: "Weather?" })));
  expect(events).toContainEqual({ type: "tool-result", id: "call_a", result: "fair" });
  expect(textOf(events)).toBe("It is fair.");
  expect(model.requests[0]?.body).toMatchObject({
    messages: [{ content: "Be brief." }, { content: "Weather?" }],
  });

  const answer = [{ type: "tool-call", id: "call_b", name: "look", arguments: "{}" }] as const;
  const rest = await eventsOf(respond(requestFor({ question: "Weather?", answer })));
  expect(rest[0]).toMatchObject({ type: "tool-result", id: "call_b", error: true });
  expect(textOf(rest)).toBe("It is fair.");
});

test("a model of the AI Gateway is named by its provider", async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(String(request.headers["ai-language-model-id"]));
    response.writeHead(401, { "content-type": "application/json" }).end("{}");
  });
  onTestFinished(() => void server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const respond = createModelResponder({
    model: "gateway/xai/grok-fake",
    baseUrl: `http://127.0.0.1:${port}`,
    apiKey: "k",
  });
  await expect(eventsOf(respond(requestFor({ question: "Hello" })))).rejects.toMatchObject({
    failure: { code: "model_error" },
  });
  expect(asked[0]).toBe("xai/grok-fake");
});
