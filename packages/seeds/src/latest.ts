import type { History, Message, Owner } from "@chatkeep/protocol";

/** Which messages of a conversation to read; all that are left out are the newest. */
export interface LatestQuery {
  /** The most messages. */
  readonly count: number;
  /** How many of the newest to skip (default 0). */
  readonly offset?: number;
  /** Only messages with a smaller `seq`. */
  readonly before?: number | undefined;
  /** Reading ends after the page that passes this many characters of parts (default: no limit). */
  readonly length?: number;
}

/** The latest messages of a conversation, oldest first. */
export interface Latest {
  readonly messages: readonly Message[];
  /** The number of messages in the whole branch. */
  readonly total: number;
  readonly hasMore: boolean;
  /** The characters of the parts. */
  readonly length: number;
}

/** The characters of one reply. 1,000 messages of 4 MB, read page by page, would take a node's memory. */
export const REPLY_LENGTH: number = 8 * 1024 * 1024;

/** Reads the latest messages in pages of the contract's size. */
export async function readLatest(
  history: Pick<History, "listMessages">,
  owner: Owner,
  conversationId: string,
  query: LatestQuery,
): Promise<Latest> {
  const { count, offset, length: most = Number.POSITIVE_INFINITY } = query;
  const pages: (readonly Message[])[] = [];
  let { before } = query;
  let read = 0;
  let length = 0;
  for (;;) {
    const limit = Math.min(100, count - read);
    const place = before === undefined ? { offset } : { before };
    const page = await history.listMessages(owner, conversationId, { limit, ...place });
    pages.unshift(page.messages);
    read += page.messages.length;
    for (const { parts } of page.messages) length += JSON.stringify(parts).length;
    before = page.messages[0]?.seq;
    if (!page.hasMore || before === undefined || read >= count || length >= most)
      return { messages: pages.flat(), total: page.total, hasMore: page.hasMore, length };
  }
}
