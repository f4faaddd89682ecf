import type { DocsQuery, DocsStore, FoundPassage } from "@chatkeep/core";

import { type Section, readDocument } from "./docs/document.ts";
import { type Ingested, ingestFolder } from "./docs/ingest.ts";
import { type CitedPlace, type OpenedCitation, openCitation } from "./docs/opening.ts";
import { searchWords } from "./docs/question.ts";

/** A document of docs, without its text. */
export interface DocumentEntry {
  /** The file within the folder, with forward slashes: `docs/intro.md`. */
  readonly path: string;
  /** The path without its ending, whatever the headings say: `docs/intro`. Fit as a conversation's scope. */
  readonly slug: string;
  readonly title: string;
  /** Where a page shows it: `/documents/docs/intro.md`. */
  readonly url: string;
}

/** A document with its text. */
export interface DocumentText extends DocumentEntry {
  /** Its Markdown without front matter and without the code of MDX. */
  readonly markdown: string;
  /** Its headings in order, for a table of contents; passages are cited by their anchors. */
  readonly sections: readonly { readonly title: string; readonly anchor: string; readonly depth: number }[];
}

/** What a document said until it changed or went. */
export interface FormerDocument extends Omit<DocumentText, "slug"> {
  /** ISO 8601, milliseconds, UTC. */
  readonly until: string;
}

/** What to look for in docs, and where. */
export interface DocsSearch extends DocsQuery {
  /** The path or slug of the document that the talk is about, preferred to others. Default: none. */
  readonly scope?: string | null | undefined;
  /** Only the document with this path or slug. Default: all. */
  readonly document?: string | undefined;
  /** 1 to 100. Default 10. */
  readonly limit?: number | undefined;
}

/** A folder of Markdown that answers can rest on. */
export interface Docs {
  /**
   * Makes the stored docs equal to the folder: new and changed files are read, vanished ones removed.
   * Safe to call again, and on several nodes at once. Errors: `invalid_request` when the folder cannot be
   * read or holds no Markdown.
   */
  ingest(): Promise<Ingested>;
  /** The documents in order. */
  documents(): Promise<DocumentEntry[]>;
  /** The document with this path or slug; `null` when there is none. */
  document(path: string): Promise<DocumentText | null>;
  /** What the document at this path said before it last changed, or went; `null` when it always said the same. */
  former(path: string): Promise<FormerDocument | null>;
  /** Opens what was cited, also when the docs have changed since. */
  openCitation(cited: CitedPlace): Promise<OpenedCitation>;
  /** The passages that best fit a question, best first. */
  search(query: DocsSearch): Promise<FoundPassage[]>;
  /** How much of a question each of `texts` holds: 0 to 1. */
  score(query: DocsQuery, texts: readonly string[]): Promise<number[]>;
}

export interface DocsOptions {
  readonly store: DocsStore;
  /** The folder with its Markdown files. */
  readonly folder: string;
  /** Its name in the store: servers that share a database and have different docs name them. Default `docs`. */
  readonly name?: string | undefined;
  /** Told what is wrong with a file that was read all the same. Default: nobody. */
  readonly log?: { warn(message: string): void } | undefined;
}

/** Docs in a folder, kept in the store. Nothing is read before `ingest` is called. */
export function createDocs({ store, folder, name = "docs", log }: DocsOptions): Docs {
  const find = async (path: string): Promise<DocumentEntry | undefined> => {
    const wanted = slugOf(path);
    const documents = (await store.documents(name)).map(toEntry);
    return (
      documents.find((document) => document.path === path) ??
      documents.find((document) => document.slug === wanted)
    );
  };

  return {
    ingest: () => ingestFolder({ store, name, folder, warn: (message) => log?.warn(message) }),

    documents: async () => (await store.documents(name)).map(toEntry),

    async document(path) {
      const found = await find(path);
      const stored = found === undefined ? null : await store.document(name, found.path);
      if (found === undefined || stored === null) return null;
      const { markdown, sections } = readDocument(stored.path, stored.source);
      return { ...found, markdown, sections: sections.flatMap(headingOf) };
    },

    async former(path) {
      const at = (await find(path))?.path ?? path;
      const [latest] = await store.versions(name, at);
      if (latest === undefined) return null;
      const { markdown, sections } = readDocument(at, latest.source);
      return {
        path: at,
        title: latest.title,
        url: documentUrl(at, null),
        markdown,
        sections: sections.flatMap(headingOf),
        until: latest.replacedAt,
      };
    },
    openCitation: (cited) => openCitation(store, name, cited),

    async search({ scope, document, limit, ...query }) {
      const [preferred, only] = await Promise.all([
        typeof scope === "string" ? find(scope) : undefined,
        document === undefined ? undefined : find(document),
      ]);
      if (document !== undefined && only === undefined) return [];
      return store.search(name, { ...queryOf(query), limit, preferred: preferred?.path, path: only?.path });
    },

    score: (query, texts) => store.score(name, queryOf(query), texts),
  };
}

/** Where a page shows a document, or a section of it: `/documents/<path>#<anchor>`, each segment encoded. */
export function documentUrl(path: string, anchor: string | null): string {
  const segments = path.split("/").map(encodeURIComponent).join("/");
  return `/documents/${segments}${anchor === null ? "" : `#${encodeURIComponent(anchor)}`}`;
}

function queryOf({ question, background }: DocsQuery): DocsQuery {
  return {
    question: searchWords(question),
    background: background === undefined ? undefined : searchWords(background),
  };
}

function toEntry({ path, title }: { path: string; title: string }): DocumentEntry {
  return { path, slug: slugOf(path), title, url: documentUrl(path, null) };
}

/** Takes what hosts use for a page's address too: a leading slash, `/documents/` (once `/book/`), `.md`, `.html`. */
function slugOf(path: string): string {
  return path
    .replace(/^\/+(?:(?:documents|book)\/)?/, "")
    .replace(/\.(mdx?|markdown|html?)$/i, "")
    .replace(/\/+$/, "");
}

function headingOf(section: Section): { title: string; anchor: string; depth: number }[] {
  if (section.title === null || section.anchor === null) return [];
  return [{ title: section.title, anchor: section.anchor, depth: section.depth }];
}
