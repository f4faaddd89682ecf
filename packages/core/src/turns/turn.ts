import { randomUUID } from "node:crypto";

import {
  ChatkeepError,
  type Chunk,
  type Failure,
  type Owner,
  type Question,
  type Turn,
  type TurnStatus,
} from "@chatkeep/protocol";

import { type CheckedMessage, ownerId } from "../arguments.ts";
import { instant } from "../database/values.ts";

/** Identifies a turn. A claim changes its owner and conversation; its id stays. */
export interface TurnKey {
  readonly ownerId: string;
  readonly conversationId: string;
  readonly turnId: string;
}

/** How a turn ends. */
export interface Ending {
  readonly status: Exclude<TurnStatus, "queued" | "running" | "waiting">;
  readonly error: Failure | null;
}

/** A question, with the message that it follows: `null` for the beginning, `undefined` for the head. */
export type PlacedQuestion = CheckedMessage & Pick<Question, "parent">;

/** A question and the turn that will answer it. All ids are made here, so beginning it twice begins it once. */
export interface NewTurn {
  readonly key: TurnKey;
  readonly owner: Owner;
  readonly question: PlacedQuestion;
  /** Whether the question is stored already and gets another answer. */
  readonly isStored: boolean;
  readonly replyId: string;
  readonly createdAt: string;
}

/** A row of `turns` or `running_turns`, as `to_json` writes it. */
export interface TurnRow {
  id: string;
  conversation_id: string;
  status: TurnStatus;
  message_id: string;
  reply_id: string;
  error: Failure | null;
  created_at: string;
  settled_at: string | null;
  stop_requested_at?: string | null;
}

/** Errors: `turn_not_found` for an id that no turn can have. */
export function turnKey(owner: Owner, conversationId: string, turnId: string): TurnKey {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(turnId)) {
    throw new ChatkeepError("turn_not_found", "There is no turn with this id in the conversation.");
  }
  return { ownerId: ownerId(owner), conversationId, turnId: turnId.toLowerCase() };
}

/** The key as arguments of an SQL function. */
export function argsOf({ ownerId: owner, conversationId: conversation, turnId: turn_id }: TurnKey): {
  readonly owner: string;
  readonly conversation: string;
  readonly turn_id: string;
} {
  return { owner, conversation, turn_id };
}

/** Whether both are one turn of one owner. */
export function isSameTurn(one: TurnKey, other: TurnKey): boolean {
  return (
    one.turnId === other.turnId &&
    one.ownerId === other.ownerId &&
    one.conversationId === other.conversationId
  );
}

/** `createdAt`: when the question arrived. */
export function newTurn(
  owner: Owner,
  conversationId: string,
  question: PlacedQuestion,
  createdAt: string = new Date().toISOString(),
): NewTurn {
  return {
    key: { ownerId: ownerId(owner), conversationId, turnId: randomUUID() },
    owner,
    question,
    isStored: false,
    replyId: randomUUID(),
    createdAt,
  };
}

/** The first chunk of a turn's stream. */
export function startChunk({ key, question, replyId, createdAt }: NewTurn, persisted: boolean): Chunk {
  return {
    type: "start",
    messageId: replyId,
    messageMetadata: {
      turn_id: key.turnId,
      conversation_id: key.conversationId,
      message_id: question.id,
      persisted,
      created_at: createdAt,
    },
  };
}

export function turnFromRow(row: TurnRow): Turn {
  return {
    id: row.id,
    conversationId: row.conversation_id,
    status: row.status,
    messageId: row.message_id,
    replyId: row.reply_id,
    persisted: true,
    error: row.error,
    createdAt: instant(row.created_at),
    settledAt: instant(row.settled_at),
  };
}
