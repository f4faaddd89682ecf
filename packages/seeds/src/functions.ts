import { randomUUID } from "node:crypto";

import { contextOf } from "@chatkeep/core";
import {
  type Citation,
  type Conversation,
  type History,
  type Json,
  type Message,
  type MessageInput,
  type Owner,
  type Role,
  isSessionId,
} from "@chatkeep/protocol";

import { REPLY_LENGTH, readLatest } from "./latest.ts";

/** Which messages of a session to read. */
export interface SessionHistoryQuery {
  /** Only this chapter. Default: all chapters, one conversation after the other, the latest active last. */
  readonly chapter?: string | undefined;
  /** 1 to 1,000 (default 100): the latest. Fewer are returned after 8 Mi characters. */
  readonly limit?: number | undefined;
  /** How many of the newest to skip. Default 0. */
  readonly offset?: number | undefined;
}

/** The function names that the first plans of Chatkeep call, over any {@link History}. */
export interface SeedFunctions {
  /** Creates an anonymous owner. Keep its `id` in the browser: it is a secret. */
  createSession(): Owner;
  /** Returns the owner of a session id, or a new one without an id. Errors: `TypeError` if it is not a UUID v4. */
  getOrCreateSession(sessionId?: string | null): Owner;
  /** Appends a message to a chapter's default conversation, created if it does not exist. */
  saveMessage(
    owner: Owner,
    chapter: string | null,
    role: Role,
    content: string,
    citations?: readonly Citation[] | null,
  ): Promise<Message>;
  /** Returns the messages of a session, oldest first, and their total number. */
  getHistory(
    owner: Owner,
    query?: SessionHistoryQuery,
  ): Promise<{ readonly messages: readonly Message[]; readonly total: number }>;
  /** Deletes the messages of a chapter or of all chapters, and returns their number. */
  clearHistory(owner: Owner, chapter?: string | null): Promise<{ readonly deleted: number }>;
  /** Returns the last `limit` messages (default 10) of a conversation's context for a model; see `contextOf`. */
  getContextualHistory(
    owner: Owner,
    conversationId: string,
    options?: { readonly limit?: number; readonly tokenBudget?: number },
  ): Promise<Message[]>;
  /** The conversation with this id, or the latest active one, or a new one. */
  getOrCreateConversation(owner: Owner, conversationId?: string | null): Promise<Conversation>;
  /** Appends one message. */
  addMessage(
    owner: Owner,
    conversationId: string,
    role: Role,
    content: string,
    toolCalls?: Json,
  ): Promise<Message>;
  /** Returns all messages of a conversation, oldest first, in memory. */
  getChatHistory(owner: Owner, conversationId: string): Promise<Message[]>;
  /** Returns the owner's 100 most recently active conversations at most. */
  listConversations(owner: Owner): Promise<readonly Conversation[]>;
}

/** The functions over a history; see {@link SeedFunctions}. */
export function createSeedFunctions(history: History): SeedFunctions {
  const append = async (owner: Owner, conversation: string, message: MessageInput): Promise<Message> => {
    const [stored] = await history.appendMessages(owner, conversation, [message]);
    return stored!;
  };

  const defaultOf = async (owner: Owner, chapter: string | null): Promise<Conversation> => {
    const init = chapter === null ? { reuse: "latest" as const } : { scope: chapter, scopeLabel: chapter };
    return (await history.createConversation(owner, init)).conversation;
  };

  return {
    createSession: () => ({ kind: "session", id: randomUUID() }),

    getOrCreateSession(sessionId) {
      if (sessionId === undefined || sessionId === null) return { kind: "session", id: randomUUID() };
      if (!isSessionId(sessionId))
        throw new TypeError("A session id must be a UUID v4. Make one with crypto.randomUUID().");
      return { kind: "session", id: sessionId };
    },

    async saveMessage(owner, chapter, role, content, citations) {
      const { id } = await defaultOf(owner, chapter);
      return append(owner, id, { role, content, citations: citations ?? undefined });
    },

    async getHistory(owner, { chapter, limit = 100, offset = 0 } = {}) {
      const found: (readonly Message[])[] = [];
      let total = 0;
      let count = limit;
      let skipped = offset;
      let length = REPLY_LENGTH;
      // The latest conversation first, until the window is full.
      for await (const { id, messageCount } of conversationsOf(history, owner, chapter)) {
        total += messageCount;
        if (count === 0 || length <= 0) continue;
        if (skipped >= messageCount) {
          skipped -= messageCount;
          continue;
        }
        const latest = await readLatest(history, owner, id, { count, offset: skipped, length });
        found.unshift(latest.messages);
        count -= latest.messages.length;
        length -= latest.length;
        skipped = 0;
      }
      return { messages: found.flat(), total };
    },

    async clearHistory(owner, chapter) {
      let deleted = 0;
      for await (const { id } of conversationsOf(history, owner, chapter ?? undefined)) {
        deleted += (await history.clearMessages(owner, id)).deleted;
      }
      return { deleted };
    },

    async getContextualHistory(owner, conversationId, { limit = 10, tokenBudget } = {}) {
      const { messages } = await readLatest(history, owner, conversationId, { count: limit });
      return contextOf(messages, tokenBudget === undefined ? {} : { tokenBudget });
    },

    async getOrCreateConversation(owner, conversationId) {
      const init =
        conversationId === undefined || conversationId === null
          ? { reuse: "latest" as const }
          : { id: conversationId };
      return (await history.createConversation(owner, init)).conversation;
    },

    addMessage: (owner, conversationId, role, content, toolCalls) =>
      append(owner, conversationId, { role, content, toolCalls }),

    async getChatHistory(owner, conversationId) {
      const count = Number.POSITIVE_INFINITY;
      return [...(await readLatest(history, owner, conversationId, { count })).messages];
    },

    async listConversations(owner) {
      return (await history.listConversations(owner, { limit: 100 })).conversations;
    },
  };
}

/** An owner's conversations, of one scope or of all, latest active first. */
async function* conversationsOf(
  history: History,
  owner: Owner,
  scope: string | undefined,
): AsyncGenerator<Conversation, void, void> {
  let cursor: string | undefined;
  do {
    const page = await history.listConversations(owner, { limit: 100, scope, cursor });
    yield* page.conversations;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}
