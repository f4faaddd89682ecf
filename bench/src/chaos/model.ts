import { setTimeout as pause } from "node:timers/promises";

import { type ModelStep, startModel } from "@chatkeep/testing";

import { type Recipe, readQuestion, wordsOf } from "./recipe.ts";

// A process of its own that nobody kills: the model. It counts how often it was asked each question.
const asked: Record<string, number> = {};
const model = await startModel({
  reply: ({ body }) => {
    const question = body.messages.findLast(({ role }) => role === "user")?.content;
    const recipe = readQuestion(String(question));
    if (recipe === undefined) return { status: 400, message: `No question of ours: ${String(question)}` };
    asked[recipe.key] = (asked[recipe.key] ?? 0) + 1;
    return { steps: say(recipe) };
  },
});
process.send?.(model.url);
process.on("message", () => process.send?.(asked));

async function* say(recipe: Recipe): AsyncGenerator<ModelStep, void, void> {
  const begin = performance.now();
  for (const [index, word] of wordsOf(recipe).entries()) {
    const wait = begin + (1000 * index) / recipe.perSecond - performance.now();
    if (wait > 0) await pause(wait);
    yield word;
  }
  if (recipe.ending === "fail") yield { type: "error", message: "The model was told to fail." };
}
