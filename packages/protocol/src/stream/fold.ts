import type { Chunk } from "../chunk.ts";
import type { Citation } from "../citation.ts";
import type { JsonObject } from "../json.ts";
import type { Failure, Usage } from "../message.ts";
import type { Part } from "../part.ts";
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
  readonly status: TurnStatus;
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
  /** Index in `parts` of each open text block, call and named data part. */
  const blocks = new Map<string, number>();
  const inputs = new Map<string, { name: string; text: string }>();
  /** The growing block, in pieces. Its part gets the joined text when the answer is read. */
  let tail: { key: string; kind: "text" | "reasoning"; pieces: string[] } | undefined;
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

  const place = (key: string, part: Part): void => {
    const index = blocks.get(key);
    if (index === undefined) blocks.set(key, parts.push(part) - 1);
    else parts[index] = part;
  };

  const append = (kind: "text" | "reasoning", id: string, delta: string): void => {
    const key = `${kind} ${id}`;
    if (tail?.key !== key) {
      join();
      const index = blocks.get(key);
      const before = index === undefined ? undefined : parts[index];
      tail = { key, kind, pieces: before?.type === kind ? [before.text] : [] };
      if (index === undefined) place(key, { type: kind, text: "" });
    }
    tail.pieces.push(delta);
    if (tail.pieces.length >= PIECES) join();
  };

  /** Writes the growing block into its part. */
  const join = (): void => {
    if (tail === undefined) return;
    place(tail.key, { type: tail.kind, text: tail.pieces.join("") });
    tail = undefined;
  };

  const placeCall = (id: string): void => {
    const input = inputs.get(id);
    if (input !== undefined)
      place(`call ${id}`, { type: "tool-call", id, name: input.name, arguments: input.text });
  };

  const push = (chunk: Chunk): void => {
    switch (chunk.type) {
      case "text-delta":
        return append("text", chunk.id, chunk.delta);
      case "reasoning-delta":
        return append("reasoning", chunk.id, chunk.delta);
      case "tool-input-start":
        inputs.set(chunk.toolCallId, { name: chunk.toolName, text: "" });
        return placeCall(chunk.toolCallId);
      case "tool-input-delta": {
        const input = inputs.get(chunk.toolCallId);
        if (input !== undefined) input.text += chunk.inputTextDelta;
        return placeCall(chunk.toolCallId);
      }
      case "tool-output-available":
        return place(`result ${chunk.toolCallId}`, {
          type: "tool-result",
          id: chunk.toolCallId,
          result: chunk.output,
        });
      case "tool-output-error":
        return place(`result ${chunk.toolCallId}`, {
          type: "tool-result",
          id: chunk.toolCallId,
          result: chunk.errorText,
          error: true,
        });
      case "source-url":
      case "source-document": {
        const citation: Citation = citationFromWire(chunk.providerMetadata.chatkeep);
        parts.push({ type: "citation", citation });
        return;
      }
      case "file":
        parts.push({ type: "file", url: chunk.url, mime: chunk.mediaType });
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

/**
 * Pieces of a text, joined in one step. V8 keeps strings that are appended one by one as a tree: 56 bytes for each token.
 */
const PIECES = 64;

const SETTLED = new Set<unknown>(["complete", "stopped", "interrupted", "failed"] satisfies TurnStatus[]);

function readMetadata(metadata: JsonObject): Partial<Answer> {
  const { model, usage, intent, processed, status, error, persisted, token, waiting } = metadata;
  return {
    ...(typeof model === "string" ? { model } : {}),
    ...(usage === undefined ? {} : { usage: usageFromWire(usage) }),
    ...(typeof intent === "string" ? { intent } : {}),
    ...(typeof processed === "boolean" ? { processed } : {}),
    ...(SETTLED.has(status) ? { status: status as TurnStatus } : {}),
    ...(error === undefined ? {} : { error: failureFromWire(error) }),
    ...(typeof persisted === "boolean" ? { persisted } : {}),
    ...(typeof token === "string" ? { token } : {}),
    ...(typeof waiting === "boolean" ? { waiting } : {}),
  };
}
