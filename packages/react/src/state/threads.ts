import type { Conversation, Owner } from "@chatkeep/protocol";

import { isOffline } from "./backoff.ts";
import { createDrafts } from "./draft.ts";
import type { ChatHistory } from "./history.ts";
import { newId } from "./identifier.ts";
import { type Known, createKnown } from "./known.ts";
import type { Origin, Scope } from "./scope.ts";
import { type Schedule, type Value, createValue } from "./snapshot.ts";
import type { TextStorage } from "./storage.ts";
import { createKeptQuestions } from "./thread/kept-questions.ts";
import { loadSending } from "./thread/load-sending.ts";
import type { KeptQuestion } from "./thread/model.ts";
import { type Thread, createThread } from "./thread/thread.ts";

/** The threads of one owner, and what is written in them and not yet sent. */
export interface Threads {
  readonly history: ChatHistory;
  readonly owner: Owner;
  /** What was read of the conversations. */
  readonly known: Known;
  /** The thread of a conversation: the same object for the same id. */
  thread(conversationId: string): Thread;
  /**
   * The thread that has not begun: the same until something is asked in it. Nothing is stored of it before, so
   * opening a page any number of times makes no empty conversation. With a `scope` it will be of that scope.
   */
  newThread(scope?: Scope | null): Thread;
  /**
   * The thread that a scope opens with: its default conversation, which is made with its first question. Another
   * thread takes its place when the store knows the conversation under another id, when it was deleted here, or when
   * `set` names one, such as `newThread(scope)`.
   */
  scope(scope: Scope): Value<Thread>;
  /** Opens a thread because it is shown; streams of threads shown long ago are let go. */
  show(thread: Thread): void;
  /** The draft of a thread. */
  draft(thread: Thread): string;
  setDraft(thread: Thread, text: string): void;
  /** Reads what has changed elsewhere, and sends what is unsent: call it at first and when the page is looked at again. */
  refresh(): void;
  /** A conversation was deleted here, or restored: its draft and its unsent questions go and return with it. */
  onRemoval(event: "removed" | "restored", conversationId: string): void;
  close(): void;
}

