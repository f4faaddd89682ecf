import type { OpenScope, Readable, Scope, Thread, Threads } from "@chatkeep/react";

/** Which thread the panel shows: a {@link Readable} of it. */
export interface Shown extends Readable<Thread> {
  /** Goes to the thread that a place opens with. The same place again changes nothing. */
  setScope(scope: Scope): void;
  /** Goes to a conversation, and in it to the message with this number. */
  choose(conversationId: string, seq: number | null): void;
  /** Goes to a thread of the place that has not begun. */
  startNew(): void;
  /** Goes from a conversation, if it is shown, to the thread that the place opens with. */
  leave(conversationId: string): void;
  close(): void;
}

/** Begins with the thread that `scope` opens with. */
export function createShown(chat: Threads, scope: Scope): Shown {
  const listeners = new Set<() => void>();
  let place: Scope;
  let opened: OpenScope;
  let chosen: Thread | null = null;
  let end: () => void = () => undefined;

  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const enter = (next: Scope): void => {
    end();
    place = next;
    opened = chat.scope(next);
    end = opened.subscribe(changed);
    chosen = null;
  };
  const show = (thread: Thread | null): void => {
    chosen = thread;
    changed();
  };
  enter(scope);

  return {
    getSnapshot: () => chosen ?? opened.getSnapshot(),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    setScope(next) {
      if (next.id === place.id) return;
      enter(next);
      changed();
    },
    choose(conversationId, seq) {
      const thread = chat.thread(conversationId);
      show(thread);
      if (seq !== null) void thread.goTo(seq);
    },
    startNew: () => show(chat.newThread(place)),
    leave(conversationId) {
      if (chosen?.conversationId === conversationId) show(null);
    },
    close: () => end(),
  };
}
