import type { Conversation } from "./conversation.ts";
import type { Message, Role } from "./message.ts";

/** A search in the owner's messages. */
export interface SearchQuery {
  /**
   * 1 to 500 code points. A hit contains every word; `"words in quotes"` as a phrase, `word*` as a prefix, and not
   * `-word`. Case, accents, width and English word forms do not matter; in scripts without spaces any part of a run
   * matches. With an embedding model, plain words also find messages of similar meaning; their snippets have no marks.
   */
  readonly text: string;
  /** Search one conversation. Default: all that are not deleted, archived ones included. */
  readonly conversationId?: string | undefined;
  /** Search the conversations of one scope. Default: all scopes. */
  readonly scope?: string | undefined;
  /** Search the messages of one role. Default: all roles. */
  readonly role?: Role | undefined;
  /** Search messages of this time or later; ISO 8601. Imported messages have their original times. */
  readonly since?: string | undefined;
  /** Search messages of before this time; ISO 8601. */
  readonly until?: string | undefined;
  /** 1 to 100 (default 20). */
  readonly limit?: number | undefined;
  /** The `nextCursor` of the previous page; opaque. */
  readonly cursor?: string | undefined;
}

/** A range of a text in UTF-16 units, as `String.slice` takes them. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** An excerpt of a message's content around the match. */
export interface Snippet {
  /** Verbatim, about 200 UTF-16 units at most. */
  readonly text: string;
  /** Offset in the content, in UTF-16 units. */
  readonly start: number;
  /** The matches within `text`. */
  readonly marks: readonly Stretch[];
}

/** A search hit. */
export interface SearchHit {
  readonly message: Message;
  /** The title of its conversation. */
  readonly title: string | null;
  readonly scope: string | null;
  readonly scopeLabel: string | null;
  readonly snippet: Snippet;
  /** Greater is better. Comparable only within one search. */
  readonly score: number;
}

/** A conversation whose title matches. */
export interface TitleHit extends Conversation {
  /** The matches within its title. */
  readonly marks: readonly Stretch[];
}

/** A page of hits, best first. */
export interface SearchPage {
  /**
   * At most 20 conversations whose titles match, best first. Only the first page has them, and only without a conversation
   * and a role in the query. `since` and `until` limit them to conversations that were active in that time.
   */
  readonly titles: readonly TitleHit[];
  readonly hits: readonly SearchHit[];
  /** The cursor of the next page; `null` on the last page. */
  readonly nextCursor: string | null;
}
