import {
  ChatkeepError,
  type Conversation,
  type Message,
  type Owner,
  type Part,
  type Summary,
  type Turn,
} from "@chatkeep/protocol";

import { askerOf, ownerId } from "../arguments.ts";
import { CONTEXT_MESSAGES } from "../context/context.ts";
import type { Database } from "../database/database.ts";
import {
  type ConversationRow,
  conversationFromRow,
  type MessageRow,
  type MessageRows,
  messageOf,
  messagesOf,
  parentArgument,
  previewOf,
  titleOf,
} from "../database/rows.ts";
import { wordTextOf } from "../search/words.ts";
import type { Node } from "./node.ts";
import { type NewTurn, type PlacedQuestion, type TurnRow, argsOf, startChunk, turnFromRow } from "./turn.ts";

/** A turn that began, and what its context is built from. */
export interface Begun {
  /** `false` if the same question began the turn before. */
  readonly isNew: boolean;
  readonly turn: Turn;
  /** Whether it was stopped before it began. */
  readonly isStopped: boolean;
  readonly conversation: Conversation;
  readonly question: Message;
  /** The latest messages before the question. */
  readonly history: readonly Message[];
  readonly summary: Summary | null;
}

/**
 * Stores a question and opens its turn. Errors: `conversation_not_found`, `turn_in_progress`,
 * `idempotency_mismatch`, `rate_limited` when a budget is used up, `unavailable`.
 */
export async function beginTurn(
  database: Database,
  node: Node,
  turn: NewTurn,
  { budgets, expectedHead }: { readonly budgets: object | null; readonly expectedHead: string | null },
): Promise<Begun> {
  const { owner, question, isStored } = turn;
  const [row] = await node.run((id) =>
    database.call("begin_turn", {
      ...argsOf(turn.key),
      parent: parentArgument(question.parent),
      node: id,
      lease: node.lease,
      message_id: question.id,
      reply_id: turn.replyId,
      role: question.role,
      body: isStored ? null : question.parts,
      context_text: question.contextText ?? null,
      metadata: question.metadata ?? null,
      word_text: isStored ? "" : wordTextOf(question.parts),
      start_chunk: startChunk(turn, true),
      new_title: isStored || question.role === "tool" ? null : titleOf(question.parts),
      new_preview: isStored ? null : previewOf(question.parts),
      context_limit: CONTEXT_MESSAGES,
      expected_head: expectedHead,
      asker: node.continues ? askerOf(owner) : null,
      budgets,
    }),
  );
  return { isNew: row!.outcome === "started", ...describe(row!, owner) };
}

/** What `begin_turn` and `continue_turn` return of a turn and its context. */
export function describe(row: DescribedRow, owner: Owner): Omit<Begun, "isNew"> {
  const { stop_requested_at: stopAskedAt } = row.turn as TurnRow;
  const turn = turnFromRow(row.turn as TurnRow);
  const history = messagesOf(row.history as MessageRows, owner, turn.conversationId, CONTEXT_MESSAGES);
  return {
    turn,
    isStopped: stopAskedAt !== null,
    conversation: {
      ...conversationFromRow(row.conversation_row as ConversationRow, owner),
      headId: turn.replyId,
    },
    question: messageOf(row.question as MessageRow, owner, history.at(-1)?.id),
    history,
    summary: row.summary as Summary | null,
  };
}

type DescribedRow = Readonly<
  Record<"turn" | "conversation_row" | "question" | "history" | "summary", unknown>
>;

/**
 * What a responder is asked: of a message that asks to go on with an answer, that answer's question and what was said. Of
 * results that a client told one by one, all of them at once.
 */
export function askedOf<Asked extends Pick<Begun, "question" | "history">>(
  begun: Asked,
): { readonly begun: Asked; readonly said: readonly Part[] } {
  const { question, history } = begun;
  if (question.role !== "tool") return { begun, said: [] };
  if (question.parts.some(({ type }) => type !== "step")) {
    const answered = history.findLastIndex(({ role }) => role !== "tool") + 1;
    const parts = [...history.slice(answered).flatMap((told) => told.parts), ...question.parts];
    return {
      begun: { ...begun, question: { ...question, parts }, history: history.slice(0, answered) },
      said: [],
    };
  }
  const asked = history.findLastIndex(({ role }) => role === "user");
  if (asked < 0) return { begun, said: [] };
  return {
    begun: { ...begun, question: history[asked]!, history: history.slice(0, asked) },
    said: history.slice(asked + 1).flatMap(({ parts }) => parts),
  };
}

/**
 * Finds the question to answer again: the message with this id, or the question that it answers. Errors:
 * `message_not_found`, `conflict`.
 */
export async function questionOf(
  database: Database,
  owner: Owner,
  conversation: string,
  messageId: string,
): Promise<PlacedQuestion> {
  const read = async (id: string): Promise<Message> => {
    const [row] = await database.call("get_message", { owner: ownerId(owner), conversation, message_id: id });
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
