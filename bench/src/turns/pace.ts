import { setTimeout as pause } from "node:timers/promises";

import { stamp } from "./stamp.ts";

/** Stamped tokens at a steady rate, the first one at once; a token that is late does not put off the next. */
export async function* pacedTokens(count: number, perSecond: number): AsyncGenerator<string, void, void> {
  const begin = performance.now();
  for (let sent = 0; sent < count; sent += 1) {
    const wait = begin + (1000 * sent) / perSecond - performance.now();
    if (wait > 0) await pause(wait);
    yield stamp();
  }
}

/** How many tokens a question asks for, and how fast. */
export interface Pace {
  readonly count: number;
  readonly perSecond: number;
}

/** The question that asks for such an answer. */
export function paceQuestion({ count, perSecond }: Pace): string {
  return `Say ${count} tokens at ${perSecond} a second.`;
}

/** What a question asks for. */
export function readPace(question: string): Pace {
  const [, count, perSecond] = /^Say (\d+) tokens at (\d+) a second\.$/.exec(question) ?? [];
  if (count === undefined) throw new Error(`This is no question of the measurements: ${question}`);
  return { count: Number(count), perSecond: Number(perSecond) };
}
