import {
  ChatkeepError,
  type Chunk,
  type Conversation,
  type Message,
  type Owner,
  type Question,
  type ShownAnswer,
  type Summary,
  type Turn,
  openCalls,
} from "@chatkeep/protocol";

import { CONTEXT_MESSAGES } from "../context/context.ts";
import { type ConversationRow, conversationFromRow } from "../conversations.ts";
import type { Database } from "../database/database.ts";
import { type MessageRow, messageOf, messagesOf, parentArgument } from "../database/message-row.ts";
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
  readonly question: AskedMessage;
  /** The question is stored already, and is answered once more. */
  readonly isStored: boolean;
}

/** A question, and the message that it follows: `null` for the beginning, `undefined` for the head. */
export type AskedMessage = CheckedMessage & Pick<Question, "parent">;

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
  { owner, conversationId, question, isStored }: Asked,
  { database, node, made, start }: BeginOptions,
): Promise<Begun> {
  const rows = await node.run((id) =>
    database.call("begin_turn", {
      owner: ownerId(owner),
      conversation: conversationId,
      parent: parentArgument(question.parent),
      node: id,
      lease: node.lease,
      turn_id: made.turnId,
      message_id: question.id,
      reply_id: made.replyId,
      role: question.role,
      body: isStored ? null : question.parts,
      context_text: question.contextText ?? null,
      metadata: question.metadata ?? null,
      word_text: isStored ? "" : wordTextOf(question.parts),
      start_chunk: start,
      new_title: isStored || question.role === "tool" ? null : titleOf(question.parts),
      new_preview: isStored ? null : previewOf(question.parts),
      context_limit: CONTEXT_MESSAGES,
    }),
  );
  const row = rows[0]!;
  const history = messagesOf(row.history as MessageRow[], owner);
  return {
    isNew: row.outcome === "started",
    turn: turnFromRow(row.turn as TurnRow),
    conversation: {
      ...conversationFromRow(row.conversation_row as ConversationRow, owner),
      headId: made.replyId,
    },
    question: messageOf(row.question as MessageRow, owner, history.at(-1)?.id),
    history,
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
    parent: parentArgument(question.parent),
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
  const latest = messagesOf((row?.history ?? []) as MessageRow[], owner);
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

/** The question to answer once more: the message itself, or the one that it answers. Errors: `message_not_found`, `conflict`. */
export async function questionOf(
  database: Database,
  owner: Owner,
  conversationId: string,
  messageId: string,
): Promise<AskedMessage> {
  const read = async (id: string): Promise<Message> => {
    const place = { owner: ownerId(owner), conversation: conversationId, message_id: id };
    const [row] = await database.call("get_message", place);
    return messageOf(row?.get_message as MessageRow, owner);
  };
  const named = await read(messageId);
  const question = named.role === "assistant" && named.parentId !== null ? await read(named.parentId) : named;
  if (question.role !== "user" && question.role !== "tool") {
    throw new ChatkeepError("conflict", "This message is neither a question nor the answer to one.", {
      pointer: "message_id",
    });
  }
  const { id, role, parts, contextText, metadata } = question;
  return { id, role, parts, contextText, metadata };
}
