import type { Conversation } from "./conversation.ts";
import type { FileRange, StoredFile } from "./file.ts";
import type { MessagePage, MessageQuery } from "./message.ts";
import type { Owner } from "./owner.ts";

/** A link to a branch of a conversation. Anybody with its token can read the branch. */
export interface Share {
  readonly id: string;
  readonly conversationId: string;
  /** The last message that is shown; `null` for a live link, which ends with the current head. */
  readonly messageId: string | null;
  /** The owner's name, as readers see it. */
  readonly name: string | null;
  /** ISO 8601, milliseconds, UTC. */
  readonly createdAt: string;
  readonly expiresAt: string | null;
}

/** Options of {@link Shares.createShare}. */
export interface ShareInit {
  /** The last message that is shown. Default: the head at this time. */
  readonly messageId?: string | undefined;
  /** Whether later messages are shown too. Not with `messageId`. Default `false`. */
  readonly live?: boolean | undefined;
  /** The owner's name, as readers see it; at most 200 characters. Default: none. */
  readonly name?: string | null | undefined;
  /** When the link ends, as an ISO 8601 instant. Default: when it is deleted. */
  readonly expiresAt?: string | null | undefined;
}

/** The conversation of a link, as its readers see it, without messages. */
export interface SharedConversation {
  /** As it was when the link was made; of a live link, as it is. */
  readonly title: string | null;
  readonly name: string | null;
  /** Whether later messages are shown too. */
  readonly live: boolean;
  /** When the link was made. */
  readonly createdAt: string;
  readonly expiresAt: string | null;
}

/**
 * Read-only links. A link shows the text, citations, sources and files of the questions and answers of its branch, and
 * nothing else: no other branch, no reasoning, no tool calls or results, no system messages, no metadata, no ids of its
 * owner or conversation. It ends when it is deleted or expires, and shows nothing while its conversation or its last
 * message is deleted. Then every method that takes a token throws `share_not_found`, as for an unknown token.
 */
export interface Shares {
  /**
   * Makes a link. `token` has 256 random bits. Only this call returns it; its hash is stored. Errors: `message_not_found`;
   * `turn_in_progress` when the branch ends with an answer that is still running; `conflict` for more than 100 links to
   * a conversation.
   */
  createShare(
    owner: Owner,
    conversationId: string,
    init?: ShareInit,
  ): Promise<{ readonly share: Share; readonly token: string }>;

  /** Lists the owner's links that have not expired, or those of one conversation, the latest first, at most 1,000. */
  listShares(owner: Owner, conversationId?: string): Promise<Share[]>;

  /** Deletes a link. Errors: `share_not_found`, also for another owner's link. */
  deleteShare(owner: Owner, shareId: string): Promise<void>;

  /** Reads the title, name and times of a link. */
  getShared(token: string): Promise<SharedConversation>;

  /**
   * Pages the messages of a link by `seq`, oldest first within the page; default the latest. A page may have fewer than `limit`
   * where messages are not shown. A running answer is not shown.
   */
  listShared(token: string, query?: Pick<MessageQuery, "limit" | "before" | "after">): Promise<MessagePage>;

  /** Describes a file that a link shows. Errors: `file_not_found` for any other file. */
  getSharedFile(token: string, fileId: string): Promise<StoredFile>;

  /** Yields the bytes of a file that a link shows, or a range of them. Errors: `file_not_found` for any other file. */
  readSharedFile(token: string, fileId: string, range?: FileRange): AsyncIterable<Uint8Array>;

  /**
   * Copies the shown messages and their files into a conversation of this owner. A repeat with the same `id` goes on where
   * the copy broke off. Errors: `quota_exceeded`; `conflict` when the conversation holds something else, and for more conversations or files than one owner may have.
   */
  forkShared(
    owner: Owner,
    token: string,
    options?: { readonly id?: string | undefined },
  ): Promise<Conversation>;
}
