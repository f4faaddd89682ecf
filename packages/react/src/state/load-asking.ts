import type * as Asking from "./asking.ts";

/**
 * Loads what sends and follows, and the calls of a client for it: reading a conversation needs none of it. Rejects
 * when it cannot be loaded; asked again, it tries again.
 */
export function loadAsking(): Promise<typeof Asking> {
  return import("./asking.ts");
}
