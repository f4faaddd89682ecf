import type { Chunk } from "../chunk.ts";
import type { Citation } from "../citation.ts";
import { type Json, type JsonObject, parseArguments } from "../json.ts";
import type { Failure } from "../message.ts";
import type {
  ApprovalRequestPart,
  ProviderMetadata,
  SourcePart,
  ToolCallPart,
  ToolResultPart,
} from "../part.ts";
import type { ResponderEvent, TextEvent } from "../responder.ts";
import type { Turn, TurnStatus } from "../turn.ts";
import { usageToWire } from "../wire/message.ts";

/** See {@link createEncoder}. */
export interface Encoder {
  /** Returns the chunks of one event. */
  encode(event: ResponderEvent): Chunk[];
  /** Returns the chunks that close the open blocks. */
  end(): Chunk[];
  /** Takes note of a chunk that another encoder made before, whose work this one goes on with. */
  resume(chunk: Chunk): void;
}

/**
 * Encodes a responder's events as chunks of the UI message stream: opens and closes text and reasoning blocks, and
 * numbers blocks and sources. It keeps only the arguments of incomplete calls, so its memory does not grow with the
 * answer.
 */
export function createEncoder(): Encoder {
  /** The open blocks by kind and the responder's id; under the kind alone the one without an id. */
  const blocks = new Map<string, Block>();
  let count = 0;
  /** The arguments of each open call so far; `null` once the call is complete. */
  const calls = new Map<string, string | null>();
  const nextId = (): string => String(++count);

  const close = (keys: Iterable<string>): Chunk[] =>
    [...keys].flatMap((key): Chunk[] => {
      const block = blocks.get(key);
      if (block === undefined) return [];
      blocks.delete(key);
      return [{ ...block.ui, type: `${block.kind}-end` as const, id: block.id }];
    });
  const closeUnnamed = (): Chunk[] => close(["text", "reasoning"]);

  const write = ({ type: kind, text, id, metadata, ui, done }: TextEvent): Chunk[] => {
    const key = id === undefined ? kind : `${kind} ${id}`;
    if (text === "" && metadata === undefined && !blocks.has(key)) return [];
    const chunks: Chunk[] = [];
    let block = blocks.get(key);
    if (block === undefined) {
      chunks.push(...closeUnnamed());
      block = { kind, id: nextId() };
      blocks.set(key, block);
      chunks.push({ type: `${kind}-start`, id: block.id });
    }
    if (ui !== undefined) blocks.set(key, { ...block, ui });
    if (text !== "" || metadata !== undefined)
      chunks.push({ type: `${kind}-delta`, id: block.id, delta: text, ...metadataOf(metadata) });
    return done === true ? [...chunks, ...close([key])] : chunks;
  };

  const writeCall = (event: Extract<Event, { type: "tool-call-delta" }>): Chunk[] => {
    const { id, delta } = event;
    const written = calls.get(id);
    const chunks = written === undefined ? startCall(event) : [];
    if (written !== null) calls.set(id, (written ?? "") + delta);
    return [...chunks, { type: "tool-input-delta", toolCallId: id, inputTextDelta: delta }];
  };

  const completeCall = (event: ToolCallPart): Chunk[] => {
    const { id, arguments: text } = event;
    // A start resets the arguments: some models announce a call without any and then send them whole.
    const chunks: Chunk[] =
      calls.get(id) === text
        ? []
        : [...startCall(event), { type: "tool-input-delta", toolCallId: id, inputTextDelta: text }];
    calls.set(id, null);
    return [...chunks, inputChunk(event)];
  };

  const startCall = (event: CallEvent): Chunk[] => [
    ...(calls.has(event.id) ? [] : closeUnnamed()),
    { type: "tool-input-start", ...callFields(event) },
  ];

  const encode = (event: ResponderEvent): Chunk[] => {
    if (typeof event === "string") return write({ type: "text", text: event });
    switch (event.type) {
      case "text":
      case "reasoning":
        return write(event);
      case "citation":
        return [...closeUnnamed(), citationChunk(nextId(), event.citation)];
      case "source":
        return [...closeUnnamed(), sourceChunk(event)];
      case "step":
        return [...close(blocks.keys()), { type: "start-step" }];
      case "tool-call-delta":
        return writeCall(event);
      case "tool-call":
        return completeCall(event);
      case "tool-result":
        // The id is free for another call.
        if (event.preliminary !== true) calls.delete(event.id);
        return [...closeUnnamed(), resultChunk(event)];
      case "approval-request":
        return [...closeUnnamed(), approvalRequestChunk(event)];
      case "approval": {
        const { type: _, id: approvalId, ...answer } = event;
        return [...closeUnnamed(), { type: "tool-approval-response", approvalId, ...answer }];
      }
      case "file": {
        const { type, url, mime: mediaType, metadata, file, size, sha256 } = event;
        const stored = file === undefined ? {} : ({ file, size, sha256 } as { file: string });
        return [...closeUnnamed(), { type, url, mediaType, ...stored, ...metadataOf(metadata) }];
      }
      case "data": {
        const { type: _, name, data, ...rest } = event;
        return [...closeUnnamed(), { type: `data-${name}`, data, ...rest }];
      }
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

  const resume = (chunk: Chunk): void => {
    switch (chunk.type) {
      case "text-start":
      case "reasoning-start": {
        const kind = chunk.type === "text-start" ? "text" : "reasoning";
        // The responder's ids are not known: what is said next without one goes on in the latest block.
        const before = blocks.get(kind);
        if (before !== undefined) blocks.set(`${kind} ${before.id}`, before);
        blocks.set(kind, { kind, id: nextId() });
        break;
      }
      case "text-end":
      case "reasoning-end":
        for (const [key, { kind, id }] of blocks)
          if (id === chunk.id && chunk.type === `${kind}-end`) blocks.delete(key);
        break;
      case "source-url":
      case "source-document":
        nextId();
        break;
      case "tool-input-start":
        calls.set(chunk.toolCallId, "");
        break;
      case "tool-input-delta":
        calls.set(chunk.toolCallId, (calls.get(chunk.toolCallId) ?? "") + chunk.inputTextDelta);
        break;
      case "tool-input-available":
      case "tool-input-error":
        calls.set(chunk.toolCallId, null);
        break;
      case "tool-output-available":
        if (chunk.preliminary !== true) calls.delete(chunk.toolCallId);
        break;
      case "tool-output-error":
      case "tool-output-denied":
        calls.delete(chunk.toolCallId);
        break;
      default:
    }
  };

  return { encode, end: () => close(blocks.keys()), resume };
}

type Event = Exclude<ResponderEvent, string>;
type CallEvent = Extract<Event, { type: "tool-call" | "tool-call-delta" }>;

interface Block {
  readonly kind: "text" | "reasoning";
  readonly id: string;
  readonly ui?: JsonObject;
}

function metadataOf(providerMetadata: ProviderMetadata | undefined): { providerMetadata?: ProviderMetadata } {
  return providerMetadata === undefined ? {} : { providerMetadata };
}

function resultText(result: Json): string {
  return typeof result === "string" ? result : JSON.stringify(result);
}

function callFields({ id, name, executor, dynamic, title, metadata, ui }: CallEvent) {
  return {
    ...ui,
    toolCallId: id,
    toolName: name,
    ...(executor === undefined ? {} : { providerExecuted: true }),
    ...(dynamic === undefined ? {} : { dynamic }),
    ...(title === undefined ? {} : { title }),
    ...metadataOf(metadata),
  };
}

/** The chunk that completes a call: its parsed arguments, or an error when they are not valid JSON. */
function inputChunk(call: ToolCallPart): Chunk {
  const input = parseArguments(call.arguments);
  if (input !== undefined) return { type: "tool-input-available", input, ...callFields(call) };
  const errorText = "The arguments are not valid JSON.";
  return { type: "tool-input-error", input: call.arguments, errorText, ...callFields(call) };
}

function resultChunk({ id, result, error, denied, preliminary, metadata, ui }: ToolResultPart): Chunk {
  const fields = { ...ui, toolCallId: id, ...metadataOf(metadata) };
  if (denied === true) return { type: "tool-output-denied", ...fields, reason: resultText(result) };
  if (error === true) return { type: "tool-output-error", ...fields, errorText: resultText(result) };
  const more = preliminary === undefined ? {} : { preliminary };
  return { type: "tool-output-available", ...fields, ...more, output: result };
}

function approvalRequestChunk({ id, call, automatic, ui, ...rest }: ApprovalRequestPart): Chunk {
  const isAutomatic = automatic === undefined ? {} : { isAutomatic: automatic };
  const fields = { approvalId: id, toolCallId: call, ...isAutomatic };
  return { ...rest, ...ui, ...fields, type: "tool-approval-request" };
}

function sourceChunk({ id: sourceId, url, mime, title, name, metadata }: SourcePart): Chunk {
  const more = metadataOf(metadata);
  if (url !== undefined)
    return { type: "source-url", sourceId, url, ...(title === undefined ? {} : { title }), ...more };
  const filename = name === undefined ? {} : { filename: name };
  const mediaType = mime ?? "application/octet-stream";
  return { type: "source-document", sourceId, mediaType, title: title ?? name ?? "", ...filename, ...more };
}

function citationChunk(id: string, citation: Citation): Chunk {
  const { url, path: name } = citation;
  const title = citation.section ?? citation.chapter;
  const metadata = { chatkeep: { ...citation } satisfies JsonObject };
  const place = url === null ? { mime: "text/markdown", name } : { url };
  return sourceChunk({ type: "source", id, title, metadata, ...place });
}

/**
 * The chunks that end a turn's stream: the status in our metadata, then the AI SDK's end. With `unsaved` they also say
 * that the answer is not stored, and carry the token that stores it later.
 */
export function settledChunks(
  status: Exclude<TurnStatus, "queued" | "running" | "waiting">,
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

/** The chunk for readers of a queued question. Its event has the number 0 and is not stored. */
export function queuedNotice({ id, conversationId, messageId, replyId, createdAt }: Turn): Chunk {
  return {
    type: "message-metadata",
    messageMetadata: {
      queued: true,
      turn_id: id,
      conversation_id: conversationId,
      message_id: messageId,
      reply_id: replyId,
      created_at: createdAt,
    },
  };
}

/** Whether `chunk` is a {@link queuedNotice}. */
export function isQueuedNotice(chunk: Chunk): boolean {
  return chunk.type === "message-metadata" && chunk.messageMetadata["queued"] === true;
}

/** Whether `chunk` is a {@link waitingNotice}. */
export function isNotice(chunk: Chunk): boolean {
  if (chunk.type !== "message-metadata") return false;
  const { waiting, ...rest } = chunk.messageMetadata;
  return typeof waiting === "boolean" && Object.keys(rest).length === 0;
}
