import type { ThreadMessage } from "@assistant-ui/react";

/** The id under which a message is stored: assistant-ui makes another for an answer that it shows as it grows. */
export function storedId({ id, metadata }: ThreadMessage): string {
  const stored = metadata.custom["messageId"];
  return typeof stored === "string" ? stored : id;
}
