import { parseArguments } from "../json-bounds.ts";
import type { Json, JsonObject } from "../json.ts";
import { type Message, continuesAnswer } from "../message.ts";
import type { Part } from "../part.ts";
import type { Question } from "../turn.ts";
import { usageToWire } from "./message.ts";

/** The AI SDK's `UIMessage`, limited to what versions 5, 6 and 7 share. */
export interface UiMessage {
  id: string;
  role: "system" | "user" | "assistant";
  parts: UiPart[];
  metadata?: JsonObject;
}

/** A part of a {@link UiMessage}: its `type` and the fields of that type. */
export type UiPart = { type: string } & JsonObject;

/** The name of the data part that stores a client's part of an unknown type. */
const UNKNOWN_PART = "ui-part";

/** Reads a question from a message of the AI SDK. Parts of unknown types are stored unchanged. */
export function questionFromUiMessage(message: {
  readonly id?: string | undefined;
  readonly parts: readonly UiPart[];
  readonly metadata?: JsonObject | null | undefined;
}): Question {
  return {
    id: message.id === "" ? undefined : message.id,
    parts: message.parts.map(partFromUi),
    metadata: message.metadata ?? null,
  };
}

function partFromUi(part: UiPart): Part {
  const { type, text, url, mediaType, filename, data, id } = part;
  if (type === "text" && typeof text === "string") return { type, text };
  if (type === "file" && typeof url === "string" && typeof mediaType === "string") {
    return { type, url, mime: mediaType, ...(typeof filename === "string" ? { name: filename } : {}) };
  }
  if (type.startsWith("data-") && data !== undefined) {
    const name = type.slice("data-".length);
    return { type: "data", name, data, ...(typeof id === "string" ? { id } : {}) };
  }
  return { type: "data", name: UNKNOWN_PART, data: part };
}

/**
 * Converts stored messages to the AI SDK's: `validateUIMessages` accepts them and `useChat` shows them. The AI SDK has no
 * tool messages, so results move to the calls that they answer. An answer that continues after results of the client's
 * tools becomes one message with the answer that made the calls.
 */
export function uiMessagesOf(messages: readonly Message[]): UiMessage[] {
  const shown: UiMessage[] = [];
  const results = resultsOf(messages);
  const called = new Set(
    messages.flatMap(({ parts }) => parts.flatMap((part) => (part.type === "tool-call" ? [part.id] : []))),
  );
  for (const [place, message] of messages.entries()) {
    const parts = message.parts.flatMap((part, index) => [
      ...(beginsStep(message.parts, index) ? [STEP] : []),
      ...partToUi(part, { message, index, results, called }),
    ]);
    if (message.role === "tool" && parts.length === 0) continue;
    const last = shown.at(-1);
    if (last !== undefined && continuesAnswer(message, messages[place - 1])) {
      last.parts.push(STEP, ...parts);
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

/** Whether a step begins here: the model continues after tool results, as {@link uiStream} marks it. */
function beginsStep(parts: readonly Part[], index: number): boolean {
  const isSaid = ({ type }: Part): boolean => type === "text" || type === "reasoning" || type === "tool-call";
  const part = parts[index];
  if (part === undefined || !isSaid(part)) return false;
  const before = parts.slice(0, index);
  return before.findLastIndex(({ type }) => type === "tool-result") > before.findLastIndex(isSaid);
}

type ToolResult = Extract<Part, { type: "tool-result" }>;

function resultsOf(messages: readonly Message[]): Map<string, ToolResult> {
  const results = new Map<string, ToolResult>();
  for (const { parts } of messages) {
    for (const part of parts) if (part.type === "tool-result") results.set(part.id, part);
  }
  return results;
}

interface Place {
  readonly message: Message;
  readonly index: number;
  readonly results: ReadonlyMap<string, ToolResult>;
  readonly called: ReadonlySet<string>;
}

function partToUi(part: Part, { message, index, results, called }: Place): UiPart[] {
  switch (part.type) {
    case "text":
    case "reasoning":
      // What was streamed is done; what a person wrote never was otherwise.
      return [
        { type: part.type, text: part.text, ...(message.role === "assistant" ? { state: "done" } : {}) },
      ];
    case "tool-call":
      return [toolToUi(part, results.get(part.id))];
    case "tool-result":
      if (called.has(part.id)) return [];
      return [{ type: "data-tool-result", data: { ...part } satisfies JsonObject }];
    case "citation": {
      const { citation } = part;
      const title = citation.section ?? citation.chapter;
      const providerMetadata = { chatkeep: { ...citation } satisfies JsonObject };
      const sourceId = `source-${index + 1}`;
      return citation.url === null
        ? [
            {
              type: "source-document",
              sourceId,
              mediaType: "text/markdown",
              title,
              filename: citation.path,
              providerMetadata,
            },
          ]
        : [{ type: "source-url", sourceId, url: citation.url, title, providerMetadata }];
    }
    case "file": {
      const name: JsonObject = part.name === undefined ? {} : { filename: part.name };
      return [{ type: "file", url: part.url, mediaType: part.mime, ...name }];
    }
    case "data": {
      const id: JsonObject = part.id === undefined ? {} : { id: part.id };
      return [{ type: `data-${part.name}`, ...id, data: part.data }];
    }
  }
}

function toolToUi(call: Extract<Part, { type: "tool-call" }>, result: ToolResult | undefined): UiPart {
  const base = { type: `tool-${call.name}`, toolCallId: call.id };
  const input = parseArguments(call.arguments);
  if (input === undefined) {
    return {
      ...base,
      state: "output-error",
      input: call.arguments,
      errorText: result === undefined ? "The arguments are not valid JSON." : textOf(result.result),
    };
  }
  if (result === undefined) return { ...base, state: "input-available", input };
  return result.error === true
    ? { ...base, state: "output-error", input, errorText: textOf(result.result) }
    : { ...base, state: "output-available", input, output: result.result };
}

function textOf(result: Json): string {
  return typeof result === "string" ? result : JSON.stringify(result);
}

function metadataOf(message: Message): JsonObject {
  const { turnId, model, usage, intent, processed, contextText, error, metadata } = message;
  return {
    ...metadata,
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
  };
}
