import type { Message, Part } from "@chatkeep/protocol";

/** How many of the latest messages are looked at for the context. */
export const CONTEXT_MESSAGES = 60;

/** What {@link contextOf} takes. */
export interface ContextOptions {
  /** Tokens at the most, the question not counted (default 8,000). */
  readonly tokenBudget?: number;
}

/**
 * The messages that are worth sending with the next question, oldest first (law 10): the latest whole
 * turns that fit the budget; no failed answer with its question, no tool result without its call nor
 * call without its result. `messages` are the latest of one conversation, without the question.
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

/** Cuts messages before each user message; what stands before the first was cut off and is left out. */
function turnsOf(messages: readonly Message[]): Message[][] {
  const turns: Message[][] = [];
  for (const message of messages) {
    if (message.role === "user" && turns.at(-1)?.at(-1)?.role !== "user") turns.push([message]);
    else turns.at(-1)?.push(message);
  }
  return turns;
}

function validTurn(turn: readonly Message[]): Message[] {
  if (turn.some((message) => message.status === "failed" || message.status === "streaming")) return [];
  const calls = new Set<string>();
  const results = new Set<string>();
  for (const { parts } of turn) {
    for (const part of parts) {
      if (part.type === "tool-call") calls.add(part.id);
      // A result counts only after its call.
      if (part.type === "tool-result" && calls.has(part.id)) results.add(part.id);
    }
  }
  const isWhole = (part: Part): boolean =>
    (part.type !== "tool-call" && part.type !== "tool-result") || results.has(part.id);
  return turn.flatMap((message) => {
    if (message.parts.every(isWhole)) return message.parts.length === 0 ? [] : [message];
    const parts = message.parts.filter(isWhole);
    return parts.length === 0 ? [] : [{ ...message, parts }];
  });
}

/** An estimate, rather too high: a token of English is four characters. */
function tokensOf(message: Message): number {
  return Math.ceil((JSON.stringify(message.parts).length + (message.contextText?.length ?? 0)) / 4);
}
