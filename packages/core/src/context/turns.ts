import { type Message, type Part, pairCalls } from "@chatkeep/protocol";

/**
 * Splits messages into whole turns, each from a user message to the next. A system message is a turn of its own. Messages
 * before the first are the end of a cut-off turn and are left out.
 */
export function turnsOf(messages: readonly Message[]): Message[][] {
  const turns: Message[][] = [];
  for (const message of messages) {
    if (message.role === "user" || message.role === "system") turns.push([message]);
    else if (turns.at(-1)?.[0]?.role === "system") continue;
    else turns.at(-1)?.push(message);
  }
  return turns;
}

const ANSWERS = new Set<Part["type"]>(["tool-call", "tool-result", "approval-request", "approval"]);

/**
 * A turn that any provider accepts: nothing of a running turn, or of a failed one that was not gone on with, no tool result without an earlier call, no call
 * without its result or a person's answer, no empty message.
 */
export function validTurn(turn: readonly Message[]): Message[] {
  const isLost = ({ status }: Message, index: number): boolean =>
    status === "streaming" || (status === "failed" && turn[index + 1]?.role !== "tool");
  if (turn.some(isLost)) return [];
  const { of } = pairCalls(turn);
  const isWhole = (part: Part): boolean => {
    if (!ANSWERS.has(part.type)) return true;
    const paired = of.get(part);
    // An answered approval waits for its call to be made.
    return paired !== undefined && (paired.result ?? paired.approval) !== undefined;
  };
  return turn.flatMap((message) => {
    const parts = message.parts.filter(isWhole);
    if (parts.every(({ type }) => type === "step")) return [];
    return [parts.length === message.parts.length ? message : { ...message, parts }];
  });
}

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
