import type { Chunk } from "../chunk.ts";

/**
 * The chunk that tells a reader whether words wait to be committed, in an outage: they are shown once they are. Its
 * event repeats the number before it and is not stored.
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
