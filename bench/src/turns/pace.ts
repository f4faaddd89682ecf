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
  /** After its first token each answer waits until so many have begun (default 1): all run at once, however slow the machine. */
  readonly together?: number;
}

/** The question that asks for such an answer. */
export function paceQuestion({ count, perSecond, together = 1 }: Pace): string {
  return `Say ${count} tokens at ${perSecond} a second, ${together} together.`;
}

/** What a question asks for. */
export function readPace(question: string): Pace {
  const [, ...numbers] = /^Say (\d+) tokens at (\d+) a second, (\d+) together\.$/.exec(question) ?? [];
  const [count, perSecond, together] = numbers.map(Number);
  if (count === undefined || perSecond === undefined || together === undefined)
    throw new Error(`This is no question of the measurements: ${question}`);
  return { count, perSecond, together };
}
