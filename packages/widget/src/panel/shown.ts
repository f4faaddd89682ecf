import type { Chat, OpenScope, Readable, Scope, Thread } from "@chatkeep/react";

/** Which thread the panel shows: a {@link Readable} of it. */
export interface Shown extends Readable<Thread> {
  /** Goes to the thread that a place opens with. The same place again changes nothing. */
  setScope(scope: Scope): void;
  /** Goes to a conversation. */
  choose(conversationId: string): void;
  /** Goes to a thread of the place that has not begun. */
  startNew(): void;
  /** Goes back to the thread that the place opens with. */
  reset(): void;
  close(): void;
}

/** Begins with the thread that `scope` opens with. */
export function createShown(chat: Chat, scope: Scope): Shown {
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
    choose: (conversationId) => show(chat.thread(conversationId)),
    startNew: () => show(chat.newThread(place)),
    reset: () => show(null),
    close: () => end(),
  };
}
