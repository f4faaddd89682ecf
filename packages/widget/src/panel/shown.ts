import { type Readable, type Scope, type Thread, type Threads, createValue } from "@chatkeep/react";

/** Which thread the panel shows: a {@link Readable} of it. */
export interface Shown extends Readable<Thread> {
  /** Goes to the thread that a place opens with. The same place again changes nothing. */
  setScope(scope: Scope): void;
  /** Goes to a conversation, and in it to the message with this number. */
  choose(conversationId: string, message?: { readonly seq: number; readonly id: string }): void;
  /** Goes to a thread of the place that has not begun. */
  startNew(): void;
  /** Goes from a conversation, if it is shown, to the thread that the place opens with. */
  leave(conversationId: string): void;
  close(): void;
}

/** Begins with the thread that `scope` opens with. */
export function createShown(chat: Threads, scope: Scope): Shown {
  let place = scope;
  let opening = chat.scope(scope);
  let chosen: Thread | null = null;
  const { getSnapshot, subscribe, set } = createValue(opening.getSnapshot());
  const choose = (thread: Thread | null): void => {
    chosen = thread;
    set(chosen ?? opening.getSnapshot());
  };
  const follow = (): (() => void) => opening.subscribe(() => choose(chosen));
  let end = follow();

  return {
    getSnapshot,
    subscribe,
    setScope(next) {
      if (next.id === place.id) return;
      end();
      place = next;
      opening = chat.scope(next);
      end = follow();
      choose(null);
    },
    choose(conversationId, message) {
      const thread = chat.thread(conversationId);
      choose(thread);
      if (message !== undefined) void thread.goTo(message.seq, message.id);
    },
    startNew: () => choose(chat.newThread(place)),
    leave(conversationId) {
      if (chosen?.conversationId === conversationId) choose(null);
    },
    close: () => end(),
  };
}
