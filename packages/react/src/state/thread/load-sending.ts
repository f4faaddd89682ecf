import type * as Sending from "./sending.ts";

/**
 * Loads what sends and follows, and the calls of a client for it: reading a conversation needs none of it. Rejects
 * when it cannot be loaded; the next call tries again.
 */
export function loadSending(): Promise<typeof Sending> {
  return import("./sending.ts");
}
