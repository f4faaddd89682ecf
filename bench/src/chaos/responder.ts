import { createOpenAI } from "@ai-sdk/openai";
import { createModelResponder } from "@chatkeep/agent";
import type { Responder } from "@chatkeep/protocol";
import { jsonSchema, tool } from "ai";

import { TOOL_TIME } from "./recipe.ts";

const { CHAOS_MODEL_URL: baseUrl = "", CHAOS_LEDGER_URL: ledger = "" } = process.env;

/** A tool that writes into the ledger, and then takes its time: a node that dies meanwhile has had the effect. */
const writing = (name: string, isIdempotent: boolean) =>
  tool({
    inputSchema: jsonSchema<{ key: string }>({ type: "object", properties: { key: { type: "string" } } }),
    metadata: { idempotent: isIdempotent },
    async execute({ key }, { toolCallId, abortSignal }) {
      const entry = { tool: name, question: key, call: toolCallId };
      await fetch(ledger, { method: "POST", body: JSON.stringify(entry) });
      await new Promise((resolve) => setTimeout(resolve, TOOL_TIME));
      abortSignal?.throwIfAborted();
      return "written";
    },
  });
const tools = { book: writing("book", false), stamp: writing("stamp", true) };

/** Models of every provider; a turn is answered by the same one in each attempt. */
const responders = [
  "openai-compatible/llama",
  "openai/gpt-5",
  "anthropic/claude-sonnet-4-5",
  "anthropic/claude-opus-4-6",
  "google/gemini-2.5-flash",
  createOpenAI({ baseURL: baseUrl, apiKey: "key" }).responses("gpt-5.2"),
].map((model) =>
  typeof model === "string"
    ? createModelResponder({ model, baseUrl, apiKey: "key", tools })
    : createModelResponder({ model, tools }),
);

const respond: Responder = (request) =>
  responders[Number.parseInt(request.turnId.slice(-4), 16) % responders.length]!(request);

export default Object.assign(respond, { continues: true });
