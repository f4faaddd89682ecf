import type { Citation } from "./citation.ts";
import type { Json, JsonObject } from "./json.ts";

/**
 * A piece of a message, in version 2 of the stored format. Version 1 is version 2 without the optional fields, and without
 * sources, approvals and steps. Keys are single words, so parts are equal in TypeScript, in the database and on the wire.
 */
export type Part =
  | ({ readonly type: "text"; readonly text: string } & Attached)
  | ({ readonly type: "reasoning"; readonly text: string } & Attached)
  | ToolCallPart
  | ToolResultPart
  | ApprovalRequestPart
  | ApprovalPart
  | { readonly type: "citation"; readonly citation: Citation }
  | SourcePart
  | ({
      readonly type: "file";
      readonly url: string;
      readonly mime: string;
      readonly name?: string;
      /** The id of a stored file; `url` is then its address. A part to store needs nothing else of it. */
      readonly file?: string;
      /** In bytes, of a stored file. */
      readonly size?: number;
      /** Of the bytes of a stored file, in hexadecimal digits. */
      readonly sha256?: string;
    } & Attached)
  | { readonly type: "data"; readonly name: string; readonly data: Json; readonly id?: string }
  /** Another call of the model begins here. A message without any step takes one after each group of results. */
  | { readonly type: "step" };

/** The optional fields of parts that a model's provider or a client made. */
export interface Attached {
  /** By provider: signatures, ids of items. It is sent back to that provider only. */
  readonly metadata?: ProviderMetadata;
  /** Further fields of the AI SDK's part, for its clients. Without it, fields that the SDK adds to an answer are added. */
  readonly ui?: JsonObject;
}

/** Values that providers attach to parts, by the name of the provider. */
export type ProviderMetadata = { [provider: string]: JsonObject };

/** A tool call. `arguments` is the model's string, valid JSON or not; it is never parsed and rebuilt. */
export interface ToolCallPart extends Attached {
  readonly type: "tool-call";
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
  /** Who runs the tool, unless the server or the client does. */
  readonly executor?: "provider";
  /** Whether the tool is not known to the program's types, such as an MCP server's. */
  readonly dynamic?: boolean;
  /** The tool's name for people. */
  readonly title?: string;
}

/**
 * The result of the nearest earlier open call with the same `id`, up to the last question. With `error` the tool failed,
 * and `result` is its message.
 */
export interface ToolResultPart extends Attached {
  readonly type: "tool-result";
  readonly id: string;
  readonly result: Json;
  readonly error?: boolean;
  /** Whether the call was not made because a person denied it. */
  readonly denied?: boolean;
  /** Whether a later result takes its place. */
  readonly preliminary?: boolean;
}

/** The result of a call that a person denied without a reason, in the AI SDK's words. */
export const DENIED = "Tool call execution denied.";

/** Asks a person whether the tool call `call` may be made. */
export interface ApprovalRequestPart {
  readonly type: "approval-request";
  readonly id: string;
  readonly call: string;
  /** Why the call needs an approval. */
  readonly reason?: string;
  /** Whether a program answers. */
  readonly automatic?: boolean;
  /** Proves to the server that it made the request. */
  readonly signature?: string;
  readonly ui?: JsonObject;
}

/** The answer to the approval request with the same `id`. */
export interface ApprovalPart {
  readonly type: "approval";
  readonly id: string;
  readonly approved: boolean;
  readonly reason?: string;
}

/** A source that a model used: a page with its `url`, or a document with its media type and file name. */
export interface SourcePart {
  readonly type: "source";
  readonly id: string;
  readonly url?: string;
  readonly mime?: string;
  readonly title?: string;
  readonly name?: string;
  readonly metadata?: ProviderMetadata;
}

/** The version of {@link Part} that this release writes. It reads every earlier one. */
export const PARTS_VERSION = 2;

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
