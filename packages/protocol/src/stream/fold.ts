import type { Chunk } from "../chunk.ts";
import type { JsonObject } from "../json.ts";
import type { Failure, Usage } from "../message.ts";
import { type Attached, DENIED, type Part, type ProviderMetadata, type ToolResultPart } from "../part.ts";
import type { TurnStatus } from "../turn.ts";
import { citationFromWire } from "../wire/citation.ts";
import { failureFromWire, usageFromWire } from "../wire/message.ts";

/** An answer, folded from its chunks so far. */
export interface Answer {
  readonly parts: readonly Part[];
  readonly model: string | null;
  readonly usage: Usage | null;
  readonly intent: string | null;
  readonly processed: boolean | null;
  /** `running` until the last chunk gives the final status. */
  readonly status: Exclude<TurnStatus, "queued" | "waiting">;
  readonly error: Failure | null;
  /** `false` once a chunk says that the answer is not being saved. */
  readonly persisted: boolean;
  /** The token that stores an unsaved answer later; see `History.importTurn`. */
  readonly token: string | null;
  /** Whether more text waits to be committed during an outage. */
  readonly waiting: boolean;
}

/** See {@link createFold}. */
export interface Fold {
  push(chunk: Chunk): void;
  /** Returns the answer so far: a new object at each call. Finished parts keep their identity. */
  answer(): Answer;
}

/**
 * Folds the chunks of a turn into the answer's parts. The server stores the result and the client shows it, so a reload
 * equals the live stream. Unknown chunk types are ignored.
 */
export function createFold(): Fold {
  const parts: Part[] = [];
  /** Index in `parts` of each block, open call, preliminary result and named data part. */
  const places = new Map<string, number>();
  /** The growing block, in pieces. Its part gets the joined text when the answer is read. */
  let tail: { key: string; pieces: string[] } | undefined;
  let meta: Omit<Answer, "parts"> = {
    model: null,
    usage: null,
    intent: null,
    processed: null,
    status: "running",
    error: null,
    persisted: true,
    token: null,
    waiting: false,
  };

  const find = (key: string): Part | undefined => {
    const index = places.get(key);
    return index === undefined ? undefined : parts[index];
  };
  const place = (key: string, part: Part): void => {
    const index = places.get(key);
    if (index === undefined) places.set(key, parts.push(part) - 1);
    else parts[index] = part;
  };

  const append = (kind: "text" | "reasoning", key: string, delta: string): void => {
    if (tail?.key !== key) {
      join();
      const before = find(key);
      tail = { key, pieces: before?.type === kind ? [before.text] : [] };
      if (before === undefined) place(key, { type: kind, text: "" });
    }
    tail.pieces.push(delta);
    if (tail.pieces.length >= PIECES) join();
  };

  /** Writes the growing block into its part. */
  const join = (): void => {
    if (tail === undefined) return;
    const { key, pieces } = tail;
    place(key, { ...find(key), text: pieces.join("") } as Part);
    tail = undefined;
  };

  /** Adds what a provider or the AI SDK attached to the part that a block or a call became. */
  const attach = (key: string, { metadata, ui }: Attached): void => {
    join();
    const part = find(key);
    if (part === undefined) return;
    place(key, { ...part, ...(metadata && { metadata }), ...(ui && { ui }) });
  };

  const placeResult = (result: ToolResultPart): void => {
    const { id, preliminary } = result;
    place(`result ${id}`, result);
    // Another call may have the id: models number their calls anew in every step.
    if (preliminary !== true) places.delete(`call ${id}`);
  };

  const push = (chunk: Chunk): void => {
    switch (chunk.type) {
      case "text-delta":
      case "reasoning-delta": {
        const kind = chunk.type === "text-delta" ? "text" : "reasoning";
        append(kind, `${kind} ${chunk.id}`, chunk.delta);
        return chunk.providerMetadata && attach(`${kind} ${chunk.id}`, attachedTo(chunk));
      }
      case "text-start":
      case "text-end":
      case "reasoning-start":
      case "reasoning-end": {
        const [kind] = chunk.type.split("-") as ["text" | "reasoning"];
        const attached = attachedTo(chunk);
        if (attached.ui !== undefined) attached.ui = { ...attached.ui, state: "done" };
        if (attached.metadata !== undefined) append(kind, `${kind} ${chunk.id}`, "");
        if (attached.metadata ?? attached.ui) attach(`${kind} ${chunk.id}`, attached);
        return;
      }
      case "tool-input-start": {
        const { toolCallId: id, toolName: name, providerExecuted, dynamic, title } = chunk;
        if (!places.has(`call ${id}`)) places.delete(`result ${id}`);
        return place(`call ${id}`, {
          type: "tool-call",
          id,
          name,
          arguments: "",
          ...(providerExecuted === true && { executor: "provider" }),
          ...(dynamic !== undefined && { dynamic }),
          ...(title !== undefined && { title }),
          ...attachedTo(chunk),
        });
      }
      case "tool-input-delta": {
        const call = find(`call ${chunk.toolCallId}`);
        if (call?.type !== "tool-call") return;
        const text = call.arguments + chunk.inputTextDelta;
        return place(`call ${call.id}`, { ...call, arguments: text });
      }
      case "tool-input-available":
      case "tool-input-error":
        return attach(`call ${chunk.toolCallId}`, attachedTo(chunk));
      case "tool-output-available": {
        const { toolCallId: id, output: result, preliminary } = chunk;
        const more = { ...(preliminary === true && { preliminary }), ...attachedTo(chunk) };
        return placeResult({ type: "tool-result", id, result, ...more });
      }
      case "tool-output-error":
      case "tool-output-denied": {
        const denied = chunk.type === "tool-output-denied";
        const result = denied ? (chunk.reason ?? DENIED) : chunk.errorText;
        const more = { ...(denied && { denied }), ...attachedTo(chunk) };
        return placeResult({ type: "tool-result", id: chunk.toolCallId, result, error: true, ...more });
      }
      case "tool-approval-request": {
        const { type: _, approvalId: id, toolCallId: call, isAutomatic: automatic, ...rest } = chunk;
        const more = { ...rest, ...(automatic !== undefined && { automatic }) };
        parts.push({ type: "approval-request", id, call, ...more });
        return;
      }
      case "tool-approval-response": {
        const { approvalId: id, approved, reason } = chunk;
        parts.push({ type: "approval", id, approved, ...(reason !== undefined && { reason }) });
        return;
      }
      case "source-url":
      case "source-document":
        parts.push(sourceOf(chunk));
        return;
      case "file": {
        const { url, mediaType: mime, file, size, sha256, ...rest } = chunk;
        const stored = file && { file, size: size!, sha256: sha256! };
        parts.push({ type: "file", url, mime, ...stored, ...attachedTo(rest as Chunk) });
        return;
      }
      case "start-step":
        parts.push({ type: "step" });
        return;
      case "start":
      case "message-metadata":
        meta = { ...meta, ...readMetadata(chunk.messageMetadata) };
        return;
      case "finish":
        meta = { ...meta, status: "complete", ...readMetadata(chunk.messageMetadata ?? {}) };
        return;
      case "abort":
        if (meta.status === "running") meta = { ...meta, status: "stopped" };
        return;
      case "error":
        // Our streams give the status before this chunk; other servers' streams have no other end.
        if (meta.status === "running") {
          meta = { ...meta, status: "failed", error: { code: "model_error", detail: chunk.errorText } };
        }
        return;
      default:
        if (chunk.type.startsWith("data-") && "data" in chunk) {
          if (chunk.transient === true) return;
          const part: Part = {
            type: "data",
            name: chunk.type.slice("data-".length),
            data: chunk.data,
            ...(chunk.id === undefined ? {} : { id: chunk.id }),
          };
          if (chunk.id === undefined) parts.push(part);
          else place(JSON.stringify([chunk.type, chunk.id]), part);
        }
    }
  };

  return {
    push,
    answer() {
      join();
      return { ...meta, parts: parts.slice() };
    },
  };
}

