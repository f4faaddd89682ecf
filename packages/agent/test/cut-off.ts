import { createOpenAI } from "@ai-sdk/openai";
import { type ModelResponderOptions, createModelResponder } from "@chatkeep/agent";
import { type Model, type ModelRequest, type ModelStep, type PromptPart, promptOf } from "@chatkeep/testing";

/** What is asked when an answer was cut off. */
export const QUESTION = "How is the weather in Oslo?";

export type Options = Omit<ModelResponderOptions, "model">;

/** A responder of the model of this name, asked over `server`. */
export function responderOf(name: string, server: Model, options: Options = {}) {
  const address = { baseUrl: server.url, apiKey: "key" };
  if (name.startsWith("responses")) {
    const model = createOpenAI({ baseURL: server.url, apiKey: "key" }).responses("gpt-5");
    return createModelResponder({ ...options, model });
  }
  return createModelResponder({ ...address, ...options, model: name });
}

/** What the prompt holds after the question. */
export function afterQuestion(request: ModelRequest): PromptPart[] {
  const prompt = promptOf(request.body);
  return prompt.slice(prompt.findIndex((part) => "text" in part && part.text === QUESTION) + 1);
}

/** A model's step that looks a city up. */
export function callOf(id: string, city: string): ModelStep {
  return { type: "calls", calls: [{ id, name: "look", arguments: JSON.stringify({ city }) }] };
}
