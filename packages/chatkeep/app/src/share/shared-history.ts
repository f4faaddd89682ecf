import {
  ChatkeepError,
  type Conversation,
  type Shares,
  emptyConversation,
  isChatkeepError,
} from "@chatkeep/protocol";
import type { ChatHistory } from "@chatkeep/react";

/** The one conversation that a page of a link has. */
export const SHARED = "shared";

/** A link as the history of a page that only reads. It has no other methods. */
export function sharedHistory(shares: Shares, token: string): ChatHistory {
  const history: Pick<ChatHistory, "getConversation" | "listMessages" | "readFile"> = {
    getConversation: () => asConversation(shares, token),
    listMessages: (_owner, _id, { limit, before, after } = {}) =>
      gone(shares.listShared(token, { limit, before, after })),
    readFile: (_owner, fileId, range) => shares.readSharedFile(token, fileId, range),
  };
  return history as ChatHistory;
}

async function asConversation(shares: Shares, token: string): Promise<Conversation> {
  const { title, name, createdAt } = await gone(shares.getShared(token));
  return { ...emptyConversation(SHARED, createdAt), title, scopeLabel: name };
}

/** A link that ended is a conversation that is gone. */
async function gone<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!isChatkeepError(error, "share_not_found")) throw error;
    throw new ChatkeepError("conversation_not_found", error.message, { cause: error });
  }
}
