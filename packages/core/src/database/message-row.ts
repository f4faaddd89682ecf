import {
  type Failure,
  type Json,
  type JsonObject,
  type Message,
  type MessageStatus,
  type Owner,
  type Part,
  type Role,
  citationsOf,
  contentOf,
  toolCallIdOf,
  toolCallsOf,
  usageFromWire,
  userIdOf,
} from "@chatkeep/protocol";

import { instant } from "./instant.ts";
import { unescapeText } from "./text.ts";

/** A row of `messages`, as `to_json` writes it. */
export interface MessageRow {
  conversation_id: string;
  seq: number;
  id: string;
  turn_id: string | null;
  role: Role;
  status: MessageStatus;
  parts: Part[];
  context_text: string | null;
  intent: string | null;
  processed: boolean | null;
  model: string | null;
  usage: Json;
  error: Failure | null;
  metadata: JsonObject | null;
  created_at: string;
  updated_at: string;
  /** If absent, the previous message is the parent and there are no other versions. */
  parent_id?: string | null;
  version_index?: number;
  version_count?: number;
}

/** A parent for the SQL functions: `null` for the head, `''` for the beginning. */
export function parentArgument(parent: string | null | undefined): string | null {
  return parent === null ? "" : (parent ?? null);
}

/** Messages from consecutive rows. `parentId` is the first one's parent if its row has none. */
export function messagesOf(
  rows: readonly MessageRow[],
  owner: Owner,
  parentId: string | null = null,
): Message[] {
  return rows.map((row, index) => messageOf(row, owner, rows[index - 1]?.id ?? parentId));
}

/** A message from its row. `parentId` is used if the row has none. */
export function messageOf(row: MessageRow, owner: Owner, parentId: string | null = null): Message {
  const { parts } = row;
  return {
    id: row.id,
    seq: row.seq,
    conversationId: row.conversation_id,
    userId: userIdOf(owner),
    parentId: row.parent_id === undefined ? parentId : row.parent_id,
    versions: { index: row.version_index ?? 1, count: row.version_count ?? 1 },
    turnId: row.turn_id,
    role: row.role,
    status: row.status,
    parts,
    content: contentOf(parts),
    toolCalls: toolCallsOf(parts),
    toolCallId: row.role === "tool" ? toolCallIdOf(parts) : null,
    citations: citationsOf(parts),
    contextText: row.context_text === null ? null : unescapeText(row.context_text),
    intent: row.intent === null ? null : unescapeText(row.intent),
    processed: row.processed,
    model: row.model === null ? null : unescapeText(row.model),
    usage: usageFromWire(row.usage),
    error: row.error,
    metadata: row.metadata,
    createdAt: instant(row.created_at),
    updatedAt: instant(row.updated_at),
  };
}
