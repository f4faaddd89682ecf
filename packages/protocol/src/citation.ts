/** A reference to a passage of the docs or to any page that supports an answer. Equal on the wire and in TypeScript. */
export interface Citation {
  /** The path of the file within the docs, with forward slashes: `docs/intro.md`. */
  readonly path: string;
  /** The document's title. */
  readonly chapter: string;
  /** The heading of the passage. */
  readonly section: string | null;
  /** The fragment of that heading, without `#`. */
  readonly anchor: string | null;
  /** The quoted text, as it was when the answer was given. */
  readonly quote: string | null;
  /** Relevance, 0 to 1. */
  readonly score: number | null;
  /** The address to open. Only `http:`, `https:` and relative addresses become links. */
  readonly url: string | null;
}
