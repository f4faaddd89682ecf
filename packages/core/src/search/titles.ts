import type { Owner, SearchQuery, TitleHit } from "@chatkeep/protocol";

import { ownerId } from "../arguments.ts";
import type { Database } from "../database/database.ts";
import { type ConversationRow, conversationFromRow } from "../database/rows.ts";
import { unescapeText } from "../database/values.ts";
import { searchQueryOf } from "./query.ts";
import { marksOf } from "./snippet.ts";
import { wordText } from "./words.ts";

/** The most titles that are found. */
const MOST = 20;
/** Titles indexed by one call: 1,000 take 60 ms. */
const BATCH = 1000;

/**
 * Finds conversations by their titles, best first. Titles that changed since the last search are indexed before it, so
 * nothing that sets a title has to cut its words.
 */
export async function searchTitles(
  database: Database,
  owner: Owner,
  { text, scope, since, until }: SearchQuery,
): Promise<TitleHit[]> {
  for (;;) {
    const [row] = await database.call("search_titles", {
      owner: ownerId(owner),
      query: searchQueryOf(text),
      only_scope: scope ?? null,
      since: since ?? null,
      until: until ?? null,
      page_limit: MOST,
      batch: BATCH,
    });
    const unindexed = (row?.unindexed ?? []) as { id: string; title: string }[];
    if (unindexed.length === 0) {
      const found = (row?.titles ?? []) as { conversation: ConversationRow; places: number[] }[];
      return found.map(({ conversation: stored, places }) => {
        const conversation = conversationFromRow(stored, owner);
        return { ...conversation, marks: marksOf(conversation.title ?? "", places) };
      });
    }
    const titles = unindexed.map(({ title }) => unescapeText(title));
    await database.call("index_titles", {
      owner: ownerId(owner),
      ids: unindexed.map(({ id }) => id),
      titles,
      word_texts: titles.map(wordText),
    });
  }
}
