import type { Owner, Role } from "@chatkeep/protocol";

import { ownerId } from "../arguments.ts";
import type { Database } from "../database/database.ts";
import { type Embedding, EmbeddingRefused } from "./embedding.ts";
import { embeddable, vectorsOf } from "./vector.ts";

/** A message near a text, as `near_messages` returns it. */
interface NearMessage {
  readonly conversation: string;
  readonly seq: number;
  readonly title: string | null;
  readonly scope: string | null;
  readonly scope_label: string | null;
  /** Cosine similarity. */
  readonly score: number;
  /** Empty: a vector match has no matching words. */
  readonly places: readonly number[];
}

/** The range of a search in messages. */
interface NearQuery {
  readonly text: string;
  /** Default: all conversations. */
  readonly conversationId?: string | undefined;
  /** Default: all scopes. */
  readonly scope?: string | undefined;
  /** Default: all roles. */
  readonly role?: Role | undefined;
  /** Only messages of this time or later, and of earlier than `until`. Default: all times. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** With `conversationId`: only the branch that ends with this `seq`; 0 is the head's. Default: all branches. */
  readonly leaf?: number | undefined;
  /** Only messages with a smaller `seq`. Default: all. */
  readonly below?: number | undefined;
  readonly limit: number;
}

/** The range of a search in docs. */
interface NearPassages {
  readonly text: string;
  /** Only this document; `undefined`: all. */
  readonly path: string | undefined;
  readonly limit: number;
}

/** Finds by vectors. Returns nothing when the model or its vectors are unavailable, so that word search remains. */
export interface VectorSearch {
  /** Returns messages above the similarity threshold, nearest first. Errors: the store's. */
  messages(owner: Owner, query: NearQuery): Promise<NearMessage[]>;
  /** Returns passages of docs, likewise. */
  passages<T extends { readonly score: number }>(docs: string, query: NearPassages): Promise<T[]>;
}

export interface VectorSearchOptions {
  readonly database: Database;
  readonly embedding: Embedding;
  /** Called when the embedding model fails. Errors quote no text. */
  readonly onError: (error: unknown) => void;
  /** Timeout for embedding a question in milliseconds. Default 2,000. */
  readonly timeout?: number;
}

/** Cached vectors of questions: a search is paged, and a question's context may be read before it is asked. */
const KEPT = 100;
/** Milliseconds without a call after the model failed or had no vectors, so that an outage delays few answers. */
const PAUSE = 30_000;
/** The default of {@link Embedding.leastSimilarity}. */
const LEAST = 0.3;

/** Search by the vectors that the embedding worker keeps. */
export function createVectorSearch(options: VectorSearchOptions): VectorSearch {
  const { database, embedding, onError, timeout = 2000 } = options;
  const least = embedding.leastSimilarity ?? LEAST;
  const kept = new Map<string, string>();
  let quietUntil = 0;

  const vectorOf = async (text: string): Promise<string | undefined> => {
    const asked = embeddable(text);
    if (asked === "" || performance.now() < quietUntil) return undefined;
    try {
      return (await vectorsOf(embedding, [asked], AbortSignal.timeout(timeout)))[0];
    } catch (error) {
      // A refused text is no outage for other people.
      if (!(error instanceof EmbeddingRefused)) quietUntil = performance.now() + PAUSE;
      onError(error);
      return undefined;
    }
  };

  /** Cached by owner: otherwise the time of an answer would tell what another owner asked. */
  const keptVectorOf = async (owner: string, text: string): Promise<string | undefined> => {
    const key = JSON.stringify([owner, text]);
    const known = kept.get(key);
    if (known !== undefined) return known;
    const vector = await vectorOf(text);
    if (vector === undefined) return undefined;
    const oldest = kept.size >= KEPT ? kept.keys().next().value : undefined;
    if (oldest !== undefined) kept.delete(oldest);
    kept.set(key, vector);
    return vector;
  };

  /** The matches of a vector. `find` resolves with `null` when the database has no vectors of this model. */
  const near = async <T extends { readonly score: number }>(
    vector: string | undefined,
    find: (vector: string) => Promise<T[] | null>,
  ): Promise<T[]> => {
    if (vector === undefined) return [];
    const found = await find(vector);
    if (found === null) quietUntil = performance.now() + PAUSE;
    return found?.filter(({ score }) => score >= least) ?? [];
  };

  const { model } = embedding;
  return {
    async messages(owner, { text, conversationId, scope, role, since, until, leaf, below, limit }) {
      const id = ownerId(owner);
      return near(await keptVectorOf(id, text), async (vector) => {
        const [row] = await database.call("near_messages", {
          owner: id,
          model,
          vector,
          only_conversation: conversationId ?? null,
          only_scope: scope ?? null,
          only_role: role ?? null,
          since: since ?? null,
          until: until ?? null,
          leaf: leaf ?? null,
          below_seq: below ?? Number.MAX_SAFE_INTEGER,
          page_limit: limit,
        });
        return (row?.near_messages ?? null) as NearMessage[] | null;
      });
    },
    async passages<T extends { readonly score: number }>(docs: string, { text, path, limit }: NearPassages) {
      return near(await vectorOf(text), async (vector) => {
        const place = { docs_name: docs, model, vector, only_path: path ?? null, page_limit: limit };
        const [row] = await database.call("near_passages", place);
        return (row?.near_passages ?? null) as T[] | null;
      });
    },
  };
}
