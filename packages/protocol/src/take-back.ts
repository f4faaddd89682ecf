import { isChatkeepError } from "./errors.ts";
import type { History } from "./history.ts";
import type { Owner } from "./owner.ts";

export interface TakeBack {
  readonly history: Pick<
    History,
    "getMessage" | "getConversation" | "stopTurn" | "listMessages" | "deleteMessage"
  >;
  readonly owner: Owner;
  readonly conversationId: string;
  readonly messageId: string;
}

/**
 * Deletes a message and all that was said after it, for a person who asks anew in its place; an answer that
 * is being given is stopped. A message that is not there is no error.
 */
export async function takeBack({ history, owner, conversationId, messageId }: TakeBack): Promise<void> {
  const first = await history.getMessage(owner, conversationId, messageId).catch((error: unknown) => {
    if (isChatkeepError(error, "message_not_found") || isChatkeepError(error, "conversation_not_found"))
      return undefined;
    throw error;
  });
  if (first === undefined) return;
  const { runningTurn } = await history.getConversation(owner, conversationId);
  if (runningTurn !== null) await history.stopTurn(owner, conversationId, runningTurn);
  for (;;) {
    const { messages } = await history.listMessages(owner, conversationId, { limit: 100 });
    const gone = messages.filter(({ seq }) => seq >= first.seq);
    // From the newest, so that the message which says where to begin is the last to go.
    for (const { id } of gone.toReversed()) await history.deleteMessage(owner, conversationId, id);
    if (gone.length < messages.length || messages.length === 0) return;
  }
}
