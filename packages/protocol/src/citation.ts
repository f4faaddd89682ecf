/** A reference to a passage of the docs, or to any page that an answer rests on. Equal on the wire and in TypeScript. */
export interface Citation {
  /** The file within the docs, with forward slashes: `docs/intro.md`. */
  readonly path: string;
  /** The document's title. */
  readonly chapter: string;
  /** The heading under which the passage stands. */
  readonly section: string | null;
  /** The fragment of that heading, without `#`. */
  readonly anchor: string | null;
  /** The words that the answer rests on, as they stood when it was given. */
  readonly quote: string | null;
  /** Relevance, 0 to 1. */
  readonly score: number | null;
  /** Where a reader opens it; only `http:`, `https:` and relative addresses are ever made links. */
  readonly url: string | null;
}
