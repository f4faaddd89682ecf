import { ChatkeepError, type History, type SearchHit } from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { unescapeText } from "../database/text.ts";
import { checkLength, checkRange } from "../limits.ts";
import { type MessageRow, messageOf } from "../messages.ts";
import { ownerId } from "../owners.ts";
import { searchQueryOf } from "./query.ts";
import { snippetOf } from "./snippet.ts";

/** The part of {@link History} that is about finding messages. */
export type Search = Pick<History, "searchMessages">;

/** A message that was found, as SQL gives it. */
interface Found {
  readonly conversation: string;
  readonly seq: number;
  readonly score: number;
  readonly places: readonly number[];
  readonly title: string | null;
  readonly scope: string | null;
  readonly scope_label: string | null;
}

/** The furthest that pages go: nobody reads on, and each page is ranked anew. */
const FURTHEST = 5000;

/** Search on the SQL functions: one call finds and ranks, a second one reads the page's messages. */
export function createSearch(database: Database): Search {
  return {
    async searchMessages(owner, { text, conversationId, scope, limit, cursor }) {
      checkLength(text, "q", 500);
      const size = checkRange(limit, "limit", 1, 100, 20);
      const offset = cursor === undefined ? 0 : offsetOf(cursor);
      const query = searchQueryOf(text);
      if (conversationId !== undefined) {
        await database.call("get_conversation", { owner: ownerId(owner), conversation: conversationId });
      }
      const [row] = await database.call("search_words", {
        owner: ownerId(owner),
        query,
        only_conversation: conversationId ?? null,
        only_scope: scope ?? null,
        page_offset: offset,
        page_limit: size + 1,
      });
      const found = (row?.search_words ?? []) as Found[];
      const page = found.slice(0, size);
      const [read] = await database.call("messages_at", {
        owner: ownerId(owner),
        conversations: page.map((one) => one.conversation),
        seqs: page.map((one) => one.seq),
      });
      const messages = new Map(
        ((read?.messages_at ?? []) as MessageRow[])
          .map((one) => messageOf(one, owner))
          .map((one) => [JSON.stringify([one.conversationId, one.seq]), one]),
      );
      const hits = page.flatMap((one): SearchHit[] => {
        // What was deleted between the two calls is not shown.
        const message = messages.get(JSON.stringify([one.conversation, one.seq]));
        if (message === undefined) return [];
        const { title, scope, scope_label: label, score } = one;
        const snippet = snippetOf(message.content, one.places);
        return [
          { message, title: plain(title), scope: plain(scope), scopeLabel: plain(label), snippet, score },
        ];
      });
      const next = offset + size;
      return { hits, nextCursor: found.length > size && next < FURTHEST ? String(next) : null };
    },
  };
}

function plain(stored: string | null): string | null {
  return stored === null ? null : unescapeText(stored);
}

function offsetOf(cursor: string): number {
  const offset = Number(cursor);
  if (/^\d{1,5}$/.test(cursor) && offset < FURTHEST) return offset;
  throw new ChatkeepError("invalid_request", "This cursor is not one of ours.", { pointer: "cursor" });
}
