import type { Conversation, DeletedConversation } from "@chatkeep/protocol";

import { backoff, pause } from "./backoff.ts";
import { isPassing, sentenceOf } from "./failure.ts";
import { type Readable, type Schedule, createSnapshot } from "./snapshot.ts";

/** A list of conversations as it is shown. */
export interface ConversationListState {
  /** `failed` when they could not be read: never shown as an empty list. */
  readonly status: "loading" | "ready" | "failed";
  /** The sentence why they could not be read. */
  readonly failure: string | null;
  /** Most recently active first. */
  readonly conversations: readonly Conversation[];
  /** Whether more exist, are on their way, or could not be read. */
  readonly more: "none" | "more" | "loading" | "failed";
}

/** A list of the owner's conversations. */
export interface ConversationList extends Readable<ConversationListState> {
  /** Reads the most recent ones, as many as are shown (50 at first, at most 1,000); asked twice in one task, once. */
  refresh(): Promise<void>;
  /** Reads the next page. */
  loadMore(): Promise<void>;
  /** Takes over what was read elsewhere; `active` moves it to the top. What no longer belongs here is removed. */
  put(event: "read" | "active", conversation: Conversation): void;
  /** Removes what no longer belongs here. */
  sift(): void;
}

export interface ConversationListOptions {
  readonly read: (query: PageQuery) => Promise<ReadPage>;
  /** Whether a conversation belongs in this list; a reply that was under way brings none back. */
  readonly belongs: (conversation: Conversation) => boolean;
  /** Called with the conversations of each page. */
  readonly onRead: (conversations: readonly Conversation[]) => void;
  /** When it aborts, a list that could not be read is not read again. */
  readonly signal: AbortSignal;
  /** Default: the next animation frame. */
  readonly schedule?: Schedule | undefined;
}

/** Which page to read. */
export interface PageQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** A page of a list. */
export interface ReadPage {
  readonly conversations: readonly (Conversation | DeletedConversation)[];
  readonly nextCursor: string | null;
}

/** Conversations in a page. */
const PAGE = 50;
/** The most that a server gives at once. */
const LARGEST_PAGE = 100;
/** The most that are read again: ten requests. */
const MOST_AGAIN = 1_000;

/** Reads nothing by itself: call `refresh()`. */
export function createConversationList(options: ConversationListOptions): ConversationList {
  const { read, belongs, onRead, signal } = options;
  let status: ConversationListState["status"] = "loading";
  let failure: string | null = null;
  let list: readonly Conversation[] = [];
  let cursor: string | null = null;
  let more: "idle" | "loading" | "failed" = "idle";
  /** Counts readings, so that a reply that was overtaken is not taken up. */
  let reading = 0;
  /** Readings that failed one after another. */
  let failed = 0;
  /** Became active during the reading: the reply may not know it yet. */
  let overtaking: readonly Conversation[] = [];
  /** The reading that began in this task. */
  let begun: Promise<void> | undefined;

  const snapshot = createSnapshot<ConversationListState>({
    schedule: options.schedule,
    build: () => ({
      status,
      failure,
      conversations: list,
      more: more === "idle" ? (cursor === null ? "none" : "more") : more,
    }),
  });

  const take = (conversations: readonly Conversation[]): void => {
    const unique = new Map<string, Conversation>();
    for (const conversation of conversations) {
      // Of two replies that overtook each other the later state counts, in the first one's place.
      const known = unique.get(conversation.id);
      const isLater = known === undefined || known.updatedAt < conversation.updatedAt;
      if (belongs(conversation) && isLater) unique.set(conversation.id, conversation);
    }
    list = [...unique.values()];
    snapshot.changed();
  };

  const readLater = async (mine: number): Promise<void> => {
    await pause({ ms: backoff(failed++), signal });
    if (mine === reading && !signal.aborted) await readAnew();
  };

  const readAnew = async (): Promise<void> => {
    const mine = ++reading;
    overtaking = [];
    snapshot.changed();
    try {
      const wanted = Math.min(Math.max(list.length, PAGE), MOST_AGAIN);
      const conversations: Conversation[] = [];
      let next: string | undefined;
      do {
        const limit = Math.min(wanted - conversations.length, LARGEST_PAGE);
        const page = await read({ limit, cursor: next });
        if (mine !== reading) return;
        conversations.push(...page.conversations);
        next = page.nextCursor ?? undefined;
      } while (next !== undefined && conversations.length < wanted);
      cursor = next ?? null;
      more = "idle";
      status = "ready";
      failure = null;
      failed = 0;
      onRead(conversations);
      take([...overtaking, ...conversations]);
    } catch (error) {
      if (mine !== reading) return;
      // A list that was read before stays: it is older, not wrong.
      status = list.length > 0 ? "ready" : "failed";
      failure = sentenceOf(error);
      snapshot.changed();
      if (isPassing(error)) void readLater(mine);
    }
  };

  return {
    getSnapshot: snapshot.getSnapshot,
    subscribe: snapshot.subscribe,

    refresh() {
      if (status === "failed") status = "loading";
      begun ??= readAnew();
      queueMicrotask(() => (begun = undefined));
      return begun;
    },

    async loadMore() {
      if (cursor === null || more === "loading") return;
      const from = cursor;
      more = "loading";
      snapshot.changed();
      try {
        const page = await read({ limit: PAGE, cursor });
        if (cursor !== from) return;
        cursor = page.nextCursor;
        more = "idle";
        onRead(page.conversations);
        take([...list, ...page.conversations]);
      } catch {
        if (cursor === from) more = "failed";
        snapshot.changed();
      }
    },

    put(event, conversation) {
      if (event === "active") {
        overtaking = [conversation, ...overtaking];
        take([conversation, ...list]);
      } else take(list.map((other) => (other.id === conversation.id ? conversation : other)));
    },

    sift: () => take(list),
  };
}
