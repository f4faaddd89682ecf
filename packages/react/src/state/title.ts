import type { Conversation } from "@chatkeep/protocol";

import type { Strings } from "../strings/strings.ts";

/** What people read of a conversation: its title, else how it begins. */
export function titleOf(conversation: Conversation, strings: Strings): string {
  return conversation.title ?? conversation.preview ?? strings.untitled;
}
