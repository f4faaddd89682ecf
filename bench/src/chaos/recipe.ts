import type { Dice } from "./dice.ts";

/** What a question asks the model to say; the question tells it all, so that everybody knows the whole answer. */
export interface Recipe {
  /** The question's id, so that every word of the run is one of a kind. */
  readonly key: string;
  readonly words: number;
  readonly perSecond: number;
  readonly ending: "finish" | "fail";
  /** The tool that the model calls in the middle: one with effects, or an idempotent one. */
  readonly tool: "none" | "book" | "stamp";
}

/** A recipe of an answer that takes from 0.1 to 4 s; one of twelve fails at its end, two of three call a tool. */
export function makeRecipe(dice: Dice, key: string): Recipe {
  const ending = dice.between(1, 12) === 1 ? "fail" : "finish";
  const tool = dice.pick(["none", "book", "stamp"] as const);
  return { key, words: dice.between(3, 80), perSecond: dice.between(20, 60), ending, tool };
}

/** The question. */
export function questionOf({ key, words, perSecond, ending, tool }: Recipe): string {
  return `Say ${words} words at ${perSecond} a second about ${key}, call ${tool} and ${ending}.`;
}

/** What a question asks for; `undefined` for one that is not ours. */
export function readQuestion(question: string): Recipe | undefined {
  const match =
    /^Say (\d+) words at (\d+) a second about (\S+), call (none|book|stamp) and (finish|fail)\.$/.exec(
      question,
    );
  if (match === null) return undefined;
  const [, words, perSecond, key, tool, ending] = match;
  return {
    key: key!,
    words: Number(words),
    perSecond: Number(perSecond),
    ending: ending as Recipe["ending"],
    tool: tool as Recipe["tool"],
  };
}

/** The words of the answer. */
export function wordsOf({ key, words }: Recipe): string[] {
  return Array.from({ length: words }, (_, index) => `${key.slice(0, 8)}.${index} `);
}

/** The text before the model calls its tool, and the text after; all of it before, without a tool. */
export function halvesOf(recipe: Recipe): [before: string, after: string] {
  const words = wordsOf(recipe);
  const half = recipe.tool === "none" ? words.length : Math.ceil(words.length / 2);
  return [words.slice(0, half).join(""), words.slice(half).join("")];
}

/** Milliseconds that a tool takes after its effect. */
export const TOOL_TIME = 1000;

/** The milliseconds that the answer takes. */
export function durationOf({ words, perSecond, tool }: Recipe): number {
  return (1000 * words) / perSecond + (tool === "none" ? 0 : TOOL_TIME);
}
