import { createDatabase } from "./database/database.ts";
import type { ConnectionPool } from "./database/pool.ts";
import { unescapeText } from "./database/text.ts";
import type { Embedding } from "./search/embedding.ts";
import { fuse } from "./search/fusion.ts";
import { createNearness } from "./search/vector-search.ts";

/** A chapter of a book, without its text. */
export interface StoredChapter {
  /** The file within the book, with forward slashes: `docs/intro.md`. */
  readonly path: string;
  /** Chapters are ordered by it, then by path. */
  readonly position: number;
  readonly title: string;
  /** Of the file and of the way it was read: as long as it is equal, nothing has to be put. */
  readonly hash: string;
}

/** A chapter as it was. */
export interface ChapterVersion {
  readonly title: string;
  readonly source: string;
  /** ISO 8601, milliseconds, UTC: until when it said so. */
  readonly replacedAt: string;
}

/** A piece of a chapter: what stands under one heading, or a part of it. */
export interface PassageInput {
  /** The heading; `null` before the first one. */
  readonly section: string | null;
  /** The fragment of the heading, without `#`. */
  readonly anchor: string | null;
  /** The chapter's title and the headings above the section: searched, not shown. */
  readonly context: string;
  /** Not empty. */
  readonly text: string;
}

/** A chapter with its text and its passages in order. */
export interface ChapterInput extends StoredChapter {
  readonly source: string;
  readonly passages: readonly PassageInput[];
}

/** A passage that was found. */
export interface FoundPassage {
  readonly path: string;
  /** The chapter's. */
  readonly title: string;
  /** 1 for the first of its chapter. */
  readonly position: number;
  readonly section: string | null;
  readonly anchor: string | null;
  readonly text: string;
  /** The share of the question's terms, by weight, that it holds, or how similar it is that holds none: 0 to 1. */
  readonly score: number;
}

/** What to look for. */
export interface BookQuery {
  readonly question: string;
  /** What was talked of before: its terms count 0.4. Default: nothing. */
  readonly background?: string | undefined;
}

/** Where to look, and how much to give. */
export interface PassageQuery extends BookQuery {
  /** The path of the chapter that the talk is about: its passages count 1.2 times. Default: none. */
  readonly preferred?: string | undefined;
  /** Only this chapter. Default: all. */
  readonly path?: string | undefined;
  /** 1 to 100. Default 10. */
  readonly limit?: number | undefined;
}

/**
 * The passages of books on PostgreSQL. A book is known by its name; books belong to no owner. Any string
 * comes back equal. Every call is one statement, and its only error a `ChatkeepError`.
 */
export interface BookStore {
  /** The chapters of a book by position; none for a book that is not there. */
  chapters(book: string): Promise<StoredChapter[]>;
  /** One chapter with its text; `null` when there is none at that path. */
  chapter(book: string, path: string): Promise<(StoredChapter & { readonly source: string }) | null>;
  /** What a chapter said before it changed or went, latest first, at most 50 versions. */
  versions(book: string, path: string): Promise<ChapterVersion[]>;
  /**
   * Puts chapters in the place of what stood at their paths, all or none, and says how many changed: those
   * whose hash is there already are left alone, so of two nodes that put the same, one does the work.
   */
  putChapters(book: string, chapters: readonly ChapterInput[]): Promise<number>;
  /** Removes the chapters at all other paths, and says how many they were. */
  removeOtherChapters(book: string, kept: readonly string[]): Promise<number>;
  /** The passages that best fit a question, best first; none when no term of it is in the book. */
  search(book: string, query: PassageQuery): Promise<FoundPassage[]>;
  /** How much of a question each of `texts` holds, in their order, 0 to 1; their place in a book is of no matter. */
  score(book: string, query: BookQuery, texts: readonly string[]): Promise<number[]>;
  /** Ends the probing of a database that is down. The pool stays the caller's. */
  close(): void;
}

