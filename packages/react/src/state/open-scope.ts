import type { Readable } from "./snapshot.ts";
import type { Thread } from "./thread/thread.ts";

/** The thread that a scope opens with: a {@link Readable} of it, since the store may know it under another id. */
export interface OpenScope extends Readable<Thread> {
  /** The thread of this conversation is another now; `null`: it was deleted, and one that has not begun takes its place. */
  replace(conversationId: string, by: Thread | null): void;
}

export interface OpenScopeOptions {
  /** Opens the thread that is shown until the scope's conversation is found. */
  readonly open: () => Thread;
}

/** Tells of a change at once: what was asked meanwhile is shown without a gap. */
export function createOpenScope({ open }: OpenScopeOptions): OpenScope {
  const listeners = new Set<() => void>();
  let thread = open();
  return {
    getSnapshot: () => thread,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    replace(conversationId, by) {
      if (thread.conversationId !== conversationId) return;
      thread = by ?? open();
      for (const listener of listeners) listener();
    },
  };
}
