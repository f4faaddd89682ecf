import type { Message } from "@chatkeep/protocol";

import { turnsOf, validTurn } from "./context/turns.ts";

export interface ContextOptions {
  /** Tokens at the most, the question not counted (default 8,000). */
  readonly tokenBudget?: number;
}

/**
 * Those of some messages that are worth sending with the next question, oldest first: the latest
 * whole turns that fit the budget; no failed answer with its question, no tool result without its call nor
 * call without its result. `messages` are the latest of one conversation, without the question. Tokens are
 * estimated, rather too high; `History.getContext` counts them, and recalls what is older.
 */
export function contextOf(messages: readonly Message[], options: ContextOptions = {}): Message[] {
  let budget = options.tokenBudget ?? 8000;
  const kept: Message[][] = [];
  for (const turn of turnsOf(messages).reverse()) {
    const valid = validTurn(turn);
    const cost = valid.reduce((sum, message) => sum + tokensOf(message), 0);
    if (cost > budget) break;
    budget -= cost;
    kept.unshift(valid);
  }
  return kept.flat();
}

/** An estimate, rather too high: a token of English is four characters. */
function tokensOf(message: Message): number {
  return Math.ceil((JSON.stringify(message.parts).length + (message.contextText?.length ?? 0)) / 4);
}
