import { type JsonObject, type Part, type QueuedQuestion, type Turn, contentOf } from "@chatkeep/protocol";

import { instant, unescapeText } from "../database/values.ts";
import type { PlacedQuestion } from "./turn.ts";

/** A row of `queued_questions`, as `to_json` writes it. */
export interface QueuedRow {
  turn_id: string;
  conversation_id: string;
  message_id: string;
  reply_id: string;
  parent: string | null;
  body: Part[];
  context_text: string | null;
  metadata: JsonObject | null;
  asker: JsonObject;
  steers: boolean;
  is_held: boolean;
  created_at: string;
}

/** The turn of a question that waits. */
export function queuedTurn(row: QueuedRow): Turn {
  return {
    id: row.turn_id,
    conversationId: row.conversation_id,
    status: "queued",
    messageId: row.message_id,
    replyId: row.reply_id,
    persisted: true,
    error: null,
    createdAt: instant(row.created_at),
    settledAt: null,
  };
}

export function queuedQuestion(row: QueuedRow): QueuedQuestion {
  const parent = parentOf(row);
  return {
    id: row.message_id,
    turnId: row.turn_id,
    ...(parent === undefined ? {} : { parent }),
    parts: row.body,
    content: contentOf(row.body),
    contextText: unescapeText(row.context_text),
    metadata: row.metadata,
    steers: row.steers,
    held: row.is_held,
    createdAt: instant(row.created_at),
  };
}

/** The question as it begins. */
export function placedQuestion(row: QueuedRow): PlacedQuestion {
  const { message_id: id, body: parts, metadata } = row;
  return {
    id,
    role: "user",
    parts,
    contextText: unescapeText(row.context_text),
    metadata,
    parent: parentOf(row),
  };
}

function parentOf({ parent }: QueuedRow): string | null | undefined {
  return parent === "" ? null : (parent ?? undefined);
}
