import type { Owner } from "@chatkeep/protocol";

import { ownerId } from "../arguments.ts";
import type { Database } from "../database/database.ts";
import { fuse } from "./fusion.ts";
import { type Postings, rankMessages } from "./rank.ts";
import { recallTerms } from "./terms.ts";
import type { VectorSearch } from "./vector-search.ts";

/** A query of recall. */
export interface RecallQuery {
  readonly owner: Owner;
  readonly conversationId: string;
  readonly question: string;
  /** Only messages with a smaller `seq`. Default: all. */
  readonly below?: number | undefined;
  /** The last message of the branch, by `seq`. Default: the head. */
  readonly leaf?: number | undefined;
  /** Maximum results. Default 20. */
  readonly limit?: number | undefined;
}

/** A message and its score. Greater is better. */
export interface Ranked {
  readonly seq: number;
  readonly score: number;
}

/** Finds the messages of a branch that match a question, best first. */
export type Recall = (query: RecallQuery) => Promise<Ranked[]>;

/** Approximate maximum of ranked messages: each takes 5 µs to find. */
const CANDIDATES = 1200;

/** The best results by words and by vectors that are joined. Results further down change no rank on top. */
const JOINED = 100;
const NEAR = 50;

/**
 * Recall on the SQL functions: one call returns the statistics, and ranking happens here. With `vectorSearch` both
 * rankings are joined, and the score comes from the ranks.
 */
export function createRecall(database: Database, vectorSearch?: VectorSearch): Recall {
  const byWords = async ({
    owner,
    conversationId,
    question,
    below,
    leaf,
  }: RecallQuery): Promise<Ranked[]> => {
    const terms = recallTerms(question);
    if (terms.length === 0) return [];
    const [row] = await database.call("recall_words", {
      owner: ownerId(owner),
      conversation: conversationId,
      leaf: leaf ?? null,
      terms,
      below_seq: below ?? Number.MAX_SAFE_INTEGER,
      most: CANDIDATES,
    });
    const postings = row?.recall_words as Postings | null;
    if (postings === null) return [];
    const ranked = rankMessages(postings).slice(0, JOINED);
    if (postings.leaf === postings.last || ranked.length === 0)
      return ranked.map(({ place, score }) => ({ seq: place, score }));
    const [numbers] = await database.call("branch_seqs", {
      owner: ownerId(owner),
      conversation: conversationId,
      // Of this branch, also when the head has moved since.
      leaf: postings.leaf,
      places: ranked.map(({ place }) => place),
    });
    const seqs = numbers?.branch_seqs as (number | null)[];
    return ranked.flatMap(({ score }, index) => {
      const seq = seqs[index] ?? null;
      return seq === null ? [] : [{ seq, score }];
    });
  };

  return async (query) => {
    const { owner, conversationId, question: text, leaf = 0, below, limit = 20 } = query;
    const [words, near] = await Promise.all([
      byWords(query),
      vectorSearch?.messages(owner, { text, conversationId, leaf, below, limit: NEAR }) ?? [],
    ]);
    if (near.length === 0) return words.slice(0, limit);
    const fused = fuse<{ readonly seq: number }>([words, near], ({ seq }) => seq);
    return fused.map(({ entry: { seq }, score }) => ({ seq, score })).slice(0, limit);
  };
}
