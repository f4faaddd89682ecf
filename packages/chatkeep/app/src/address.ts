import { type Readable, createSnapshot } from "@chatkeep/react";

/** The address of the page holds which conversation is shown: `?c=<id>`, nothing for one that has not begun; `&m=<id>` for a message of it. */
export interface Address extends Readable<string | null> {
  /** The address of a conversation, relative to the page. */
  of(conversationId: string | null): string;
  /** The absolute address of a message. */
  ofMessage(conversationId: string, messageId: string): string;
  /** The message that the address names: `&m=<id>`. */
  message(): string | null;
  /** Goes there; the browser's Back returns. */
  push(conversationId: string | null): void;
  /** Goes there in place of what is shown. */
  replace(conversationId: string | null): void;
}

/** Follows and sets the address of the window. */
export function createAddress(): Address {
  const read = (): string | null => new URLSearchParams(location.search).get("c");
  const snapshot = createSnapshot<string | null>({ build: read, schedule: (run) => run() });
  const of = (conversationId: string | null): string =>
    conversationId === null ? "./" : `./?c=${encodeURIComponent(conversationId)}`;
  addEventListener("popstate", snapshot.changed);
  return {
    getSnapshot: snapshot.getSnapshot,
    subscribe: snapshot.subscribe,
    of,
    ofMessage: (conversationId, messageId) =>
      new URL(`${of(conversationId)}&m=${encodeURIComponent(messageId)}`, location.href).href,
    message: () => new URLSearchParams(location.search).get("m"),
    push(conversationId) {
      if (conversationId !== read()) history.pushState(null, "", of(conversationId));
      snapshot.changed();
    },
    replace(conversationId) {
      history.replaceState(null, "", of(conversationId));
      snapshot.changed();
    },
  };
}
