import type { Conversation, ConversationInit, History, Owner } from "@chatkeep/protocol";

import type { Origin } from "./scope.ts";

/** How a conversation comes to be that may not be stored yet. */
export interface Beginning {
  /** Whether it is stored, as far as is known. */
  exists(): boolean;
  settle(state: "exists" | "missing"): void;
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

/** What {@link createBeginning} takes. */
export interface BeginningOptions {
  readonly history: Pick<History, "createConversation" | "listConversations">;
  readonly owner: Owner;
  readonly conversationId: string;
  readonly origin: Origin;
}

/** Asks nothing by itself. */
export function createBeginning({ history, owner, conversationId, origin }: BeginningOptions): Beginning {
  let exists = origin.kind === "stored";
  const scope = origin.scope ?? null;
  const place = scope === null ? {} : { scope: scope.id, scopeLabel: scope.label };
  const init = { ...place, id: conversationId };
  return {
    init,
    exists: () => exists,
    settle: (state) => (exists = state === "exists"),
    async find() {
      if (origin.kind !== "scope") return null;
      const page = await history.listConversations(owner, { scope: origin.scope.id, limit: 100 });
      return page.conversations.find(({ isDefault }) => isDefault) ?? page.conversations[0] ?? null;
    },
    async create() {
      // Without an id it is the scope's default: of two tabs that begin at once both get the same.
      const { conversation } = await history.createConversation(
        owner,
        origin.kind === "scope" ? place : init,
      );
      exists = conversation.id === conversationId;
      return conversation;
    },
  };
}
