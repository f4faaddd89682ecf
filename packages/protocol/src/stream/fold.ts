import type { Chunk } from "../chunk.ts";
import type { Citation } from "../citation.ts";
import type { JsonObject } from "../json.ts";
import type { Failure, Usage } from "../message.ts";
import type { Part } from "../part.ts";
import type { TurnStatus } from "../turn.ts";
import { citationFromWire } from "../wire/citation.ts";
import { failureFromWire, usageFromWire } from "../wire/message.ts";

/** An answer as far as its chunks tell it. */
export interface Answer {
  readonly parts: readonly Part[];
  readonly model: string | null;
  readonly usage: Usage | null;
  readonly intent: string | null;
  readonly processed: boolean | null;
  /** `running` until the last chunk said how the turn was settled. */
  readonly status: TurnStatus;
  readonly error: Failure | null;
  /** `false` once a chunk said that the answer is not being saved. */
  readonly persisted: boolean;
  /** With an answer that could not be saved: the token that stores it later, see `History.importTurn`. */
  readonly token: string | null;
  /** Whether more of it waits to be committed, in an outage. */
  readonly waiting: boolean;
}

/** Folds chunks into the answer; see {@link createFold}. */
export interface Fold {
  push(chunk: Chunk): void;
  /** The answer so far: a new object at each call, whose finished parts are the same objects as before. */
  answer(): Answer;
}

/**
 * Folds the chunks of a turn into the answer's parts. The server stores what this returns and the client
 * shows what this returns, so a reload equals what was seen live. Chunk types that it does not
 * know are passed over.
 */
export function createFold(): Fold {
  const parts: Part[] = [];
  /** Index in `parts` of each open text block, call and named data part. */
  const blocks = new Map<string, number>();
  const inputs = new Map<string, { name: string; text: string }>();
  /** The block that grows, in pieces; the text of its part comes up to it when it is asked for. */
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

  /** Puts the block that grows into its part. */
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
        // Ours says before it how the turn was settled; another server's stream says no more than this.
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
 * Pieces of a text that are joined at once. Strings that are added one by one stay a tree of all of them: 56 bytes
 * for each token of a thousand answers.
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
