import { createDatabase } from "../database/database.ts";
import type { ConnectionPool } from "../database/pool.ts";
import { unescapeText } from "../database/values.ts";
import type { Embedding } from "./embedding.ts";
import { fuse } from "./fusion.ts";
import { docsTerms } from "./terms.ts";
import { createVectorSearch } from "./vector-search.ts";
import { wordText } from "./words.ts";

/** A document without its text. */
export interface StoredDocument {
  /** The path of the file within the docs, with forward slashes: `docs/intro.md`. */
  readonly path: string;
  /** Documents are ordered by it, then by path. */
  readonly position: number;
  readonly title: string;
  /** A hash of the file and of how it was parsed. An equal hash needs no update. */
  readonly hash: string;
}

/** A former version of a document. */
export interface DocumentVersion {
  readonly title: string;
  readonly source: string;
  /** When it was replaced: ISO 8601, milliseconds, UTC. */
  readonly replacedAt: string;
}

/** A passage of a document: the text under one heading, or a part of it. */
export interface PassageInput {
  /** The heading; `null` before the first one. */
  readonly section: string | null;
  /** The fragment of the heading, without `#`. */
  readonly anchor: string | null;
  /** The document's title and the headings above the section. Searched, but not shown. */
  readonly context: string;
  /** Not empty. */
  readonly text: string;
}

/** A document with its text and its passages in order. */
export interface DocumentInput extends StoredDocument {
  readonly source: string;
  readonly passages: readonly PassageInput[];
}

/** A passage that matches a question. */
export interface FoundPassage {
  readonly path: string;
  /** The document's. */
  readonly title: string;
  /** 1 for the first of its document. */
  readonly position: number;
  readonly section: string | null;
  readonly anchor: string | null;
  readonly text: string;
  /** 0 to 1: the weighted share of the question's terms that it holds, or its similarity if it holds none. */
  readonly score: number;
}

/** The question of a search. */
export interface DocsQuery {
  readonly question: string;
  /** Earlier text of the conversation. Its terms together weigh 0.3 of the question's. Default: none. */
  readonly background?: string | undefined;
}

/** The range and size of a search. */
export interface PassageQuery extends DocsQuery {
  /** The path of the document that the conversation is about. Its passages count 1.2 times. Default: none. */
  readonly preferred?: string | undefined;
  /** Only this document. Default: all. */
  readonly path?: string | undefined;
  /** 1 to 100. Default 10. */
  readonly limit?: number | undefined;
}

/**
 * Documents and their passages on PostgreSQL, under a name. They belong to no owner. Any string comes back equal. Each
 * call is one statement and throws `ChatkeepError` only.
 */
export interface DocsStore {
  /** Lists the documents by position; none for an unknown name. */
  documents(docs: string): Promise<StoredDocument[]>;
  /** Reads a document with its text; `null` if there is none at the path. */
  document(docs: string, path: string): Promise<(StoredDocument & { readonly source: string }) | null>;
  /** Lists former versions of a document, latest first, at most 50. */
  versions(docs: string, path: string): Promise<DocumentVersion[]>;
  /**
   * Replaces the documents at these paths, all or none, and returns how many changed. Documents with an equal hash are
   * skipped, so of two nodes that put equal documents one does the work.
   */
  putDocuments(docs: string, documents: readonly DocumentInput[]): Promise<number>;
  /** Removes the documents at all other paths, and returns their number. */
  removeOtherDocuments(docs: string, kept: readonly string[]): Promise<number>;
  /** Finds the passages that match a question, best first; none if the docs hold no term of it. */
  search(docs: string, query: PassageQuery): Promise<FoundPassage[]>;
  /** Scores texts, 0 to 1: the weighted share of the question's terms that each holds. */
  score(docs: string, query: DocsQuery, texts: readonly string[]): Promise<number[]>;
  /** Stops probing a database that is down. The pool stays open. */
  close(): void;
}

export interface DocsStoreOptions {
  readonly pool: ConnectionPool;
  /** Milliseconds without an answer after which the database counts as down. Default 1,800. */
  readonly databaseTimeout?: number | undefined;
  /** The schema that was migrated. Default `chatkeep`. */
  readonly schema?: string;
  /** Adds vector search; a history with this embedding embeds the passages. Default: words only. */
  readonly embedding?: Embedding | undefined;
  /** Called when the embedding model fails, for the operator's log. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Maximum passages by vectors that are joined with those by words. */
const NEAR = 20;

export function createDocsStore(options: DocsStoreOptions): DocsStore {
  const database = createDatabase({ ...options, timeout: options.databaseTimeout });
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
        heading_words: passages.map((passage) => wordText(passage.section ?? passage.context)),
        context_words: passages.map((passage) => wordText(passage.context)),
        text_words: passages.map((passage) => wordText(passage.text)),
      });
      return row?.put_documents ?? 0;
    },

    async removeOtherDocuments(docs, kept) {
      const [row] = await database.call("remove_documents", { docs_name: docs, kept });
      return row?.remove_documents ?? 0;
    },

    async search(docs, query) {
      const { question, background = "", path, limit = 10 } = query;
      const [[row], near] = await Promise.all([
        database.call("search_passages", {
          docs_name: docs,
          question: docsTerms(question),
          background: docsTerms(background),
          preferred: query.preferred ?? null,
          only_path: path ?? null,
          page_limit: vectorSearch === undefined ? limit : Math.max(limit, NEAR),
        }),
        vectorSearch?.passages<FoundPassage>(docs, { text: question, path, limit: NEAR }) ?? [],
      ]);
      const found = (row?.search_passages ?? []) as FoundPassage[];
      // A passage in both lists keeps the score of its words.
      const joined =
        near.length === 0
          ? found
          : fuse([found, near], (one) => JSON.stringify([one.path, one.position])).map(({ entry }) => entry);
      return joined.slice(0, limit).map(passageFromRow);
    },

    async score(docs, { question, background = "" }, texts) {
      if (texts.length === 0) return [];
      const [row] = await database.call("score_texts", {
        docs_name: docs,
        question: docsTerms(question),
        background: docsTerms(background),
        word_texts: texts.map(wordText),
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
    section: unescapeText(row.section),
    anchor: unescapeText(row.anchor),
    text: unescapeText(row.text),
    score: row.score,
  };
}
