import type { Conversation, ConversationInit, History, Owner } from "@chatkeep/protocol";

import type { Origin } from "../scope.ts";

/** A conversation that may not be stored yet, and how it comes to be. */
export interface ConversationDraft {
  /**
   * The stored conversation that a scope opens with: its default one, else the most recently active; `null` when it
   * has none. Throws what the history throws.
   */
  find(): Promise<Conversation | null>;
  /** Creates it, or gets the one that a scope has by now. Throws what the history throws. */
  create(): Promise<Conversation>;
  /** What to create it with under its own id. */
  readonly init: ConversationInit & { readonly id: string };
}

/** Options of {@link createConversationDraft}. */
export interface ConversationDraftOptions {
  readonly history: Pick<History, "createConversation" | "listConversations">;
  readonly owner: Owner;
  readonly conversationId: string;
  readonly origin: Origin;
}

/** Asks nothing by itself. */
export function createConversationDraft(options: ConversationDraftOptions): ConversationDraft {
  const { history, owner, conversationId, origin } = options;
  const scope = origin.scope ?? null;
  const scoped = scope === null ? {} : { scope: scope.id, scopeLabel: scope.label };
  const init = { ...scoped, id: conversationId };
  return {
    init,
    async find() {
      if (origin.kind !== "scope") return null;
      const page = await history.listConversations(owner, { scope: origin.scope.id, limit: 100 });
      return page.conversations.find(({ isDefault }) => isDefault) ?? page.conversations[0] ?? null;
    },
    async create() {
      // Without an id it is the scope's default: of two tabs that begin at once both get the same.
      const asked = origin.kind === "scope" ? scoped : init;
      return (await history.createConversation(owner, asked)).conversation;
    },
  };
}
