import type { Owner } from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { ownerId } from "../owners.ts";
import { fuse } from "./fusion.ts";
import { type Postings, type Ranked, rankMessages } from "./rank.ts";
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

/** Finds the messages of a conversation that match a question, best first. */
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
  const byWords = async ({ owner, conversationId, question, below }: RecallQuery): Promise<Ranked[]> => {
    const terms = recallTerms(question);
    if (terms.length === 0) return [];
    const [row] = await database.call("recall_words", {
      owner: ownerId(owner),
      conversation: conversationId,
      terms,
      below_seq: below ?? Number.MAX_SAFE_INTEGER,
      most: CANDIDATES,
    });
    const postings = row?.recall_words as Postings | null;
    return postings === null ? [] : rankMessages(postings);
  };

  /** Returns those of the numbers that are on the branch. */
  const onBranch = async (
    { owner, conversationId, leaf }: RecallQuery,
    seqs: readonly number[],
  ): Promise<ReadonlySet<number>> => {
    if (seqs.length === 0) return new Set();
    const [row] = await database.call("filter_branch", {
      owner: ownerId(owner),
      conversation: conversationId,
      leaf: leaf ?? null,
      seqs,
    });
    return new Set((row?.filter_branch ?? []) as number[]);
  };

  return async (query) => {
    const { owner, conversationId, question: text, leaf = 0, below, limit = 20 } = query;
    const [ranked, near] = await Promise.all([
      byWords(query),
      vectorSearch?.messages(owner, { text, conversationId, leaf, below, limit: NEAR }) ?? [],
    ]);
    // Before the best are chosen: other branches may hold better ones than all of this.
    const kept = await onBranch(
      query,
      ranked.map(({ seq }) => seq),
    );
    const words = ranked.filter(({ seq }) => kept.has(seq)).slice(0, JOINED);
    if (near.length === 0) return words.slice(0, limit);
    const fused = fuse<{ readonly seq: number }>([words, near], ({ seq }) => seq);
    return fused.map(({ entry: { seq }, score }) => ({ seq, score })).slice(0, limit);
  };
}
