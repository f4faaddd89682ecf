import type { Chunk } from "../chunk.ts";

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
