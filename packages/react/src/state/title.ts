import type { Conversation } from "@chatkeep/protocol";

import type { ThreadStrings } from "../strings/en-thread.ts";

/** What people read of a conversation: its title, else how it begins. */
export function titleOf(conversation: Conversation, strings: ThreadStrings): string {
  return conversation.title ?? conversation.preview ?? strings.untitled;
}
