import { type PairedCalls, pairCalls } from "../calls.ts";
import type { JsonObject } from "../json.ts";
import { type Message, continuesAnswer } from "../message.ts";
import type { Part } from "../part.ts";
import type { Question } from "../turn.ts";
import { usageToWire } from "./message.ts";
import { type UiPart, partsFromUi, partsToUi } from "./ui-parts.ts";

/** The AI SDK's `UIMessage` of versions 5 to 7. */
export interface UiMessage {
  id: string;
  role: "system" | "user" | "assistant";
  parts: UiPart[];
  metadata?: JsonObject;
}

/** The key of our metadata in a message of the AI SDK. Everything else in its metadata is the page's. */
export const OURS = "chatkeep";

/** Reads a question from a message of the AI SDK. Parts of unknown types are stored unchanged. */
export function questionFromUiMessage(message: {
  readonly id?: string | undefined;
  readonly parts: readonly UiPart[];
  readonly metadata?: JsonObject | null | undefined;
}): Question {
  const { [OURS]: _, ...metadata } = message.metadata ?? {};
  return {
    id: message.id === "" ? undefined : message.id,
    parts: partsFromUi(message.parts, "user"),
    metadata: Object.keys(metadata).length === 0 ? null : metadata,
  };
}

/**
 * Converts stored messages to the AI SDK's: `validateUIMessages` accepts them and `useChat` shows them. The AI SDK has no
 * tool messages, so results move to the calls that they answer. An answer that continues after results of the client's
 * tools becomes one message with the answer that made the calls.
 */
export function uiMessagesOf(messages: readonly Message[]): UiMessage[] {
  const shown: UiMessage[] = [];
  const calls = pairCalls(messages);
  for (const [place, message] of messages.entries()) {
    const parts = partsToUi(message.parts, message.role, calls);
    if (endsWithResults(message, calls)) parts.push({ ...STEP });
    if (message.role === "tool" && parts.every(({ type }) => type === STEP.type)) continue;
    const last = shown.at(-1);
    if (last !== undefined && continuesAnswer(message, messages[place - 1])) {
      if (parts[0]?.type !== STEP.type) last.parts.push(STEP);
      last.parts.push(...parts);
      last.metadata = { ...last.metadata, ...metadataOf(message) };
      continue;
    }
    shown.push({
      id: message.id,
      role: message.role === "tool" ? "assistant" : message.role,
      // An answer that was cut off before its first word. Version 6 and later reject an empty list.
      parts: parts.length === 0 ? [{ type: "text", text: "" }] : parts,
      metadata: metadataOf(message),
    });
  }
  return shown;
}

const STEP: UiPart = { type: "step-start" };

/** Whether an answer ends with calls that the responder made: after a step, a page does not send their results. */
function endsWithResults({ turnId, status, role, parts }: Message, { of }: PairedCalls): boolean {
  if (turnId === null || status !== "complete" || role !== "assistant") return false;
  const hasSteps = parts.some(({ type }) => type === "step");
  const isBegin = ({ type }: Part, index: number): boolean =>
    hasSteps
      ? type === "step"
      : (type === "text" || type === "reasoning" || type === "tool-call") &&
        parts[index - 1]?.type === "tool-result";
  const step = parts.slice(Math.max(0, parts.findLastIndex(isBegin)));
  const calls = parts.filter((part) => part.type === "tool-call");
  const answered = (call: Part): boolean => parts.some((part) => part === of.get(call)?.result);
  return step.some(({ type }) => type === "tool-call") && calls.every(answered);
}

function metadataOf(message: Message): JsonObject {
  const { turnId, model, usage, intent, processed, contextText, error, metadata, feedback } = message;
  const ours: JsonObject = {
    conversation_id: message.conversationId,
    seq: message.seq,
    status: message.status,
    created_at: message.createdAt,
    ...(turnId === null ? {} : { turn_id: turnId }),
    ...(contextText === null ? {} : { context_text: contextText }),
    ...(model === null ? {} : { model }),
    ...(usage === null ? {} : { usage: usageToWire(usage) }),
    ...(intent === null ? {} : { intent, processed }),
    ...(error === null ? {} : { error: { ...error } }),
    ...(feedback === null ? {} : { feedback: { ...feedback } }),
  };
  return { ...metadata, [OURS]: ours };
}
