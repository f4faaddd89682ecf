import { createDatabase } from "../database/database.ts";
import type { ConnectionPool } from "../database/pool.ts";
import { unescapeText } from "../database/text.ts";
import type { Embedding } from "./embedding.ts";
import { fuse } from "./fusion.ts";
import { createVectorSearch } from "./vector-search.ts";

/** A document of docs, without its text. */
export interface StoredDocument {
  /** The file within the docs, with forward slashes: `docs/intro.md`. */
  readonly path: string;
  /** Documents are ordered by it, then by path. */
  readonly position: number;
  readonly title: string;
  /** Of the file and of the way it was read: as long as it is equal, nothing has to be put. */
  readonly hash: string;
}

/** A document as it was. */
export interface DocumentVersion {
  readonly title: string;
  readonly source: string;
  /** ISO 8601, milliseconds, UTC: until when it said so. */
  readonly replacedAt: string;
}

/** A piece of a document: what stands under one heading, or a part of it. */
export interface PassageInput {
  /** The heading; `null` before the first one. */
  readonly section: string | null;
  /** The fragment of the heading, without `#`. */
  readonly anchor: string | null;
  /** The document's title and the headings above the section: searched, not shown. */
  readonly context: string;
  /** Not empty. */
  readonly text: string;
}

/** A document with its text and its passages in order. */
export interface DocumentInput extends StoredDocument {
  readonly source: string;
  readonly passages: readonly PassageInput[];
}

/** A passage that was found. */
export interface FoundPassage {
  readonly path: string;
  /** The document's. */
  readonly title: string;
  /** 1 for the first of its document. */
  readonly position: number;
  readonly section: string | null;
  readonly anchor: string | null;
  readonly text: string;
  /** The share of the question's terms, by weight, that it holds, or how similar it is that holds none: 0 to 1. */
  readonly score: number;
}

/** What to look for. */
export interface DocsQuery {
  readonly question: string;
  /** What was talked of before: its terms count 0.4. Default: nothing. */
  readonly background?: string | undefined;
}

/** Where to look, and how much to give. */
export interface PassageQuery extends DocsQuery {
  /** The path of the document that the talk is about: its passages count 1.2 times. Default: none. */
  readonly preferred?: string | undefined;
  /** Only this document. Default: all. */
  readonly path?: string | undefined;
  /** 1 to 100. Default 10. */
  readonly limit?: number | undefined;
}

/**
 * The passages of docs on PostgreSQL. Docs is known by its name; docs belong to no owner. Any string
 * comes back equal. Every call is one statement, and its only error a `ChatkeepError`.
 */
export interface DocsStore {
  /** The documents of docs by position; none for docs that is not there. */
  documents(docs: string): Promise<StoredDocument[]>;
  /** One document with its text; `null` when there is none at that path. */
  document(docs: string, path: string): Promise<(StoredDocument & { readonly source: string }) | null>;
  /** What a document said before it changed or went, latest first, at most 50 versions. */
  versions(docs: string, path: string): Promise<DocumentVersion[]>;
  /**
   * Puts documents in the place of what stood at their paths, all or none, and says how many changed: those
   * whose hash is there already are left alone, so of two nodes that put the same, one does the work.
   */
  putDocuments(docs: string, documents: readonly DocumentInput[]): Promise<number>;
  /** Removes the documents at all other paths, and says how many they were. */
  removeOtherDocuments(docs: string, kept: readonly string[]): Promise<number>;
  /** The passages that best fit a question, best first; none when no term of it is in the docs. */
  search(docs: string, query: PassageQuery): Promise<FoundPassage[]>;
  /** How much of a question each of `texts` holds, in their order, 0 to 1; their place in docs is of no matter. */
  score(docs: string, query: DocsQuery, texts: readonly string[]): Promise<number[]>;
  /** Ends the probing of a database that is down. The pool stays the caller's. */
  close(): void;
}

export interface DocsStoreOptions {
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

/** The docs of a database; see {@link DocsStore}. */
export function createDocsStore(options: DocsStoreOptions): DocsStore {
  const database = createDatabase(options);
  const { embedding, onError = () => undefined } = options;
  const vectorSearch =
    embedding === undefined ? undefined : createVectorSearch({ database, embedding, onError });

  return {
    async documents(docs) {
      const [row] = await database.call("list_documents", { docs_name: docs });
      return ((row?.list_documents ?? []) as StoredDocument[]).map(documentFromRow);
    },

    async document(docs, path) {
      const [row] = await database.call("get_document", { docs_name: docs, at_path: path });
      const found = row?.get_document as (StoredDocument & { source: string }) | null | undefined;
      if (found === null || found === undefined) return null;
      return { ...documentFromRow(found), source: unescapeText(found.source) };
    },

    async versions(docs, path) {
      const [row] = await database.call("list_document_versions", { docs_name: docs, at_path: path });
      return ((row?.list_document_versions ?? []) as DocumentVersion[]).map((version) => ({
        title: unescapeText(version.title),
        source: unescapeText(version.source),
        replacedAt: new Date(version.replacedAt).toISOString(),
      }));
    },

    async putDocuments(docs, documents) {
      const passages = documents.flatMap((document, index) =>
        document.passages.map((passage) => ({ ...passage, document: index + 1 })),
      );
      const [row] = await database.call("put_documents", {
        docs_name: docs,
        paths: documents.map((document) => document.path),
        positions: documents.map((document) => document.position),
        titles: documents.map((document) => document.title),
        hashes: documents.map((document) => document.hash),
        sources: documents.map((document) => document.source),
        passage_documents: passages.map((passage) => passage.document),
        passage_sections: passages.map((passage) => passage.section),
        passage_anchors: passages.map((passage) => passage.anchor),
        passage_contexts: passages.map((passage) => passage.context),
        passage_texts: passages.map((passage) => passage.text),
      });
      return row?.put_documents ?? 0;
    },

    async removeOtherDocuments(docs, kept) {
      const [row] = await database.call("remove_documents", { docs_name: docs, kept });
      return row?.remove_documents ?? 0;
    },

    async search(docs, query) {
      const { question, path, limit = 10 } = query;
      const [[row], near] = await Promise.all([
        database.call("search_passages", {
          docs_name: docs,
          question,
          background: query.background ?? "",
          preferred: query.preferred ?? null,
          only_path: path ?? null,
          page_limit: vectorSearch === undefined ? limit : Math.max(limit, NEAR),
        }),
        vectorSearch?.passages<FoundPassage>(docs, { text: question, path, limit: NEAR }) ?? [],
      ]);
      const found = (row?.search_passages ?? []) as FoundPassage[];
      // One that both hold keeps the score of its words.
      const joined =
        near.length === 0
          ? found
          : fuse([found, near], (one) => JSON.stringify([one.path, one.position])).map(({ entry }) => entry);
      return joined.slice(0, limit).map(passageFromRow);
    },

    async score(docs, query, texts) {
      if (texts.length === 0) return [];
      const [row] = await database.call("score_texts", {
        docs_name: docs,
        question: query.question,
        background: query.background ?? "",
        texts,
      });
      return (row?.score_texts ?? []) as number[];
    },

    close: () => database.close(),
  };
}

function documentFromRow(row: StoredDocument): StoredDocument {
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
