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

/** A row of the table `messages` as `to_json` writes it. */
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
}

/** A message from its row. */
export function messageOf(row: MessageRow, owner: Owner): Message {
  const { parts } = row;
  return {
    id: row.id,
    seq: row.seq,
    conversationId: row.conversation_id,
    userId: userIdOf(owner),
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
