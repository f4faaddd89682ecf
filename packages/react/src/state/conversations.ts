import type { Conversation, History, Owner } from "@chatkeep/protocol";

import { isGone, sentenceOf } from "./failure.ts";
import { type Readable, type Schedule, createSnapshot } from "./snapshot.ts";

/** The owner's conversations as they are shown. */
export interface ConversationListState {
  /** `failed` when they could not be read: never shown as an empty list. */
  readonly status: "loading" | "ready" | "failed";
  /** The sentence why they could not be read. */
  readonly failure: string | null;
  /** Most recently active first. */
  readonly conversations: readonly Conversation[];
  /** Every conversation that is known by id, also one too old for the pages read. */
  readonly known: ReadonlyMap<string, Conversation>;
  /** Whether more exist, are on their way, or could not be read. */
  readonly more: "none" | "more" | "loading" | "failed";
}

/** The list of the owner's conversations. */
export interface ConversationList extends Readable<ConversationListState> {
  /** Reads the most recent ones, as many as are shown (50 at first, at most 100). */
  refresh(): Promise<void>;
  /** Reads the next page. */
  loadMore(): Promise<void>;
  /** Takes up what was read elsewhere; `active` moves it to the top. */
  put(event: "read" | "active", conversation: Conversation): void;
  /** Deletes the conversation and takes it from the list; it does not return from a reply that was under way. */
  remove(conversationId: string): Promise<void>;
}

/** What {@link createConversationList} takes. */
export interface ConversationListOptions {
  readonly history: Pick<History, "listConversations" | "deleteConversation">;
  readonly owner: Owner;
  /** Default: the next animation frame. */
  readonly schedule?: Schedule | undefined;
}

/** Conversations in a page. */
const PAGE = 50;
/** The most that a server gives at once. */
const LARGEST_PAGE = 100;

/** Reads nothing by itself: call `refresh()`. */
export function createConversationList(options: ConversationListOptions): ConversationList {
  const { history, owner } = options;
  const removed = new Set<string>();
  let status: ConversationListState["status"] = "loading";
  let failure: string | null = null;
  let list: readonly Conversation[] = [];
  let known: ReadonlyMap<string, Conversation> = new Map();
  let cursor: string | null = null;
  let more: "idle" | "loading" | "failed" = "idle";
  /** Counts readings, so that a reply that was overtaken is not taken up. */
  let reading = 0;
  /** Became active during the reading: the reply may not know it yet. */
  let overtaking: readonly Conversation[] = [];

  const snapshot = createSnapshot<ConversationListState>({
    schedule: options.schedule,
    build: () => ({
      status,
      failure,
      conversations: list,
      known,
      more: more === "idle" ? (cursor === null ? "none" : "more") : more,
    }),
  });

  const take = (conversations: Iterable<Conversation>): void => {
    const unique = new Map<string, Conversation>();
    for (const conversation of conversations)
      if (!removed.has(conversation.id) && !unique.has(conversation.id))
        unique.set(conversation.id, conversation);
    list = [...unique.values()];
    known = new Map([...known, ...unique]);
    snapshot.changed();
  };

  return {
    getSnapshot: snapshot.getSnapshot,
    subscribe: snapshot.subscribe,

    async refresh() {
      const mine = ++reading;
      overtaking = [];
      if (status === "failed") status = "loading";
      snapshot.changed();
      try {
        const limit = Math.min(Math.max(list.length, PAGE), LARGEST_PAGE);
        const page = await history.listConversations(owner, { limit });
        if (mine !== reading) return;
        cursor = page.nextCursor;
        more = "idle";
        status = "ready";
        failure = null;
        take([...overtaking, ...page.conversations]);
      } catch (error) {
        if (mine !== reading) return;
        // A list that was read before stays: it is older, not wrong.
        status = list.length > 0 ? "ready" : "failed";
        failure = sentenceOf(error);
        snapshot.changed();
      }
    },

    async loadMore() {
      if (cursor === null || more === "loading") return;
      const from = cursor;
      more = "loading";
      snapshot.changed();
      try {
        const page = await history.listConversations(owner, { limit: PAGE, cursor });
        if (cursor !== from) return;
        cursor = page.nextCursor;
        more = "idle";
        take([...list, ...page.conversations]);
      } catch {
        if (cursor === from) more = "failed";
        snapshot.changed();
      }
    },

    put(event, conversation) {
      if (removed.has(conversation.id)) return;
      known = new Map([...known, [conversation.id, conversation]]);
      if (event === "active") {
        overtaking = [conversation, ...overtaking];
        take([conversation, ...list]);
      } else take(list.map((other) => (other.id === conversation.id ? conversation : other)));
    },

    async remove(conversationId) {
      try {
        await history.deleteConversation(owner, conversationId);
      } catch (error) {
        if (!isGone(error)) throw error;
      }
      removed.add(conversationId);
      known = new Map([...known].filter(([id]) => id !== conversationId));
      take(list);
    },
  };
}
