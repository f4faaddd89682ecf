import type { Chunk } from "../chunk.ts";
import type { Citation } from "../citation.ts";
import { parseArguments } from "../json-bounds.ts";
import type { Json, JsonObject } from "../json.ts";
import type { Failure } from "../message.ts";
import type { ResponderEvent } from "../responder.ts";
import type { TurnStatus } from "../turn.ts";
import { usageToWire } from "../wire/message.ts";

/** See {@link createEncoder}. */
export interface Encoder {
  /** Returns the chunks of one event. */
  encode(event: ResponderEvent): Chunk[];
  /** Returns the chunks that close the open blocks. */
  end(): Chunk[];
}

/**
 * Encodes a responder's events as chunks of the UI message stream: opens and closes text and reasoning blocks, and
 * numbers blocks and sources. It keeps only the arguments of incomplete calls, so its memory does not grow with the
 * answer.
 */
export function createEncoder(): Encoder {
  let open: { kind: "text" | "reasoning"; id: string } | undefined;
  let count = 0;
  /** The arguments of each call so far; `null` once the call is complete. */
  const calls = new Map<string, string | null>();
  const nextId = (): string => String(++count);

  const close = (): Chunk[] => {
    if (open === undefined) return [];
    const chunk: Chunk = { type: `${open.kind}-end`, id: open.id };
    open = undefined;
    return [chunk];
  };

  const write = (kind: "text" | "reasoning", delta: string): Chunk[] => {
    if (delta === "") return [];
    const chunks: Chunk[] = [];
    if (open?.kind !== kind) {
      chunks.push(...close());
      open = { kind, id: nextId() };
      chunks.push({ type: `${kind}-start`, id: open.id });
    }
    chunks.push({ type: `${kind}-delta`, id: open.id, delta });
    return chunks;
  };

  const writeCall = (id: string, name: string, delta: string): Chunk[] => {
    const written = calls.get(id);
    const chunks = written === undefined ? startCall(id, name) : [];
    if (written !== null) calls.set(id, (written ?? "") + delta);
    return [...chunks, { type: "tool-input-delta", toolCallId: id, inputTextDelta: delta }];
  };

  const completeCall = (id: string, name: string, text: string): Chunk[] => {
    // A start resets the arguments: some models announce a call without any and then send them whole.
    const chunks: Chunk[] =
      calls.get(id) === text
        ? []
        : [...startCall(id, name), { type: "tool-input-delta", toolCallId: id, inputTextDelta: text }];
    calls.set(id, null);
    return [...chunks, inputChunk(id, name, text)];
  };

  const startCall = (id: string, name: string): Chunk[] => [
    ...(calls.has(id) ? [] : close()),
    { type: "tool-input-start", toolCallId: id, toolName: name },
  ];

  const encode = (event: ResponderEvent): Chunk[] => {
    if (typeof event === "string") return write("text", event);
    switch (event.type) {
      case "text":
      case "reasoning":
        return write(event.type, event.text);
      case "citation":
        return [...close(), sourceChunk(nextId(), event.citation)];
      case "tool-call-delta":
        return writeCall(event.id, event.name, event.delta);
      case "tool-call":
        return completeCall(event.id, event.name, event.arguments);
      case "tool-result":
        return [
          ...close(),
          event.error === true
            ? { type: "tool-output-error", toolCallId: event.id, errorText: resultText(event.result) }
            : { type: "tool-output-available", toolCallId: event.id, output: event.result },
        ];
      case "file":
        return [...close(), { type: "file", url: event.url, mediaType: event.mime }];
      case "data":
        return [
          ...close(),
          {
            type: `data-${event.name}`,
            data: event.data,
            ...(event.id === undefined ? {} : { id: event.id }),
          },
        ];
      case "model":
        return [
          {
            type: "message-metadata",
            messageMetadata: {
              model: event.model,
              ...(event.usage === undefined ? {} : { usage: usageToWire(event.usage) }),
            },
          },
        ];
      case "intent":
        return [
          { type: "message-metadata", messageMetadata: { intent: event.intent, processed: event.processed } },
        ];
    }
  };

  return { encode, end: close };
}

function resultText(result: Json): string {
  return typeof result === "string" ? result : JSON.stringify(result);
}

/** The chunk that completes a call: its parsed arguments, or an error when they are not valid JSON. */
function inputChunk(id: string, name: string, text: string): Chunk {
  const input = parseArguments(text);
  if (input !== undefined) return { type: "tool-input-available", toolCallId: id, toolName: name, input };
  const errorText = "The arguments are not valid JSON.";
  return { type: "tool-input-error", toolCallId: id, toolName: name, input: text, errorText };
}

function sourceChunk(sourceId: string, citation: Citation): Chunk {
  const title = citation.section ?? citation.chapter;
  const providerMetadata = { chatkeep: { ...citation } satisfies JsonObject };
  return citation.url === null
    ? {
        type: "source-document",
        sourceId,
        mediaType: "text/markdown",
        title,
        filename: citation.path,
        providerMetadata,
      }
    : { type: "source-url", sourceId, url: citation.url, title, providerMetadata };
}

/**
 * The chunks that end a turn's stream: the status in our metadata, then the AI SDK's end. With `unsaved` they also say
 * that the answer is not stored, and carry the token that stores it later.
 */
export function settledChunks(
  status: Exclude<TurnStatus, "running">,
  error: Failure | null,
  unsaved?: { readonly token: string },
): Chunk[] {
  const messageMetadata: JsonObject = {
    status,
    ...(error === null ? {} : { error: { ...error } }),
    ...(unsaved === undefined ? {} : { persisted: false, token: unsaved.token }),
  };
  if (status === "complete") return [{ type: "finish", messageMetadata }];
  const last: Chunk =
    status === "stopped"
      ? { type: "abort" }
      : { type: "error", errorText: error?.detail ?? "The answer was cut off before its end." };
  return [{ type: "message-metadata", messageMetadata }, last];
}

/** Whether `chunk` is the last of a turn's stream. */
export function isLastChunk(chunk: Chunk): boolean {
  return chunk.type === "finish" || chunk.type === "abort" || chunk.type === "error";
}

/**
 * The chunk that tells a reader whether text waits to be committed during an outage. Its event repeats the number before
 * it and is not stored.
 */
export function waitingNotice(waiting: boolean): Chunk {
  return { type: "message-metadata", messageMetadata: { waiting } };
}

/** Whether `chunk` is a {@link waitingNotice}. */
export function isNotice(chunk: Chunk): boolean {
  if (chunk.type !== "message-metadata") return false;
  const { waiting, ...rest } = chunk.messageMetadata;
  return typeof waiting === "boolean" && Object.keys(rest).length === 0;
}