/** What {@link createBookStore} takes. */
export interface BookStoreOptions {
  readonly pool: ConnectionPool;
  /** The schema that was migrated. Default `chatkeep`. */
  readonly schema?: string;
  /** Finds passages by their meaning too; a history with the same one embeds them. Default: words alone. */
  readonly embedding?: Embedding | undefined;
  /** Told when the embedding model failed, for the operator's log. Default: nobody. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Passages near a question that are joined with those that hold its words. */
const NEAR = 20;

/** The books of a database; see {@link BookStore}. */
export function createBookStore(options: BookStoreOptions): BookStore {
  const database = createDatabase(options);
  const { embedding, onError = () => undefined } = options;
  const nearness = embedding === undefined ? undefined : createNearness({ database, embedding, onError });

  return {
    async chapters(book) {
      const [row] = await database.call("book_chapters", { of_book: book });
      return ((row?.book_chapters ?? []) as StoredChapter[]).map(chapterFromRow);
    },

    async chapter(book, path) {
      const [row] = await database.call("book_chapter", { of_book: book, at_path: path });
      const found = row?.book_chapter as (StoredChapter & { source: string }) | null | undefined;
      if (found === null || found === undefined) return null;
      return { ...chapterFromRow(found), source: unescapeText(found.source) };
    },

    async versions(book, path) {
      const [row] = await database.call("book_versions", { of_book: book, at_path: path });
      return ((row?.book_versions ?? []) as ChapterVersion[]).map((version) => ({
        title: unescapeText(version.title),
        source: unescapeText(version.source),
        replacedAt: new Date(version.replacedAt).toISOString(),
      }));
    },

    async putChapters(book, chapters) {
      const passages = chapters.flatMap((chapter, index) =>
        chapter.passages.map((passage) => ({ ...passage, chapter: index + 1 })),
      );
      const [row] = await database.call("book_put_chapters", {
        of_book: book,
        paths: chapters.map((chapter) => chapter.path),
        positions: chapters.map((chapter) => chapter.position),
        titles: chapters.map((chapter) => chapter.title),
        hashes: chapters.map((chapter) => chapter.hash),
        sources: chapters.map((chapter) => chapter.source),
        passage_chapters: passages.map((passage) => passage.chapter),
        passage_sections: passages.map((passage) => passage.section),
        passage_anchors: passages.map((passage) => passage.anchor),
        passage_contexts: passages.map((passage) => passage.context),
        passage_texts: passages.map((passage) => passage.text),
      });
      return row?.book_put_chapters ?? 0;
    },

    async removeOtherChapters(book, kept) {
      const [row] = await database.call("book_remove_chapters", { of_book: book, kept });
      return row?.book_remove_chapters ?? 0;
    },

    async search(book, query) {
      const { question, path, limit = 10 } = query;
      const [[row], near] = await Promise.all([
        database.call("book_search", {
          of_book: book,
          question,
          background: query.background ?? "",
          preferred: query.preferred ?? null,
          only_path: path ?? null,
          page_limit: nearness === undefined ? limit : Math.max(limit, NEAR),
        }),
        nearness?.passages<FoundPassage>(book, { text: question, path, limit: NEAR }) ?? [],
      ]);
      const found = (row?.book_search ?? []) as FoundPassage[];
      // One that both hold keeps the score of its words.
      const joined =
        near.length === 0
          ? found
          : fuse([found, near], (one) => JSON.stringify([one.path, one.position])).map(({ entry }) => entry);
      return joined.slice(0, limit).map(passageFromRow);
    },

    async score(book, query, texts) {
      if (texts.length === 0) return [];
      const [row] = await database.call("book_score", {
        of_book: book,
        question: query.question,
        background: query.background ?? "",
        texts,
      });
      return (row?.book_score ?? []) as number[];
    },

    close: () => database.close(),
  };
}

function chapterFromRow(row: StoredChapter): StoredChapter {
  return {
    path: unescapeText(row.path),
    position: row.position,
    title: unescapeText(row.title),
    hash: row.hash,
  };
}

function passageFromRow(row: FoundPassage): FoundPassage {
  return {
    path: unescapeText(row.path),
    title: unescapeText(row.title),
    position: row.position,
    section: row.section === null ? null : unescapeText(row.section),
    anchor: row.anchor === null ? null : unescapeText(row.anchor),
    text: unescapeText(row.text),
    score: row.score,
  };
}
