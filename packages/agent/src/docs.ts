import type { DocsQuery, DocsStore, FoundPassage } from "@chatkeep/core";

import { type Section, readDocument } from "./docs/document.ts";
import { type Ingested, ingestFolder } from "./docs/ingest.ts";
import { type CitedPlace, type OpenedCitation, openCitation } from "./docs/opening.ts";
import { searchWords } from "./docs/question.ts";

/** A document of docs, without its text. */
export interface DocumentEntry {
  /** The file within the folder, with forward slashes: `docs/intro.md`. */
  readonly path: string;
  /** The path without its extension: `docs/intro`. Can be a conversation's scope. */
  readonly slug: string;
  readonly title: string;
  /** The path of its page: `/documents/docs/intro.md`. */
  readonly url: string;
}

/** A document with its text. */
export interface DocumentText extends DocumentEntry {
  /** Markdown, without front matter and the code of MDX. */
  readonly markdown: string;
  /** The headings in order. Citations name their anchors. */
  readonly sections: readonly { readonly title: string; readonly anchor: string; readonly depth: number }[];
}

/** The previous version of a document. */
export interface FormerDocument extends Omit<DocumentText, "slug"> {
  /** When it was replaced or removed: ISO 8601, milliseconds, UTC. */
  readonly until: string;
}

/** The question and the range of a search. */
export interface DocsSearch extends DocsQuery {
  /** The path or slug of the document that the conversation is about. Its passages rank higher. Default: none. */
  readonly scope?: string | null | undefined;
  /** Only the document with this path or slug. Default: all. */
  readonly document?: string | undefined;
  /** 1 to 100. Default 10. */
  readonly limit?: number | undefined;
}

/** A folder of Markdown documents, stored and searchable. */
export interface Docs {
  /**
   * Stores new and changed files of the folder and removes the documents of deleted ones. Several nodes may call it at
   * once. Errors: `invalid_request` when the folder cannot be read or holds no Markdown.
   */
  ingest(): Promise<Ingested>;
  /** Lists the documents in order. */
  documents(): Promise<DocumentEntry[]>;
  /** Reads the document with this path or slug; `null` when there is none. */
  document(path: string): Promise<DocumentText | null>;
  /** Reads the previous version of a document; `null` when there is none. */
  former(path: string): Promise<FormerDocument | null>;
  /** Finds a citation's passage, also in previous versions. */
  openCitation(cited: CitedPlace): Promise<OpenedCitation>;
  /** Finds the passages that match a question, best first. */
  search(query: DocsSearch): Promise<FoundPassage[]>;
  /** Scores texts by the share of the question that each holds, 0 to 1. */
  score(query: DocsQuery, texts: readonly string[]): Promise<number[]>;
}

export interface DocsOptions {
  readonly store: DocsStore;
  /** The folder with its Markdown files. */
  readonly folder: string;
  /** The name in the store. Servers with different docs on one database need different names. Default `docs`. */
  readonly name?: string | undefined;
  /** Logs faults in files that were read nevertheless. Default: no log. */
  readonly log?: { warn(message: string): void } | undefined;
}

/** Creates docs over a folder. Reads no file before `ingest`. */
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

/** The URL of a document or section: `/documents/<path>#<anchor>`, percent-encoded. */
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

/** Accepts a page's address too: a leading slash, `/documents/` (formerly `/book/`), `.md`, `.html`. */
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
