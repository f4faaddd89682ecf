import type { Chunk } from "../chunk.ts";

/**
 * The chunk that tells a reader, in an outage, whether what follows is being saved. Its event repeats the
 * number before it and is not stored.
 */
export function savedNotice(persisted: boolean): Chunk {
  return { type: "message-metadata", messageMetadata: { persisted } };
}

/** Whether `chunk` is a {@link savedNotice}. */
export function isSavedNotice(chunk: Chunk): boolean {
  if (chunk.type !== "message-metadata") return false;
  const { persisted, ...rest } = chunk.messageMetadata;
  return typeof persisted === "boolean" && Object.keys(rest).length === 0;
}
