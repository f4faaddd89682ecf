import type { Part } from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { wordTextOf } from "./words.ts";

/** Messages indexed in one transaction: about 20 ms, during which the conversation accepts no other. */
const PAGE = 200;

/**
 * Indexes messages that an older release stored without a search index, in small transactions, the latest of a
 * conversation first. After an interruption the next call continues; any number of nodes may run it.
 *
 * Resolves with the number of steps when nothing is left, or when the signal is aborted.
 */
export async function indexBacklog(database: Database, signal?: AbortSignal): Promise<number> {
  let steps = 0;
  const isAborted = (): boolean => signal?.aborted === true;
  while (!isAborted()) {
    const [row] = await database.call("next_backfill", {});
    if (row === undefined) break;
    const place = { owner: row.owner_id ?? "", conversation: row.conversation_id ?? "" };
    const [page] = await database.call("messages_to_backfill", { ...place, page_limit: PAGE });
    const messages = (page?.messages ?? []) as { seq: number; parts: Part[] }[];
    await database.call("backfill_search_index", {
      ...place,
      seqs: messages.map(({ seq }) => seq),
      word_texts: messages.map(({ parts }) => wordTextOf(parts)),
      next_below: page?.next_below ?? 0,
    });
    steps += 1;
  }
  return steps;
}
