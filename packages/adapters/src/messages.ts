import type { History, Message, Owner } from "@chatkeep/protocol";

/** All messages of a conversation, oldest first, or the latest `count`; read in pages, and held at once. */
export async function allMessages(
  history: Pick<History, "listMessages">,
  owner: Owner,
  conversationId: string,
  count: number = Number.POSITIVE_INFINITY,
): Promise<Message[]> {
  let found: Message[] = [];
  while (found.length < count) {
    const limit = Math.min(100, count - found.length);
    const before = found[0]?.seq;
    const page = await history.listMessages(owner, conversationId, { limit, before });
    found = [...page.messages, ...found];
    if (!page.hasMore) break;
  }
  return found;
}