type Source = Extract<Chunk, { type: "source-url" | "source-document" }>;

function sourceOf(chunk: Source): Part {
  const { sourceId: id, title, providerMetadata: metadata } = chunk;
  if (metadata?.["chatkeep"]) return { type: "citation", citation: citationFromWire(metadata["chatkeep"]) };
  const more = { ...(title !== undefined && { title }), ...(metadata && { metadata }) };
  if (chunk.type === "source-url") return { type: "source", id, url: chunk.url, ...more };
  const { mediaType: mime, filename: name } = chunk;
  return { type: "source", id, mime, ...(name !== undefined && { name }), ...more };
}

/** The fields of chunks that parts keep under names of their own, or not at all. */
const KNOWN = new Set(
  (
    "type id delta toolCallId toolName input output errorText reason providerExecuted dynamic title preliminary url " +
    "mediaType providerMetadata"
  ).split(" "),
);

/** What a provider attached to a chunk, and fields of later versions of the AI SDK. */
function attachedTo(chunk: Chunk): { metadata?: ProviderMetadata; ui?: JsonObject } {
  const more = Object.entries(chunk).filter(([key]) => !KNOWN.has(key));
  return {
    ...("providerMetadata" in chunk && { metadata: chunk.providerMetadata }),
    ...(more.length > 0 && { ui: Object.fromEntries(more) }),
  };
}

/**
 * Pieces of a text, joined in one step. V8 keeps strings that are appended one by one as a tree: 56 bytes for each token.
 */
const PIECES = 64;

const SETTLED = new Set<unknown>([
  "complete",
  "stopped",
  "interrupted",
  "failed",
] satisfies Answer["status"][]);

function readMetadata(metadata: JsonObject): Partial<Answer> {
  const { model, usage, intent, processed, status, error, persisted, token, waiting } = metadata;
  return {
    ...(typeof model === "string" ? { model } : {}),
    ...(usage === undefined ? {} : { usage: usageFromWire(usage) }),
    ...(typeof intent === "string" ? { intent } : {}),
    ...(typeof processed === "boolean" ? { processed } : {}),
    ...(SETTLED.has(status) ? { status: status as Answer["status"] } : {}),
    ...(error === undefined ? {} : { error: failureFromWire(error) }),
    ...(typeof persisted === "boolean" ? { persisted } : {}),
    ...(typeof token === "string" ? { token } : {}),
    ...(typeof waiting === "boolean" ? { waiting } : {}),
  };
}
