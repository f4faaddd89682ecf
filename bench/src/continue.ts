import { parseArgs } from "node:util";

import { showContinuation } from "./continue/show.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    "base-url": { type: "string" },
    question: {
      type: "string",
      default: "Explain in about 150 words why the sky is blue, then give a table of three colours.",
    },
    cut: { type: "string", default: "200" },
  },
});
const KEYS: Readonly<Record<string, string>> = {
  anthropic: "ANTHROPIC_API_KEY",
  google: "GOOGLE_GENERATIVE_AI_API_KEY",
};
const { model, "base-url": baseUrl = process.env["OPENAI_BASE_URL"], question, cut } = values;
if (model === undefined) {
  console.error(
    "Name a model: npm run continue -- --model anthropic/claude-opus-4-6 [--base-url URL] [--question TEXT] [--cut CHARACTERS]\n" +
      "Its key is read from OPENAI_API_KEY, ANTHROPIC_API_KEY or GOOGLE_GENERATIVE_AI_API_KEY.",
  );
  process.exit(2);
}
const provider = model.split("/")[0]!;
const { text, rest } = await showContinuation({
  model,
  baseUrl: provider === "anthropic" || provider === "google" ? values["base-url"] : baseUrl,
  apiKey: process.env[KEYS[provider] ?? "OPENAI_API_KEY"],
  question,
  cut: Number(cut),
});
console.log(`${text}\n\n--- cut off here; what the model goes on with: ---\n\n${rest}`);
