import {
  ChatkeepError,
  type Chunk,
  type Conversation,
  type Message,
  type Owner,
  type ShownAnswer,
  type Summary,
  type Turn,
  openCalls,
} from "@chatkeep/protocol";

import { CONTEXT_MESSAGES } from "../context/context.ts";
import { type ConversationRow, conversationFromRow } from "../conversations.ts";
import type { Database } from "../database/database.ts";
import { type MessageRow, messageOf } from "../database/message-row.ts";
import type { CheckedMessage } from "../messages.ts";
import { ownerId } from "../owners.ts";
import { wordTextOf } from "../search/text.ts";
import { previewOf, titleOf } from "../title.ts";
import type { Node } from "./node.ts";
import { type TurnRow, turnFromRow } from "./rows.ts";
import { UNSAVED_FAILURE } from "./unsaved.ts";

/** A question, and where it is asked. */
export interface Asked {
  readonly owner: Owner;
  readonly conversationId: string;
  readonly question: CheckedMessage;
}

/** What is known of a turn before it is begun: so it can be begun again as it was, or answered unsaved. */
export interface NewTurn {
  readonly turnId: string;
  readonly replyId: string;
  readonly createdAt: string;
}

/** What {@link beginTurn} gives. */
export interface Begun {
  /** False: the same question began the turn before. */
  readonly isNew: boolean;
  readonly turn: Turn;
  readonly conversation: Conversation;
  readonly question: Message;
  /** The latest messages before the question. */
  readonly history: readonly Message[];
  readonly summary: Summary | null;
}

/** What {@link beginTurn} takes besides the question. */
export interface BeginOptions {
  readonly database: Database;
  /** Who runs it. */
  readonly node: Node;
  readonly made: NewTurn;
  /** Its first event. */
  readonly start: Chunk;
}

/**
 * Stores a question and opens its turn. Errors: `conversation_not_found`, `turn_in_progress`,
 * `idempotency_mismatch`, `unavailable`.
 */
export async function beginTurn(
  { owner, conversationId, question }: Asked,
  { database, node, made, start }: BeginOptions,
): Promise<Begun> {
  const rows = await node.run((id) =>
    database.call("begin_turn", {
      owner: ownerId(owner),
      conversation: conversationId,
      node: id,
      lease: node.lease,
      turn_id: made.turnId,
      message_id: question.id,
      reply_id: made.replyId,
      role: question.role,
      body: question.parts,
      context_text: question.contextText ?? null,
      metadata: question.metadata ?? null,
      word_text: wordTextOf(question.parts),
      start_chunk: start,
      new_title: question.role === "tool" ? null : titleOf(question.parts),
      new_preview: previewOf(question.parts),
      context_limit: CONTEXT_MESSAGES,
    }),
  );
  const row = rows[0]!;
  return {
    isNew: row.outcome === "started",
    turn: turnFromRow(row.turn as TurnRow),
    conversation: conversationFromRow(row.conversation_row as ConversationRow, owner),
    question: messageOf(row.question as MessageRow, owner),
    history: (row.history as MessageRow[]).map((message) => messageOf(message, owner)),
    summary: row.summary as Summary | null,
  };
}

/** Stores an answer that was shown during an outage, as it was shown. `isNew` is false when it was stored before. */
export async function recordTurn(
  database: Database,
  { owner, conversationId, question }: Asked,
  shown: ShownAnswer,
): Promise<Pick<Begun, "isNew" | "turn">> {
  const [row] = await database.call("record_turn", {
    owner: ownerId(owner),
    conversation: conversationId,
    turn_id: shown.turnId,
    message_id: question.id,
    reply_id: shown.replyId,
    body: question.parts,
    context_text: question.contextText ?? null,
    metadata: question.metadata ?? null,
    reply_status: shown.status,
    reply_body: shown.parts,
    reply_error: shown.status === "failed" ? UNSAVED_FAILURE : null,
    word_text: wordTextOf(question.parts),
    reply_word_text: wordTextOf(shown.parts),
    new_title: titleOf(question.parts),
    new_preview: previewOf(shown.parts),
  });
  return { isNew: row?.outcome === "recorded", turn: turnFromRow(row?.turn as TurnRow) };
}

/** Refuses results that answer no call of the last answer; those that are stored already are a retry. */
export async function requireOpenCalls(
  database: Database,
  { owner, conversationId, question: { id, parts } }: Asked,
): Promise<void> {
  const results = parts.filter((part) => part.type === "tool-result");
  if (results.length < parts.length) {
    throw new ChatkeepError("invalid_request", "A tool's message holds results and nothing else.", {
      pointer: "/parts",
    });
  }
  const [row] = await database.call("get_context", {
    owner: ownerId(owner),
    conversation: conversationId,
    context_limit: CONTEXT_MESSAGES,
  });
  const latest = ((row?.history ?? []) as MessageRow[]).map((one) => messageOf(one, owner));
  if (latest.some((message) => message.id === id)) return;
  const open = openCalls(latest);
  const lost = results.find((result) => !open.has(result.id));
  if (lost === undefined) return;
  const detail = `No call \`${lost.id}\` of the last answer waits for a result. Read the messages again.`;
  throw new ChatkeepError("conflict", detail, { pointer: "/parts" });
}

/** The first event of a turn. */
export function startChunk({ conversationId, question }: Asked, made: NewTurn, persisted: boolean): Chunk {
  return {
    type: "start",
    messageId: made.replyId,
    messageMetadata: {
      turn_id: made.turnId,
      conversation_id: conversationId,
      message_id: question.id,
      persisted,
      created_at: made.createdAt,
    },
  };
}
