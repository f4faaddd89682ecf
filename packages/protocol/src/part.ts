import type { Citation } from "./citation.ts";
import type { Json } from "./json.ts";

/**
 * A piece of a message, in version 1 of the stored format. Keys are single words, so parts are equal in TypeScript, in
 * the database and on the wire.
 */
export type Part =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "reasoning"; readonly text: string }
  | ToolCallPart
  | ToolResultPart
  | { readonly type: "citation"; readonly citation: Citation }
  | { readonly type: "file"; readonly url: string; readonly mime: string; readonly name?: string }
  | { readonly type: "data"; readonly name: string; readonly data: Json; readonly id?: string };

/** A tool call. `arguments` is the model's string, valid JSON or not; it is never parsed and rebuilt. */
export interface ToolCallPart {
  readonly type: "tool-call";
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** The result of the call with the same `id`. With `error` the tool failed, and `result` is its message. */
export interface ToolResultPart {
  readonly type: "tool-result";
  readonly id: string;
  readonly result: Json;
  readonly error?: boolean;
}

/** The version of {@link Part} that this release writes. */
export const PARTS_VERSION = 1;

/** A tool call in the format of OpenAI's chat completions. */
export interface ToolCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
}

/** The `content` of a message in every API: its text parts joined, or the result of a message that holds only tool results. */
export function contentOf(parts: readonly Part[]): string {
  let text = "";
  let result: Json | undefined;
  for (const part of parts) {
    if (part.type === "text") text += part.text;
    else if (part.type === "tool-result") result ??= part.result;
  }
  if (text !== "" || result === undefined) return text;
  return typeof result === "string" ? result : JSON.stringify(result);
}

/** The citations among `parts`, in order; `null` when there are none. */
export function citationsOf(parts: readonly Part[]): Citation[] | null {
  let found: Citation[] | null = null;
  for (const part of parts) if (part.type === "citation") (found ??= []).push(part.citation);
  return found;
}

/**
 * The `tool_calls` of a message in every API: OpenAI's array, or the given value when it had another form (stored as the
 * data part `tool_calls`); `null` when there are none.
 */
export function toolCallsOf(parts: readonly Part[]): Json | null {
  let calls: Json[] | null = null;
  for (const part of parts) {
    if (part.type === "data" && part.name === "tool_calls") return part.data;
    if (part.type === "tool-call") {
      (calls ??= []).push({
        id: part.id,
        type: "function",
        function: { name: part.name, arguments: part.arguments },
      });
    }
  }
  return calls;
}

/** The `tool_call_id` of a tool message: the id of the call that its first result answers. */
export function toolCallIdOf(parts: readonly Part[]): string | null {
  return parts.find((part) => part.type === "tool-result")?.id ?? null;
}

/** Whether `value` is an OpenAI tool call without fields that {@link ToolCallPart} would lose. */
function isToolCall(value: Json): value is JsonToolCall {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { id, type, function: fn, ...rest } = value;
  if (typeof id !== "string" || type !== "function" || Object.keys(rest).length > 0) return false;
  if (typeof fn !== "object" || fn === null || Array.isArray(fn)) return false;
  return (
    typeof fn["name"] === "string" && typeof fn["arguments"] === "string" && Object.keys(fn).length === 2
  );
}
type JsonToolCall = { id: string; type: "function"; function: { name: string; arguments: string } };

/** Converts `tool_calls` to parts without loss, in any form and when empty: the reverse of {@link toolCallsOf}. */
export function toolCallParts(toolCalls: Json): Part[] {
  if (Array.isArray(toolCalls) && toolCalls.length > 0 && toolCalls.every(isToolCall)) {
    return toolCalls.map((call) => ({
      type: "tool-call",
      id: call.id,
      name: call.function.name,
      arguments: call.function.arguments,
    }));
  }
  return [{ type: "data", name: "tool_calls", data: toolCalls }];
}
