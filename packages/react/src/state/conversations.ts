import type { Conversation, ConversationPatch, History, Owner } from "@chatkeep/protocol";

import { type ConversationList, createConversationList } from "./conversation-list.ts";
import { isGone } from "./failure.ts";
import type { Known } from "./known.ts";
import { type Readable, type Schedule, createSnapshot } from "./snapshot.ts";

/** What is known of the owner's conversations, whichever lists they stand in. */
export interface ConversationsState {
  /** By id; also those too old for the pages read. Deleted ones are not known any more. */
  readonly known: ReadonlyMap<string, Conversation>;
  /** Deleted here less than {@link UNDO_TIME} ago, the latest first: what Undo is offered for. */
  readonly removed: readonly Conversation[];
}

/** Which conversations a list shows. */
export interface ListQuery {
  /** Default `current`: neither archived nor deleted. `deleted` are those that can be restored. */
  readonly kind?: "current" | "archived" | "deleted" | undefined;
  /** Only those of this scope, among current or archived ones; default of all scopes. */
  readonly scope?: string | undefined;
}

/** The owner's conversations: lists of them, and what can be done with one. */
export interface Conversations extends Readable<ConversationsState> {
  /** A list; the same object for the same query. It reads nothing by itself: call its `refresh()`. */
  list(query?: ListQuery): ConversationList;
  /** Reads again the lists that were read before. */
  refresh(): Promise<void>;
  /**
   * Renames, pins or archives. Shown at once, and undone when it fails; throws what the history throws. A
   * blank title gives it back to the one made from the first question.
   */
  update(conversationId: string, patch: Omit<ConversationPatch, "metadata">): Promise<void>;
  /** Deletes; it can be restored. Throws what the history throws; one that is gone already is no error. */
  remove(conversationId: string): Promise<void>;
  /** Takes a deleted one back. Throws what the history throws. */
  restore(conversationId: string): Promise<void>;
  close(): void;
}

export interface ConversationsOptions {
  readonly history: Pick<
    History,
    "listConversations" | "listTrash" | "updateConversation" | "deleteConversation" | "restoreConversation"
  >;
  readonly owner: Owner;
  /** What is known of them, by whoever reads. */
  readonly known: Known;
  /** Called when a conversation was deleted or restored here. */
  readonly onRemoval: (event: "removed" | "restored", conversationId: string) => void;
  /** Default: the next animation frame. */
  readonly schedule?: Schedule | undefined;
}

/** How long Undo is offered after deleting, in milliseconds; the server keeps what is deleted for longer. */
export const UNDO_TIME = 10_000;

/** Reads nothing by itself. */
export function createConversations(options: ConversationsOptions): Conversations {
  const { history, owner, known, schedule, onRemoval } = options;
  const lists = new Map<string, { readonly query: ListQuery; readonly list: ConversationList }>();
  const read = new Set<ConversationList>();
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  const closing = new AbortController();
  let removed: readonly Conversation[] = [];

  const snapshot = createSnapshot<ConversationsState>({
    schedule,
    build: () => ({ known: known.getSnapshot(), removed }),
  });

  const open = ({ kind = "current", scope }: ListQuery): ConversationList => {
    if (kind === "deleted") {
      return createConversationList({
        schedule,
        signal: closing.signal,
        read: (page) => history.listTrash(owner, page),
        belongs: ({ id }) => !known.getSnapshot().has(id),
        onRead: () => undefined,
      });
    }
    const archived = kind === "archived";
    return createConversationList({
      schedule,
      signal: closing.signal,
      read: (page) => history.listConversations(owner, { ...page, archived, scope }),
      belongs: (conversation) =>
        // Not one that was deleted here: a reply that was under way brings none back.
        known.getSnapshot().has(conversation.id) &&
        (conversation.archivedAt !== null) === archived &&
        (scope === undefined || conversation.scope === scope),
      onRead: (conversations) => known.put("listed", conversations),
    });
  };

  const list = (query: ListQuery = {}): ConversationList => {
    const key = JSON.stringify([query.kind ?? "current", query.scope ?? null]);
    const kept = lists.get(key);
    if (kept !== undefined) return kept.list;
    const made = open(query);
    const refresh = (): Promise<void> => {
      read.add(counted);
      return made.refresh();
    };
    const counted: ConversationList = { ...made, refresh };
    lists.set(key, { query, list: counted });
    return counted;
  };
  const each = (use: (list: ConversationList) => void): void => {
    for (const { list } of lists.values()) use(list);
  };
  const refresh = async (): Promise<void> => {
    await Promise.all([...read].map((one) => one.refresh()));
  };

  const end = known.subscribe(({ event, conversations }) => {
    if (event === "read" || event === "active")
      for (const conversation of conversations) each((one) => one.put(event, conversation));
    snapshot.changed();
  });

  /** Undo is offered no more. */
  const forget = (conversationId: string): void => {
    clearTimeout(timers.get(conversationId));
    timers.delete(conversationId);
    removed = removed.filter(({ id }) => id !== conversationId);
    snapshot.changed();
  };

  return {
    getSnapshot: snapshot.getSnapshot,
    subscribe: snapshot.subscribe,
    list,
    refresh,

    async update(conversationId, patch) {
      const { title, ...rest } = patch;
      const named = title === undefined ? rest : { ...rest, title: title?.trim() || null };
      const before = known.getSnapshot().get(conversationId);
      if (before !== undefined) known.put("read", [patched(before, named)]);
      try {
        known.put("read", [await history.updateConversation(owner, conversationId, named)]);
      } catch (error) {
        if (before !== undefined) known.put("read", [before]);
        throw error;
      }
      // Into which place of which list it comes only the server knows.
      if (named.archived !== undefined) void refresh();
    },

    async remove(conversationId) {
      const conversation = known.getSnapshot().get(conversationId);
      try {
        await history.deleteConversation(owner, conversationId);
      } catch (error) {
        if (!isGone(error)) throw error;
      }
      known.remove(conversationId);
      if (conversation !== undefined) {
        removed = [conversation, ...removed.filter(({ id }) => id !== conversationId)];
        timers.set(
          conversationId,
          setTimeout(() => forget(conversationId), UNDO_TIME),
        );
      }
      snapshot.changed();
      each((one) => one.sift());
      for (const { query, list } of lists.values())
        if (query.kind === "deleted" && read.has(list)) void list.refresh();
      onRemoval("removed", conversationId);
    },

    async restore(conversationId) {
      const conversation = await history.restoreConversation(owner, conversationId);
      forget(conversationId);
      onRemoval("restored", conversationId);
      known.restore(conversation);
      void refresh();
    },

    close() {
      closing.abort();
      end();
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}

function patched(conversation: Conversation, { title, pinned, archived }: ConversationPatch): Conversation {
  const now = new Date().toISOString();
  return {
    ...conversation,
    ...(title === undefined ? {} : { title }),
    ...(pinned === undefined ? {} : { pinnedAt: pinned ? now : null }),
    ...(archived === undefined ? {} : { archivedAt: archived ? now : null }),
  };
}
