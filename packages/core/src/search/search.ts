import {
  ChatkeepError,
  type History,
  type Owner,
  type SearchHit,
  type SearchQuery,
} from "@chatkeep/protocol";

import { checkInstant, checkLength, checkRange, ownerId } from "../arguments.ts";
import type { Database } from "../database/database.ts";
import { type MessageRow, messageOf } from "../database/rows.ts";
import { unescapeText } from "../database/values.ts";
import { fuse } from "./fusion.ts";
import { searchQueryOf } from "./query.ts";
import { snippetOf } from "./snippet.ts";
import { searchTitles } from "./titles.ts";
import type { VectorSearch } from "./vector-search.ts";

/** The methods of {@link History} that search. */
export type Search = Pick<History, "searchMessages">;

/** A hit, as SQL returns it. */
interface Found {
  readonly conversation: string;
  readonly seq: number;
  readonly score: number;
  readonly places: readonly number[];
  readonly title: string | null;
  readonly scope: string | null;
  readonly scope_label: string | null;
}

/** The last hit that paging can reach: each page is ranked again. */
const FURTHEST = 5000;

/** The best hits by vectors and by words that are joined. Word hits follow. */
const NEAR = 50;
const JOINED = 200;
/** Operators that only word search supports: a phrase, a prefix, an exclusion. */
const PRECISE = /"|\*|(^|\s)-/;

interface Page {
  readonly offset: number;
  readonly size: number;
}

export interface SearchOptions {
  readonly database: Database;
  /** Adds vector search to plain queries. Default: words only. */
  readonly vectorSearch?: VectorSearch | undefined;
}

/** Search on the SQL functions: one call finds and ranks, a second one reads the messages of the page. */
export function createSearch({ database, vectorSearch }: SearchOptions): Search {
  const byWords = async (
    owner: Owner,
    { text, conversationId, scope, role, since, until }: SearchQuery,
    { offset, size }: Page,
  ): Promise<Found[]> => {
    const [row] = await database.call("search_words", {
      owner: ownerId(owner),
      query: searchQueryOf(text),
      only_conversation: conversationId ?? null,
      only_scope: scope ?? null,
      only_role: role ?? null,
      since: since ?? null,
      until: until ?? null,
      page_offset: offset,
      page_limit: size,
    });
    return (row?.search_words ?? []) as Found[];
  };

  /** A page of hits, and whether there are more. */
  const find = async (
    owner: Owner,
    query: SearchQuery,
    { offset, size }: Page,
  ): Promise<{ page: Found[]; hasMore: boolean }> => {
    const { text, conversationId, scope, role, since, until } = query;
    const near =
      vectorSearch === undefined || PRECISE.test(text)
        ? []
        : await vectorSearch.messages(owner, {
            text,
            conversationId,
            scope,
            role,
            since,
            until,
            limit: NEAR,
          });
    if (near.length === 0) {
      const found = await byWords(owner, query, { offset, size: size + 1 });
      return { page: found.slice(0, size), hasMore: found.length > size };
    }
    // The joined part has a fixed size, or a hit could change its rank between pages.
    const best = await byWords(owner, query, { offset: 0, size: JOINED });
    const fused = fuse<Found>([best, near], keyOf);
    const page = fused.slice(offset, offset + size).map(({ entry, score }) => ({ ...entry, score }));
    if (best.length < JOINED || offset + size < fused.length)
      return { page, hasMore: offset + size < fused.length };
    const after = { offset: JOINED + Math.max(0, offset - fused.length), size: size - page.length + 1 };
    const behind = await byWords(owner, query, after);
    const known = new Set(near.map(keyOf));
    return {
      page: [...page, ...behind.slice(0, size - page.length).filter((one) => !known.has(keyOf(one)))],
      hasMore: behind.length === after.size,
    };
  };

  return {
    async searchMessages(owner, given) {
      const { text, conversationId, limit, cursor } = given;
      checkLength(text, "q", 500);
      const size = checkRange(limit, "limit", 1, 100, 20);
      const offset = cursor === undefined ? 0 : offsetOf(cursor);
      if (conversationId !== undefined) {
        await database.call("get_conversation", { owner: ownerId(owner), conversation: conversationId });
      }
      const query = { ...given, since: timeOf(given, "since"), until: timeOf(given, "until") };
      // With the first page. A title is in no conversation, and nobody's words.
      const titles =
        offset > 0 || conversationId !== undefined || given.role !== undefined
          ? []
          : await searchTitles(database, owner, query);
      const { page, hasMore } = await find(owner, query, { offset, size });
      const [read] = await database.call("get_messages_by_seq", {
        owner: ownerId(owner),
        conversations: page.map((one) => one.conversation),
        seqs: page.map((one) => one.seq),
      });
      const messages = new Map(
        ((read?.get_messages_by_seq ?? []) as MessageRow[])
          .map((one) => messageOf(one, owner))
          .map((one) => [keyOf({ conversation: one.conversationId, seq: one.seq }), one]),
      );
      const hits = page.flatMap((one): SearchHit[] => {
        // A message deleted between the two calls is left out.
        const message = messages.get(keyOf(one));
        if (message === undefined) return [];
        const { title, scope, scope_label: label, score } = one;
        const snippet = snippetOf(message.content, one.places);
        return [
          {
            message,
            title: unescapeText(title),
            scope: unescapeText(scope),
            scopeLabel: unescapeText(label),
            snippet,
            score,
          },
        ];
      });
      const next = offset + size;
      return { titles, hits, nextCursor: hasMore && next < FURTHEST ? String(next) : null };
    },
  };
}

function keyOf({ conversation, seq }: Pick<Found, "conversation" | "seq">): string {
  return JSON.stringify([conversation, seq]);
}

function timeOf(query: SearchQuery, name: "since" | "until"): string | undefined {
  const time = query[name];
  return time === undefined ? undefined : checkInstant(time, name);
}

function offsetOf(cursor: string): number {
  const offset = Number(cursor);
  if (/^\d{1,5}$/.test(cursor) && offset < FURTHEST) return offset;
  throw new ChatkeepError("invalid_request", "Invalid cursor.", { pointer: "cursor" });
}
