import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";

import { type ModelStep, type PromptPart, promptOf, sayFrom, startModel } from "@chatkeep/testing";

import type { LedgerEntry } from "./proof.ts";
import { type Recipe, halvesOf, readQuestion } from "./recipe.ts";

// A process of its own that nobody kills: the model, and the ledger of what its tools did. It counts how often it was
// asked each question from the beginning.
const asked: Record<string, number> = {};
const ledger: LedgerEntry[] = [];
let calls = 0;
const model = await startModel({
  reply: ({ body }) => {
    const prompt = promptOf(body);
    const place = prompt.findLastIndex((part) => recipeIn(part) !== undefined);
    const recipe = recipeIn(prompt[place]);
    if (recipe === undefined) return { status: 400, message: "No question of ours." };
    const given = prompt.slice(place + 1);
    if (given.length === 0) asked[recipe.key] = (asked[recipe.key] ?? 0) + 1;
    return { steps: say(recipe, given) };
  },
});
const tools = createServer((request: IncomingMessage, response: ServerResponse) => {
  void json(request).then((entry) => {
    ledger.push(entry as LedgerEntry);
    response.end("{}");
  });
});
await new Promise<void>((resolve) => void tools.listen(0, "127.0.0.1", resolve));
const { port } = tools.address() as AddressInfo;
process.send?.({ url: model.url, ledger: `http://127.0.0.1:${port}` });
process.on("message", () => process.send?.({ asked, ledger }));

function recipeIn(part: PromptPart | undefined): Recipe | undefined {
  if (part === undefined || part.role !== "user" || !("text" in part)) return undefined;
  return readQuestion(part.text);
}

/** What a model whose answer is determined says, to whatever of it the prompt holds already. */
async function* say(recipe: Recipe, given: readonly PromptPart[]): AsyncGenerator<ModelStep, void, void> {
  const [before, after] = halvesOf(recipe);
  const isCalled = given.some((part) => part.role === "tool" && !part.text.includes("before it was made"));
  // The words before the call are not repeated, even if that was cut off.
  const isBefore = !isCalled && !given.some(({ role }) => role === "tool");
  const text = isCalled ? sayFrom(after, given) : isBefore ? sayFrom(before, given) : "";
  const begin = performance.now();
  for (const [index, word] of (text.match(/\s*\S+\s?|\s+/g) ?? []).entries()) {
    const wait = begin + (1000 * index) / recipe.perSecond - performance.now();
    if (wait > 0) await pause(wait);
    yield word;
  }
  if (recipe.tool !== "none" && !isCalled) {
    const id = `call_${(calls += 1)}`;
    yield {
      type: "calls",
      calls: [{ id, name: recipe.tool, arguments: JSON.stringify({ key: recipe.key }) }],
    };
  } else if (recipe.ending === "fail") yield { type: "error", message: "The model was told to fail." };
}
