import type { History, Owner } from "@chatkeep/protocol";

import { type ConversationList, createConversationList } from "./conversations.ts";
import { type Drafts, NEW_DRAFT, createDrafts } from "./draft.ts";
import { newId } from "./identifier.ts";
import type { Schedule } from "./snapshot.ts";
import type { TextStorage } from "./storage.ts";
import { type Thread, createThread } from "./thread.ts";
import { createUnsentQuestions } from "./unsent.ts";

/** All that a page needs of one owner's conversations. */
export interface Chat {
  readonly conversations: ConversationList;
  /** The thread of a conversation: the same object for the same id. */
  thread(conversationId: string): Thread;
  /**
   * The thread that has not begun: the same until something is asked in it. Nothing is stored of it before, so
   * opening a page any number of times makes no empty conversation.
   */
  newThread(): Thread;
  /** Opens a thread because it is shown; streams of threads shown long ago are let go. */
  show(thread: Thread): void;
  /** Deletes a conversation with its draft. Throws what the history throws. */
  remove(conversationId: string): Promise<void>;
  /** The draft of a thread. */
  draft(thread: Thread): string;
  setDraft(thread: Thread, text: string): void;
  /** Reads what has changed elsewhere, and sends what is unsent: call it at first and when the page is looked at again. */
  refresh(): void;
  close(): void;
}

/** What {@link createChat} takes. */
export interface ChatOptions {
  readonly history: History;
  readonly owner: Owner;
  /** Keeps drafts and unsent questions. */
  readonly storage: TextStorage;
  /** When snapshots are built; default the next animation frame. */
  readonly schedule?: Schedule | undefined;
}

/**
 * Streams of threads that are not shown. Browsers open six connections to a server over HTTP/1.1, for all tabs
 * together: with all of them streaming, not even Stop would get through.
 */
const STREAMS_BEHIND = 1;
/** Threads kept in memory; older ones are read again when shown. */
const THREADS = 20;

/** Reads nothing by itself: call `refresh()` and `show(thread)`. */
export function createChat(options: ChatOptions): Chat {
  const { history, owner, storage, schedule } = options;
  const drafts: Drafts = createDrafts(storage);
  const unsent = createUnsentQuestions(storage);
  const conversations = createConversationList({ history, owner, schedule });
  /** Most recently shown last. */
  const threads = new Map<string, Thread>();
  let unbegun: Thread | undefined;
  let shown: Thread | undefined;

  const open = (conversationId: string, origin: "new" | "stored"): Thread =>
    createThread({
      history,
      owner,
      conversationId,
      origin,
      unsent,
      schedule,
      onConversation: (event, conversation) => conversations.put(event, conversation),
    });

  const keep = (thread: Thread): void => {
    threads.delete(thread.conversationId);
    threads.set(thread.conversationId, thread);
    const behind = [...threads.values()].reverse().slice(1);
    for (const other of behind.filter(isRunning).slice(STREAMS_BEHIND)) other.rest();
    for (const other of behind.filter(isIdle).slice(THREADS)) {
      other.close();
      threads.delete(other.conversationId);
    }
  };

  const draftKey = (thread: Thread): string => (isBegun(thread) ? thread.conversationId : NEW_DRAFT);

  const chat: Chat = {
    conversations,
    thread(conversationId) {
      const thread = threads.get(conversationId) ?? open(conversationId, "stored");
      if (!threads.has(conversationId)) threads.set(conversationId, thread);
      return thread;
    },
    newThread() {
      if (unbegun === undefined || isBegun(unbegun)) {
        unbegun = open(newId(), "new");
        threads.set(unbegun.conversationId, unbegun);
      }
      return unbegun;
    },
    show(thread) {
      shown = thread;
      keep(thread);
      void thread.open();
    },
    async remove(conversationId) {
      await conversations.remove(conversationId);
      threads.get(conversationId)?.close();
      threads.delete(conversationId);
      drafts.set(conversationId, "");
      for (const { id } of unsent.list(conversationId)) unsent.remove(conversationId, id);
    },
    draft: (thread) => drafts.get(draftKey(thread)),
    setDraft: (thread, text) => drafts.set(draftKey(thread), text),
    refresh() {
      void conversations.refresh();
      // Also those that are not shown, if something asked in them is not known to be saved.
      const waiting = unsent.conversations().map((id) => chat.thread(id));
      for (const thread of new Set([...waiting, ...(shown === undefined ? [] : [shown])])) void thread.open();
    },
    close() {
      for (const thread of threads.values()) thread.close();
      threads.clear();
    },
  };
  return chat;
}

/** Whether something was asked in it, here or earlier. */
function isBegun(thread: Thread): boolean {
  const { status, entries } = thread.getSnapshot();
  return status !== "new" || entries.length > 0;
}

function isRunning(thread: Thread): boolean {
  return thread.getSnapshot().running !== null;
}

function isIdle(thread: Thread): boolean {
  const { entries } = thread.getSnapshot();
  return !isRunning(thread) && entries.every((entry) => entry.delivery === "saved");
}
