import type { TextStorage } from "./storage.ts";

/** What has been typed and not yet sent, for each conversation; outlives a reload. */
export interface Drafts {
  /** The draft of a conversation, `""` if there is none. */
  get(conversationId: string): string;
  /** Keeps the draft; `""` removes it. */
  set(conversationId: string, text: string): void;
}

/** Keeps drafts in `storage` under `chatkeep-draft:<conversation id>`. */
export function createDrafts(storage: TextStorage): Drafts {
  const key = (conversationId: string): string => `chatkeep-draft:${conversationId}`;
  return {
    get: (conversationId) => storage.get(key(conversationId)) ?? "",
    set(conversationId, text) {
      if (text === "") storage.remove(key(conversationId));
      else storage.set(key(conversationId), text);
    },
  };
}
