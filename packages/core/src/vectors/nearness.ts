import type { Owner } from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { ownerId } from "../owners.ts";
import type { Embedding } from "./embedding.ts";
import { vectorText } from "./vector.ts";

/** A message near a text, as SQL's `near_messages` gives it. */
interface NearMessage {
  readonly conversation: string;
  readonly seq: number;
  readonly title: string | null;
  readonly scope: string | null;
  readonly scope_label: string | null;
  /** Cosine similarity. */
  readonly score: number;
  /** None: no word of the text need stand in it. */
  readonly places: readonly number[];
}

/** Where to look. */
interface NearQuery {
  readonly text: string;
  /** Default: all conversations. */
  readonly conversationId?: string | undefined;
  /** Default: all scopes. */
  readonly scope?: string | undefined;
  /** Only messages with a smaller `seq`. Default: all. */
  readonly below?: number | undefined;
  readonly limit: number;
}

/** Where to look in a book. */
interface NearPassages {
  readonly text: string;
  /** Only this chapter; `undefined`: all. */
  readonly path: string | undefined;
  readonly limit: number;
}

/** Finds by meaning. Where that is not to be had just now, it finds nothing and what words find remains. */
export interface Nearness {
  /** Nearest first, each similar enough. Errors: as of the store. */
  messages(owner: Owner, query: NearQuery): Promise<NearMessage[]>;
  /** The same for the passages of a book, as SQL's `book_near` gives them. */
  passages<T extends { readonly score: number }>(book: string, query: NearPassages): Promise<T[]>;
}

/** What {@link createNearness} takes. */
export interface NearnessOptions {
  readonly database: Database;
  readonly embedding: Embedding;
  /** Told when the embedding model failed; never the text. */
  readonly onError: (error: unknown) => void;
  /** Milliseconds that a question may take to be embedded (default 2,000). */
  readonly patience?: number;
}

/** Questions whose vectors are kept: a search that is paged, a question that is shown and then asked. */
const KEPT = 100;
/**
 * Milliseconds in which a model is not asked again that failed, or whose vectors are not there: so that an outage
 * delays few answers.
 */
const PAUSE = 30_000;
/** Code units of a question that are embedded. */
const LONGEST = 8000;
const LEAST = 0.3;

/** Nearness by the vectors that the embedding worker keeps. */
export function createNearness(options: NearnessOptions): Nearness {
  const { database, embedding, onError, patience = 2000 } = options;
  const least = embedding.leastSimilarity ?? LEAST;
  const vectors = new Map<string, string>();
  let quietUntil = 0;

  const vectorOf = async (text: string): Promise<string | undefined> => {
    const asked = text.slice(0, LONGEST).trim();
    const known = vectors.get(asked);
    if (known !== undefined) return known;
    if (asked === "" || performance.now() < quietUntil) return undefined;
    try {
      const [vector] = await embedding.embed([asked], AbortSignal.timeout(patience));
      if (vector === undefined) return undefined;
      const oldest = vectors.size >= KEPT ? vectors.keys().next().value : undefined;
      if (oldest !== undefined) vectors.delete(oldest);
      vectors.set(asked, vectorText(vector));
    } catch (error) {
      quietUntil = performance.now() + PAUSE;
      onError(error);
    }
    return vectors.get(asked);
  };

  /** What the database finds near a text; `null` of it: it has no vectors of this model. */
  const near = async <T extends { readonly score: number }>(
    text: string,
    find: (vector: string) => Promise<T[] | null>,
  ): Promise<T[]> => {
    const vector = await vectorOf(text);
    if (vector === undefined) return [];
    const found = await find(vector);
    if (found === null) quietUntil = performance.now() + PAUSE;
    return found?.filter(({ score }) => score >= least) ?? [];
  };

  const { model } = embedding;
  return {
    messages: (owner, { text, conversationId, scope, below, limit }) =>
      near(text, async (vector) => {
        const [row] = await database.call("near_messages", {
          owner: ownerId(owner),
          model,
          vector,
          only_conversation: conversationId ?? null,
          only_scope: scope ?? null,
          below_seq: below ?? Number.MAX_SAFE_INTEGER,
          page_limit: limit,
        });
        return (row?.near_messages ?? null) as NearMessage[] | null;
      }),
    passages: <T extends { readonly score: number }>(book: string, { text, path, limit }: NearPassages) =>
      near(text, async (vector) => {
        const place = { of_book: book, model, vector, only_path: path ?? null, page_limit: limit };
        const [row] = await database.call("book_near", place);
        return (row?.book_near ?? null) as T[] | null;
      }),
  };
}
