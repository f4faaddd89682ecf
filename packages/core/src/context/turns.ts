import type { Message, Part } from "@chatkeep/protocol";

/**
 * The whole turns among messages in order: from each person's message to the next one's; a system's message
 * stands alone. What comes before the first is the end of a turn that was cut off, and is left out.
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

/**
 * A turn as any provider takes it: nothing of one that failed or still runs, no tool result without
 * its call before it, no call without its result, no empty message.
 */
export function validTurn(turn: readonly Message[]): Message[] {
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
