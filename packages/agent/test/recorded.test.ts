import { createAnthropic } from "@ai-sdk/anthropic";
import { createDeepSeek } from "@ai-sdk/deepseek";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createGroq } from "@ai-sdk/groq";
import { createMistral } from "@ai-sdk/mistral";
import { createOpenAI } from "@ai-sdk/openai";
import { createModelResponder } from "@chatkeep/agent";
import {
  type Part,
  type ResponderEvent,
  answerChunks,
  createEncoder,
  createFold,
  uiMessagesOf,
} from "@chatkeep/protocol";
import { type LanguageModel, jsonSchema, tool, validateUIMessages } from "ai";
import { expect, test } from "vitest";

import { start } from "./model-server.ts";
import { type Recording, RECORDINGS } from "./recordings.ts";
import { type Asked, eventsOf, requestFor, storedMessage } from "./request.ts";

const OPEN: Readonly<Record<keyof typeof RECORDINGS, (baseURL: string) => LanguageModel>> = {
  "OpenAI's chat completions": (baseURL) =>
    createOpenAI({ baseURL, apiKey: "k" }).chat("gpt-4o-search-preview"),
  "OpenAI's responses": (baseURL) => createOpenAI({ baseURL, apiKey: "k" }).responses("gpt-5.2"),
  Anthropic: (baseURL) => createAnthropic({ baseURL, apiKey: "k" })("claude-sonnet-4-6"),
  Google: (baseURL) => createGoogleGenerativeAI({ baseURL, apiKey: "k" })("gemini-3-pro-image"),
  Mistral: (baseURL) => createMistral({ baseURL, apiKey: "k" })("magistral-medium-latest"),
  Groq: (baseURL) => createGroq({ baseURL, apiKey: "k" })("qwen/qwen3-32b"),
  DeepSeek: (baseURL) => createDeepSeek({ baseURL, apiKey: "k" })("deepseek-reasoner"),
};

const look = tool({
  inputSchema: jsonSchema<{ city: string }>({
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
  }),
  execute: ({ city }) => `fair in ${city}`,
});

/** The parts that are stored of events. */
function partsOf(events: readonly ResponderEvent[]): readonly Part[] {
  const [encoder, fold] = [createEncoder(), createFold()];
  for (const chunk of [...events.flatMap((event) => encoder.encode(event)), ...encoder.end()])
    fold.push(chunk);
  return fold.answer().parts;
}

/** What a provider is sent. */
async function sentTo(provider: keyof typeof RECORDINGS, asked: Asked): Promise<string> {
  const model = await start(() => ({ recording: RECORDINGS[provider].said }));
  const respond = createModelResponder({ model: OPEN[provider](model.url) as never, tools: { look } });
  await eventsOf(respond(requestFor(asked)));
  return JSON.stringify(model.requests[0]?.body);
}

const NAMES = Object.keys(RECORDINGS) as (keyof typeof RECORDINGS)[];

test.each(NAMES)("what %s streams is stored, shown, replayed and given back equal", async (provider) => {
  const { called, said, parts: expected, kept, own = [] }: Recording = RECORDINGS[provider];
  const model = await start(({ index }) => ({ recording: index === 0 ? called : said }));
  const respond = createModelResponder({ model: OPEN[provider](model.url) as never, tools: { look } });
  const stored = partsOf(await eventsOf(respond(requestFor({ question: "Weather?" }))));
  expect(stored).toMatchObject(expected);
  expect(stored).toHaveLength(expected.length);

  const message = storedMessage(
    { role: "assistant", parts: JSON.parse(JSON.stringify(stored)) as Part[] },
    2,
  );
  const fold = createFold();
  for (const chunk of answerChunks(message)) fold.push(chunk);
  expect(fold.answer().parts).toEqual(stored);
  await validateUIMessages({ messages: uiMessagesOf([message]) });

  const asked: Asked = {
    question: "And tomorrow?",
    history: [
      { role: "user", content: "Weather?" },
      { role: "assistant", parts: stored },
    ],
  };
  const same = await sentTo(provider, asked);
  for (const text of ["fair in Oslo", "fair in Rome", "It is fair.", ...kept, ...own])
    expect(same).toContain(text);
  for (const other of NAMES) {
    if (RECORDINGS[other].family === RECORDINGS[provider].family) continue;
    const sent = await sentTo(other, asked);
    expect(sent).toContain("fair in Rome");
    // No provider is referred to what another one keeps.
    expect(sent).not.toContain("item_reference");
    for (const text of kept) expect(sent).not.toContain(text);
  }
});
