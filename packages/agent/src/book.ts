import type { BookQuery, BookStore, FoundPassage } from "@chatkeep/core";

import { type Section, readChapter } from "./book/chapter.ts";
import { type Ingested, ingestFolder } from "./book/ingest.ts";
import { type CitedPlace, type OpenedCitation, openCitation } from "./book/opening.ts";
import { searchWords } from "./book/question.ts";

/** A chapter of a book, without its text. */
export interface BookChapter {
  /** The file within the folder, with forward slashes: `docs/intro.md`. */
  readonly path: string;
  /** The path without its ending, whatever the headings say: `docs/intro`. Fit as a conversation's scope. */
  readonly slug: string;
  readonly title: string;
  /** Where a page shows it: `/book/docs/intro.md`. */
  readonly url: string;
}

/** A chapter with its text. */
export interface BookChapterText extends BookChapter {
  /** Its Markdown without front matter and without the code of MDX. */
  readonly markdown: string;
  /** Its headings in order, for a table of contents; passages are cited by their anchors. */
  readonly sections: readonly { readonly title: string; readonly anchor: string; readonly depth: number }[];
}

/** What a chapter said until it changed or went. */
export interface FormerChapter extends Omit<BookChapterText, "slug"> {
  /** ISO 8601, milliseconds, UTC. */
  readonly until: string;
}

/** What to look for in a book, and where. */
export interface BookSearch extends BookQuery {
  /** The path or slug of the chapter that the talk is about, preferred to others. Default: none. */
  readonly scope?: string | null | undefined;
  /** Only the chapter with this path or slug. Default: all. */
  readonly chapter?: string | undefined;
  /** 1 to 100. Default 10. */
  readonly limit?: number | undefined;
}

/** A folder of Markdown that answers can rest on. */
export interface Book {
  /**
   * Makes the stored book equal to the folder: new and changed files are read, vanished ones removed.
   * Safe to call again, and on several nodes at once. Errors: `invalid_request` when the folder cannot be
   * read or holds no Markdown.
   */
  ingest(): Promise<Ingested>;
  /** The chapters in order. */
  chapters(): Promise<BookChapter[]>;
  /** The chapter with this path or slug; `null` when there is none. */
  chapter(path: string): Promise<BookChapterText | null>;
  /** What the chapter at this path said before it last changed, or went; `null` when it always said the same. */
  former(path: string): Promise<FormerChapter | null>;
  /** Opens what was cited, also when the book has changed since. */
  openCitation(cited: CitedPlace): Promise<OpenedCitation>;
  /** The passages that best fit a question, best first. */
  search(query: BookSearch): Promise<FoundPassage[]>;
  /** How much of a question each of `texts` holds: 0 to 1. */
  score(query: BookQuery, texts: readonly string[]): Promise<number[]>;
}

/** What {@link createBook} takes. */
export interface BookOptions {
  readonly store: BookStore;
  /** The folder with its Markdown files. */
  readonly folder: string;
  /** Its name in the store: servers that share a database and have different books name them. Default `book`. */
  readonly name?: string | undefined;
  /** Told what is wrong with a file that was read all the same. Default: nobody. */
  readonly log?: { warn(message: string): void } | undefined;
}

/** A book in a folder, kept in the store. Nothing is read before `ingest` is called. */
export function createBook({ store, folder, name = "book", log }: BookOptions): Book {
  const find = async (path: string): Promise<BookChapter | undefined> => {
    const wanted = slugOf(path);
    const chapters = (await store.chapters(name)).map(toBookChapter);
    return (
      chapters.find((chapter) => chapter.path === path) ?? chapters.find((chapter) => chapter.slug === wanted)
    );
  };

  return {
    ingest: () => ingestFolder({ store, name, folder, warn: (message) => log?.warn(message) }),

    chapters: async () => (await store.chapters(name)).map(toBookChapter),

    async chapter(path) {
      const found = await find(path);
      const stored = found === undefined ? null : await store.chapter(name, found.path);
      if (found === undefined || stored === null) return null;
      const { markdown, sections } = readChapter(stored.path, stored.source);
      return { ...found, markdown, sections: sections.flatMap(headingOf) };
    },

    async former(path) {
      const at = (await find(path))?.path ?? path;
      const [latest] = await store.versions(name, at);
      if (latest === undefined) return null;
      const { markdown, sections } = readChapter(at, latest.source);
      return {
        path: at,
        title: latest.title,
        url: bookUrl(at, null),
        markdown,
        sections: sections.flatMap(headingOf),
        until: latest.replacedAt,
      };
    },
    openCitation: (cited) => openCitation(store, name, cited),

    async search({ scope, chapter, limit, ...query }) {
      const [preferred, only] = await Promise.all([
        typeof scope === "string" ? find(scope) : undefined,
        chapter === undefined ? undefined : find(chapter),
      ]);
      if (chapter !== undefined && only === undefined) return [];
      return store.search(name, { ...queryOf(query), limit, preferred: preferred?.path, path: only?.path });
    },

    score: (query, texts) => store.score(name, queryOf(query), texts),
  };
}

/** Where a page shows a chapter, or a section of it: `/book/<path>#<anchor>`, each segment encoded. */
export function bookUrl(path: string, anchor: string | null): string {
  const segments = path.split("/").map(encodeURIComponent).join("/");
  return `/book/${segments}${anchor === null ? "" : `#${encodeURIComponent(anchor)}`}`;
}

function queryOf({ question, background }: BookQuery): BookQuery {
  return {
    question: searchWords(question),
    background: background === undefined ? undefined : searchWords(background),
  };
}

function toBookChapter({ path, title }: { path: string; title: string }): BookChapter {
  return { path, slug: slugOf(path), title, url: bookUrl(path, null) };
}

/** Takes what hosts use for a page's address too: a leading slash, `/book/`, `.md`, `.html`. */
function slugOf(path: string): string {
  return path
    .replace(/^\/+/, "")
    .replace(/^book\//, "")
    .replace(/\.(mdx?|markdown|html?)$/i, "")
    .replace(/\/+$/, "");
}

function headingOf(section: Section): { title: string; anchor: string; depth: number }[] {
  if (section.title === null || section.anchor === null) return [];
  return [{ title: section.title, anchor: section.anchor, depth: section.depth }];
}