export interface ThreadsOptions {
  readonly history: ChatHistory;
  readonly owner: Owner;
  /** Keeps drafts and unsent questions. */
  readonly storage: TextStorage;
  /** Tells of writes by other tabs; default the page's window, none where there is no window. */
  readonly events?: Pick<EventTarget, "addEventListener" | "removeEventListener"> | undefined;
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

/** Reads nothing until `refresh()` and `show(thread)` are called. */
export function createThreads(options: ThreadsOptions): Threads {
  const { history, owner, storage, schedule } = options;
  const events = options.events ?? (typeof window === "undefined" ? undefined : window);
  const drafts = createDrafts(storage);
  const unsent = createKeptQuestions(storage);
  const known = createKnown();
  /** Most recently shown last. */
  const threads = new Map<string, Thread>();
  /** Where those come from that have not begun, by id. */
  const origins = new Map<string, Origin>();
  const scopes = new Map<string, { readonly scope: Scope; readonly opening: Value<Thread> }>();
  /** What belongs to conversations that were deleted here, for Undo. */
  const removed = new Map<string, { readonly draft: string; readonly questions: readonly KeptQuestion[] }>();
  let shown: Thread | undefined;

  const open = (conversationId: string, origin: Origin, conversation?: Conversation): Thread => {
    const thread = createThread({
      history,
      owner,
      conversationId,
      origin,
      conversation,
      kept: unsent,
      schedule,
      onConversation: (event, conversation) => known.put(event, [conversation]),
      onFound: (found) => move(thread, found),
    });
    if (origin.kind !== "stored") origins.set(conversationId, origin);
    threads.set(conversationId, thread);
    return thread;
  };
  const thread = (conversationId: string): Thread =>
    threads.get(conversationId) ?? open(conversationId, unsent.originOf(conversationId));

  const openScope = (scope: Scope): Thread => {
    // One whose first question did not arrive before a reload.
    const id = unsent.conversations().find((each) => {
      const origin = unsent.originOf(each);
      return origin.kind === "scope" && origin.scope.id === scope.id;
    });
    return id === undefined ? open(newId(), { kind: "scope", scope }) : thread(id);
  };
  /** `null`: a thread that has not begun takes its place. */
  const replace = (conversationId: string, by: Thread | null): void => {
    for (const { scope, opening } of scopes.values())
      if (opening.getSnapshot().conversationId === conversationId) opening.set(by ?? openScope(scope));
  };

  const forget = (conversationId: string): void => {
    threads.get(conversationId)?.close();
    threads.delete(conversationId);
    origins.delete(conversationId);
  };

  /** The conversation of a scope is stored under another id than this page had made for it. */
  const move = async (from: Thread, found: Conversation): Promise<void> => {
    const toId = found.id;
    const draft = drafts.get(draftKey(from));
    if (draft !== "") drafts.set(toId, draft);
    drafts.set(draftKey(from), "");
    unsent.move(from.conversationId, toId);
    forget(from.conversationId);
    const to = threads.get(toId) ?? open(toId, unsent.originOf(toId), found);
    to.sync("kept");
    // Not first when it is rendered: that is a frame later.
    if (shown === from) show(to);
    replace(from.conversationId, to);
    if (shown === to) await to.open();
  };

  const onRemoval: Threads["onRemoval"] = (event, conversationId) => {
    if (event === "restored") {
      const kept = removed.get(conversationId);
      removed.delete(conversationId);
      drafts.set(conversationId, kept?.draft ?? "");
      for (const question of kept?.questions ?? []) unsent.put(conversationId, question);
      return;
    }
    const questions = unsent.list(conversationId);
    removed.set(conversationId, { draft: drafts.get(conversationId), questions });
    forget(conversationId);
    drafts.set(conversationId, "");
    for (const { id } of questions) unsent.remove(conversationId, id);
    replace(conversationId, null);
  };

  const keep = (thread: Thread): void => {
    threads.delete(thread.conversationId);
    threads.set(thread.conversationId, thread);
    const behind = [...threads.values()].reverse().slice(1);
    for (const other of behind.filter(isRunning).slice(STREAMS_BEHIND)) other.rest();
    const held = new Set([...scopes.values()].map(({ opening }) => opening.getSnapshot()));
    const idle = behind.filter((other) => isIdle(other) && !held.has(other));
    for (const other of idle.slice(THREADS)) forget(other.conversationId);
  };

  const show = (thread: Thread): void => {
    // A conversation that is returned to opens at its end.
    if (shown !== thread) void shown?.toLatest();
    shown = thread;
    keep(thread);
    void thread.open();
  };

  const draftKey = (thread: Thread): string => {
    const origin = origins.get(thread.conversationId);
    if (origin === undefined || (origin.kind === "new" && isBegun(thread))) return thread.conversationId;
    const scope = origin.scope ?? null;
    return scope === null ? origin.kind : `${origin.kind}:${scope.id}`;
  };

  const onStorage = (event: Event): void => {
    if (!("key" in event) || typeof event.key !== "string" || !("newValue" in event)) return;
    const conversationId = unsent.conversationOf(event.key);
    if (conversationId === null) return;
    threads.get(conversationId)?.sync(event.newValue === null ? "let go" : "kept");
  };
  events?.addEventListener("storage", onStorage);

  return {
    history,
    owner,
    known,
    thread,
    newThread(scope = null) {
      for (const [id, origin] of origins) {
        const unbegun = threads.get(id);
        const same = origin.kind === "new" && (origin.scope?.id ?? null) === (scope?.id ?? null);
        if (same && unbegun !== undefined && !isBegun(unbegun)) return unbegun;
      }
      return open(newId(), { kind: "new", scope });
    },
    scope(scope) {
      const kept = scopes.get(scope.id);
      if (kept !== undefined) return kept.opening;
      const opening = createValue(openScope(scope));
      scopes.set(scope.id, { scope, opening });
      return opening;
    },
    show,
    draft: (thread) => drafts.get(draftKey(thread)),
    setDraft(thread, text) {
      drafts.set(draftKey(thread), text);
      // Who writes is about to ask.
      if (text !== "" && !isOffline()) loadSending().catch(() => undefined);
    },
    refresh() {
      // Also those that are not shown, if something asked in them is not known to be saved.
      for (const one of new Set([...unsent.conversations().map(thread), shown])) void one?.open();
    },
    onRemoval,
    close() {
      events?.removeEventListener("storage", onStorage);
      for (const thread of threads.values()) thread.close();
      threads.clear();
    },
  };
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
