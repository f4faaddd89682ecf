import type { Message } from "./message.ts";

/** What to look for among one's own messages. */
export interface SearchQuery {
  /**
   * 1 to 500 code points. Every word has to be in a message; `"words in quotes"` stand there side by side, `word*`
   * is a beginning, and `-word` must not be there. Case, accents and width do not matter, English word
   * forms neither; scripts without spaces are found by any part of a run. A server with an embedding model adds what
   * means the same to a query of words alone; its snippet has no marks.
   */
  readonly text: string;
  /** Only in this conversation. Default: in all that are not deleted, archived ones too. */
  readonly conversationId?: string | undefined;
  /** Only in conversations of this scope. Default: in all. */
  readonly scope?: string | undefined;
  /** 1 to 100 (default 20). */
  readonly limit?: number | undefined;
  /** The `nextCursor` of the page before; opaque. */
  readonly cursor?: string | undefined;
}

/** A stretch of a text, in UTF-16 units as `String.slice` takes them. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** A piece of a message's content around what was looked for. */
export interface Snippet {
  /** Verbatim; at most some 200 UTF-16 units. */
  readonly text: string;
  /** Where it begins in the content, in UTF-16 units. */
  readonly start: number;
  /** What was found, within `text`. */
  readonly marks: readonly Stretch[];
}

/** A message that was found. */
export interface SearchHit {
  readonly message: Message;
  /** The title of its conversation. */
  readonly title: string | null;
  readonly scope: string | null;
  readonly scopeLabel: string | null;
  readonly snippet: Snippet;
  /** Greater is better; of use only within one search. */
  readonly score: number;
}

/** A page of what was found, best first. */
export interface SearchPage {
  readonly hits: readonly SearchHit[];
  /** Gives the next page; `null` on the last. */
  readonly nextCursor: string | null;
}
