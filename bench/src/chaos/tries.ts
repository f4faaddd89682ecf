import { setTimeout as pause } from "node:timers/promises";

import { ChatkeepError, isChatkeepError } from "@chatkeep/protocol";

import type { Dice } from "./dice.ts";
import type { Line } from "./line.ts";
import { type Record, fault, say } from "./record.ts";

/** Milliseconds between tries. */
const RETRY = 250;
/** Milliseconds after which a message that nobody takes is a fault: longer than any plan keeps both nodes away. */
const GIVE_UP = 90_000;

export interface TriesOptions {
  readonly record: Record;
  /** One to each node. */
  readonly lines: readonly Line[];
}

/** Tries on one node after the other until it is done; another error than an outage is a fault. */
export type UntilDone = <T>(
  what: string,
  dice: Dice,
  work: (line: Line, node: number) => Promise<T>,
) => Promise<T>;

export function createTries({ record, lines }: TriesOptions): UntilDone {
  return async (what, dice, work) => {
    const begin = Date.now();
    for (let node = dice.between(0, lines.length - 1); ; node = (node + 1) % lines.length) {
      try {
        return await work(lines[node]!, node);
      } catch (error) {
        say(record, `${what} at ${node}: ${describe(error)}`);
        if (!isPassing(error)) {
          fault(record, `${what}: ${describe(error)}`);
          throw error;
        }
        if (Date.now() - begin > GIVE_UP) {
          fault(record, `${what}: not done within ${GIVE_UP / 1000} s, at last: ${describe(error)}`);
          throw error;
        }
        await pause(RETRY);
      }
    }
  };
}

/** What passes by itself: the server or its database cannot be reached just now. */
export function isPassing(error: unknown): boolean {
  if (isChatkeepError(error, "unavailable")) return true;
  const name = (error as Error).name;
  return name === "TimeoutError" || name === "AbortError";
}

/** An error in a line. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return error instanceof ChatkeepError
    ? `${error.code}: ${error.message}${cause}`
    : `${error.name}: ${error.message}${cause}`;
}
