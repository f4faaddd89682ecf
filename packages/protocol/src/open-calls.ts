import type { Message } from "./message.ts";

/** The ids of the calls after the last question that have no result yet. A client may send their results. */
export function openCalls(messages: readonly Pick<Message, "role" | "parts">[]): Set<string> {
  const open = new Set<string>();
  for (const { role, parts } of messages) {
    if (role === "user") open.clear();
    for (const part of parts) {
      if (part.type === "tool-call") open.add(part.id);
      else if (part.type === "tool-result") open.delete(part.id);
    }
  }
  return open;
}
