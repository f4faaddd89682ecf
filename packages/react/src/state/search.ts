import {
  type History,
  type Owner,
  type SearchHit,
  type SearchQuery,
  type TitleHit,
  isChatkeepError,
} from "@chatkeep/protocol";

import { sentenceOf } from "./failure.ts";
import { type Readable, type Schedule, createSnapshot } from "./snapshot.ts";

/** A search as it is shown. */
export interface SearchState {
  readonly text: string;
  /** `idle` while the field is empty; the previous hits stay while it is `searching`. */
  readonly status: "idle" | "searching" | "ready" | "failed";
  /** The sentence why the search failed. */
  readonly failure: string | null;
  /** Conversations whose titles match, best first. */
  readonly titles: readonly TitleHit[];
  /** Best first; each with a snippet and what to mark in it. */
  readonly hits: readonly SearchHit[];
  /** Whether more exist, are on their way, or could not be read. */
  readonly more: "none" | "more" | "loading" | "failed";
}

/** Searches messages while a person types. */
export interface Search extends Readable<SearchState> {
  /** Searches this text once typing has paused. */
  set(text: string): void;
  /** Searches again now. */
  retry(): Promise<void>;
  /** Reads the next page. */
  loadMore(): Promise<void>;
  close(): void;
}

export interface SearchOptions extends Pick<SearchQuery, "scope" | "conversationId"> {
  readonly history: Pick<History, "searchMessages">;
  readonly owner: Owner;
  /** How long typing has to pause before a search starts, in milliseconds; default 200. */
  readonly pauseMs?: number | undefined;
  /** Default: the next animation frame. */
  readonly schedule?: Schedule | undefined;
}

/** Asks nothing before something is typed. A reply that later typing has overtaken is not shown. */
export function createSearch(options: SearchOptions): Search {
  const { history, owner, scope, conversationId, pauseMs = 200, schedule } = options;
  let state: SearchState = { text: "", status: "idle", failure: null, titles: [], hits: [], more: "none" };
  let cursor: string | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;

  const snapshot = createSnapshot<SearchState>({ schedule, build: () => state });
  const change = (next: Partial<SearchState>): void => {
    state = { ...state, ...next };
    snapshot.changed();
  };
  const query = (): SearchQuery => ({ text: asTyped(state.text), scope, conversationId });

  const ask = async (): Promise<void> => {
    const mine = ++asked;
    clearTimeout(timer);
    change({ status: "searching", failure: null });
    try {
      const page = await history.searchMessages(owner, query());
      if (mine !== asked) return;
      cursor = page.nextCursor;
      change({
        status: "ready",
        titles: page.titles,
        hits: page.hits,
        more: cursor === null ? "none" : "more",
      });
    } catch (error) {
      if (mine !== asked) return;
      // Punctuation alone: there is no word yet.
      if (isChatkeepError(error, "invalid_request"))
        change({ status: "ready", titles: [], hits: [], more: "none" });
      else change({ status: "failed", failure: sentenceOf(error) });
    }
  };

  return {
    getSnapshot: snapshot.getSnapshot,
    subscribe: snapshot.subscribe,
    retry: ask,
    set(text) {
      clearTimeout(timer);
      asked += 1;
      if (text.trim() === "") {
        change({ text, status: "idle", failure: null, titles: [], hits: [], more: "none" });
        return;
      }
      change({ text, status: "searching", failure: null });
      timer = setTimeout(() => void ask(), pauseMs);
    },
    async loadMore() {
      if (cursor === null || state.more === "loading") return;
      const mine = asked;
      change({ more: "loading" });
      try {
        const page = await history.searchMessages(owner, { ...query(), cursor });
        if (mine !== asked) return;
        cursor = page.nextCursor;
        change({ hits: [...state.hits, ...page.hits], more: cursor === null ? "none" : "more" });
      } catch {
        if (mine === asked) change({ more: "failed" });
      }
    },
    close() {
      clearTimeout(timer);
      asked += 1;
    },
  };
}

/** The last word may be unfinished: it is searched as a prefix. */
function asTyped(text: string): string {
  const trimmed = text.trim();
  return /[\p{L}\p{N}]$/u.test(trimmed) && trimmed.split('"').length % 2 === 1 ? `${trimmed}*` : trimmed;
}
