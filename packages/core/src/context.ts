import type { Message } from "@chatkeep/protocol";

import { turnsOf, validTurn } from "./context/turns.ts";

export interface ContextOptions {
  /** Maximum tokens, without the question. Default 8,000. */
  readonly tokenBudget?: number;
}

/**
 * Selects the messages to send with the next question, oldest first: the latest whole turns that fit the budget, without
 * failed answers and their questions, tool results without their call, and calls without their result. `messages` are
 * the latest messages of one conversation, without the question. Estimates tokens on the high side;
 * `History.getContext` counts them and also recalls older messages.
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

/** Estimates tokens on the high side: an English token has about four characters. */
function tokensOf(message: Message): number {
  return Math.ceil((JSON.stringify(message.parts).length + (message.contextText?.length ?? 0)) / 4);
}
