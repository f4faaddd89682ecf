import { openCalls } from "../calls.ts";
import { type Message, continuesAnswer } from "../message.ts";
import type { ToolResultPart } from "../part.ts";
import type { Question } from "../turn.ts";
import type { UiPart } from "./ui-parts.ts";

/**
 * What a page tells with a message of an assistant: the results of tools that it ran itself, of the calls that
 * are stored and wait for one. Everything else in it is what we said. `messages` are the latest that are stored.
 * `undefined` when it brings nothing; a retry brings what is stored already.
 */
export function resultsFromUiMessage(
  parts: readonly UiPart[],
  messages: readonly Message[],
): (Question & { readonly id: string }) | undefined {
  const results = parts.flatMap(resultFrom);
  const open = openCalls(messages);
  const fresh = results.filter(({ id }) => open.has(id));
  const answer = messages.findLast(({ role }) => role === "assistant");
  // An answer is continued once, so its id can name the results.
  if (fresh.length > 0 && answer !== undefined)
    return { id: `${answer.id}.results`, role: "tool", parts: fresh };
  const told = new Set(results.map(({ id }) => id));
  const last = messages.findLast(
    ({ role, turnId }) => role === "user" || (role === "tool" && turnId !== null),
  );
  const isRetry =
    last?.role === "tool" && last.parts.every((part) => part.type === "tool-result" && told.has(part.id));
  return isRetry ? { id: last.id, role: "tool", parts: last.parts } : undefined;
}

function resultFrom(part: UiPart): ToolResultPart[] {
  const { type, toolCallId: id, state, output, errorText, preliminary } = part;
  if ((!type.startsWith("tool-") && type !== "dynamic-tool") || typeof id !== "string") return [];
  if (state === "output-available" && preliminary !== true)
    return [{ type: "tool-result", id, result: output ?? null }];
  if (state !== "output-error") return [];
  return [{ type: "tool-result", id, result: errorText ?? "The tool failed.", error: true }];
}

/** The messages at the end of a list that a page shows as one message with the answer that follows. */
export function answerSoFarOf(messages: readonly Message[]): readonly Message[] {
  return messages.slice(
    messages.findLastIndex(
      (message, index) => message.role === "assistant" && !continuesAnswer(message, messages[index - 1]),
    ),
  );
}
