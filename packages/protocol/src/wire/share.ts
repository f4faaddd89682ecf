import type { Share, ShareInit, SharedConversation } from "../share.ts";

export interface WireShare {
  id: string;
  conversation_id: string;
  message_id: string | null;
  name: string | null;
  created_at: string;
  expires_at: string | null;
}

export interface WireShareInit {
  message_id?: string | null | undefined;
  live?: boolean | undefined;
  name?: string | null | undefined;
  expires_at?: string | null | undefined;
}

export interface WireSharedConversation {
  title: string | null;
  name: string | null;
  live: boolean;
  created_at: string;
  expires_at: string | null;
}

export function shareToWire(share: Share): WireShare {
  const { id, conversationId, messageId, name, createdAt, expiresAt } = share;
  return {
    id,
    conversation_id: conversationId,
    message_id: messageId,
    name,
    created_at: createdAt,
    expires_at: expiresAt,
  };
}

export function shareFromWire(wire: WireShare): Share {
  const { id, name } = wire;
  return {
    id,
    conversationId: wire.conversation_id,
    messageId: wire.message_id,
    name,
    createdAt: wire.created_at,
    expiresAt: wire.expires_at,
  };
}

export function shareInitToWire({ messageId, live, name, expiresAt }: ShareInit): WireShareInit {
  return { message_id: messageId, live, name, expires_at: expiresAt };
}

export function shareInitFromWire(wire: WireShareInit): ShareInit {
  const { message_id: messageId, live, name, expires_at: expiresAt } = wire;
  return { messageId: messageId ?? undefined, live, name, expiresAt };
}

export function sharedToWire({
  createdAt,
  expiresAt,
  ...shared
}: SharedConversation): WireSharedConversation {
  return { ...shared, created_at: createdAt, expires_at: expiresAt };
}

export function sharedFromWire(wire: WireSharedConversation): SharedConversation {
  const { created_at: createdAt, expires_at: expiresAt, ...shared } = wire;
  return { ...shared, createdAt, expiresAt };
}
