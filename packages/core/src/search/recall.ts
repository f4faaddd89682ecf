import type { Owner } from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { ownerId } from "../owners.ts";
import { recallForms } from "./forms.ts";
import { type Postings, type Ranked, rankMessages } from "./rank.ts";

/** What to recall. */
export interface RecallQuery {
  readonly owner: Owner;
  readonly conversationId: string;
  readonly question: string;
  /** Only messages with a smaller `seq`. Default: all. */
  readonly below?: number | undefined;
  /** How many at the most (default 20). */
  readonly limit?: number | undefined;
}

/** Finds the messages of a conversation that fit a question, best first. */
export type Recall = (query: RecallQuery) => Promise<Ranked[]>;

/** Messages that are ranked at the most, about: each takes 5 µs to find. */
const CANDIDATES = 1200;

/** Recall on the SQL functions: one call gives what the ranking needs, which is done here. */
export function createRecall(database: Database): Recall {
  return async ({ owner, conversationId, question, below, limit = 20 }) => {
    const forms = recallForms(question);
    if (forms.length === 0) return [];
    const [row] = await database.call("recall_words", {
      owner: ownerId(owner),
      conversation: conversationId,
      forms,
      below_seq: below ?? Number.MAX_SAFE_INTEGER,
      most: CANDIDATES,
    });
    const postings = row?.recall_words as Postings | null;
    return postings === null ? [] : rankMessages(postings).slice(0, limit);
  };
}
