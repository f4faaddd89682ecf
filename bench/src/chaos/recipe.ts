import type { Dice } from "./dice.ts";

/** What a question asks the model to say; the question tells it all, so that everybody knows the whole answer. */
export interface Recipe {
  /** The question's id, so that every word of the run is one of a kind. */
  readonly key: string;
  readonly words: number;
  readonly perSecond: number;
  readonly ending: "finish" | "fail";
}

/** A recipe of an answer that takes from 0.1 to 4 s; one of twelve fails in its middle. */
export function makeRecipe(dice: Dice, key: string): Recipe {
  const ending = dice.between(1, 12) === 1 ? "fail" : "finish";
  return { key, words: dice.between(3, 80), perSecond: dice.between(20, 60), ending };
}

/** The question. */
export function questionOf({ key, words, perSecond, ending }: Recipe): string {
  return `Say ${words} words at ${perSecond} a second about ${key} and ${ending}.`;
}

/** What a question asks for; `undefined` for one that is not ours. */
export function readQuestion(question: string): Recipe | undefined {
  const match = /^Say (\d+) words at (\d+) a second about (\S+) and (finish|fail)\.$/.exec(question);
  if (match === null) return undefined;
  const [, words, perSecond, key, ending] = match;
  return {
    key: key!,
    words: Number(words),
    perSecond: Number(perSecond),
    ending: ending as Recipe["ending"],
  };
}

/** The words of the answer. */
export function wordsOf({ key, words }: Recipe): string[] {
  return Array.from({ length: words }, (_, index) => `${key.slice(0, 8)}.${index} `);
}

/** The milliseconds that the answer takes. */
export function durationOf({ words, perSecond }: Recipe): number {
  return (1000 * words) / perSecond;
}
