import type { Chunk } from "../chunk.ts";
import type { JsonObject } from "../json.ts";
import type { Failure } from "../message.ts";
import type { TurnStatus } from "../turn.ts";

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
