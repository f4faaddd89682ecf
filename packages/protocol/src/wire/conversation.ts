import type { Conversation, ConversationPage, DeletedConversation, TrashPage } from "../conversation.ts";
import type { JsonObject } from "../json.ts";

export interface WireConversation {
  id: string;
  user_id: string | null;
  scope: string | null;
  scope_label: string | null;
  is_default: boolean;
  title: string | null;
  pinned_at: string | null;
  archived_at: string | null;
  message_count: number;
  head_id: string | null;
  running_turn: string | null;
  waiting_turn: string | null;
  preview: string | null;
  metadata: JsonObject | null;
  tags: readonly string[];
  expires_at: string | null;
  created_at: string;
  updated_at: string;
}

export interface WireConversationPage {
  conversations: WireConversation[];
  total: number | null;
  next_cursor: string | null;
}

export function conversationToWire(conversation: Conversation): WireConversation {
  return {
    id: conversation.id,
    user_id: conversation.userId,
    scope: conversation.scope,
    scope_label: conversation.scopeLabel,
    is_default: conversation.isDefault,
    title: conversation.title,
    pinned_at: conversation.pinnedAt,
    archived_at: conversation.archivedAt,
    message_count: conversation.messageCount,
    head_id: conversation.headId,
    running_turn: conversation.runningTurn,
    waiting_turn: conversation.waitingTurn,
    preview: conversation.preview,
    metadata: conversation.metadata,
    tags: conversation.tags,
    expires_at: conversation.expiresAt,
    created_at: conversation.createdAt,
    updated_at: conversation.updatedAt,
  };
}

/** Names differ by case alone; values are equal. */
export function conversationFromWire(wire: WireConversation): Conversation {
  return Object.fromEntries(
    Object.entries(wire).map(([name, value]) => [
      name.replace(/_./g, ([, letter = ""]) => letter.toUpperCase()),
      value,
    ]),
  ) as unknown as Conversation;
}

export function conversationPageFromWire(wire: WireConversationPage): ConversationPage {
  return {
    conversations: wire.conversations.map(conversationFromWire),
    total: wire.total,
    nextCursor: wire.next_cursor,
  };
}

export interface WireTrashPage {
  conversations: (WireConversation & { deleted_at: string })[];
  next_cursor: string | null;
}

export function trashPageToWire(page: TrashPage): WireTrashPage {
  return {
    conversations: page.conversations.map((one) => ({
      ...conversationToWire(one),
      deleted_at: one.deletedAt,
    })),
    next_cursor: page.nextCursor,
  };
}

export function trashPageFromWire(wire: WireTrashPage): TrashPage {
  return {
    conversations: wire.conversations.map((one): DeletedConversation => ({
      ...conversationFromWire(one),
      deletedAt: one.deleted_at,
    })),
    nextCursor: wire.next_cursor,
  };
}
