import type { Conversation } from "@chatkeep/protocol";

import type { Readable } from "./snapshot.ts";

/** The owner's conversations as far as they are known, by id. Listeners are called at once, with what has changed. */
export interface Known extends Readable<ReadonlyMap<string, Conversation>> {
  readonly subscribe: (listener: (change: KnownChange) => void) => () => void;
  /** Takes over what was read, except of a conversation that was removed here while the reply was under way. */
  put(event: "listed" | "read" | "active", conversations: readonly Conversation[]): void;
  /** One was deleted here. */
  remove(conversationId: string): void;
  /** One that was deleted here is back. */
  restore(conversation: Conversation): void;
}

/** What has changed: conversations were read in a list, or one by one, or became `active`; or one was removed. */
export interface KnownChange {
  readonly event: "listed" | "read" | "active" | "removed";
  readonly conversations: readonly Conversation[];
}

/** Knows nothing at first. */
export function createKnown(): Known {
  const listeners = new Set<(change: KnownChange) => void>();
  const gone = new Set<string>();
  let known: ReadonlyMap<string, Conversation> = new Map();
  const tell = (change: KnownChange): void => {
    for (const listener of listeners) listener(change);
  };
  const put: Known["put"] = (event, all) => {
    const conversations = all.filter(({ id }) => !gone.has(id));
    known = new Map([...known, ...conversations.map((each) => [each.id, each] as const)]);
    tell({ event, conversations });
  };
  return {
    getSnapshot: () => known,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    put,
    remove(conversationId) {
      gone.add(conversationId);
      known = new Map([...known].filter(([id]) => id !== conversationId));
      tell({ event: "removed", conversations: [] });
    },
    restore(conversation) {
      gone.delete(conversation.id);
      put("read", [conversation]);
    },
  };
}
