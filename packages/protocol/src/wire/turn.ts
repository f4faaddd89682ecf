import type { JsonObject } from "../json.ts";
import type { Failure } from "../message.ts";
import type { Part } from "../part.ts";
import type { Question, QueuedQuestion, Turn, TurnState, TurnStatus } from "../turn.ts";
import { type WireMessage, messageFromWire, messageToWire } from "./message.ts";

/** The response header with the status of the turn, when a retry finds the turn settled. */
export const TURN_STATUS_HEADER = "x-chatkeep-turn-status";

export interface WireTurn {
  id: string;
  conversation_id: string;
  status: TurnStatus;
  message_id: string;
  reply_id: string | null;
  persisted: boolean;
  error: Failure | null;
  created_at: string;
  settled_at: string | null;
}

export interface WireTurnState {
  turn: WireTurn;
  message: WireMessage;
  reply: WireMessage | null;
  persisted: boolean;
}

export interface WireQuestion {
  id?: string | null | undefined;
  parent_id?: string | null | undefined;
  role?: "user" | "tool" | null | undefined;
  content?: string | null | undefined;
  parts?: readonly Part[] | null | undefined;
  context_text?: string | null | undefined;
  metadata?: JsonObject | null | undefined;
  when_busy?: Question["whenBusy"] | null;
}

export interface WireQueuedQuestion {
  id: string;
  turn_id: string;
  parent_id?: string | null;
  content: string;
  parts: readonly Part[];
  context_text: string | null;
  metadata: JsonObject | null;
  steers: boolean;
  held: boolean;
  created_at: string;
}

export function turnToWire(turn: Turn): WireTurn {
  return {
    id: turn.id,
    conversation_id: turn.conversationId,
    status: turn.status,
    message_id: turn.messageId,
    reply_id: turn.replyId,
    persisted: turn.persisted,
    error: turn.error,
    created_at: turn.createdAt,
    settled_at: turn.settledAt,
  };
}

export function turnFromWire(wire: WireTurn): Turn {
  return {
    id: wire.id,
    conversationId: wire.conversation_id,
    status: wire.status,
    messageId: wire.message_id,
    replyId: wire.reply_id,
    persisted: wire.persisted,
    error: wire.error,
    createdAt: wire.created_at,
    settledAt: wire.settled_at,
  };
}

export function turnStateToWire(state: TurnState): WireTurnState {
  return {
    turn: turnToWire(state.turn),
    message: messageToWire(state.message),
    reply: state.reply === null ? null : messageToWire(state.reply),
    persisted: state.turn.persisted,
  };
}

export function turnStateFromWire(wire: WireTurnState): TurnState {
  return {
    turn: turnFromWire(wire.turn),
    message: messageFromWire(wire.message),
    reply: wire.reply === null ? null : messageFromWire(wire.reply),
  };
}

export function questionToWire(question: Question): WireQuestion {
  return {
    id: question.id,
    parent_id: question.parent,
    role: question.role,
    content: question.content,
    parts: question.parts,
    context_text: question.contextText,
    metadata: question.metadata,
    when_busy: question.whenBusy,
  };
}

export function questionFromWire(wire: WireQuestion): Question {
  return {
    id: wire.id ?? undefined,
    parent: wire.parent_id,
    role: wire.role ?? undefined,
    content: wire.content ?? undefined,
    parts: wire.parts ?? undefined,
    contextText: wire.context_text,
    metadata: wire.metadata,
    whenBusy: wire.when_busy ?? undefined,
  };
}

export function queuedQuestionToWire(question: QueuedQuestion): WireQueuedQuestion {
  const { turnId, parent, contextText, createdAt, ...same } = question;
  return {
    ...same,
    turn_id: turnId,
    ...(parent === undefined ? {} : { parent_id: parent }),
    context_text: contextText,
    created_at: createdAt,
  };
}

export function queuedQuestionFromWire(wire: WireQueuedQuestion): QueuedQuestion {
  const { turn_id, parent_id, context_text, created_at, ...same } = wire;
  return {
    ...same,
    turnId: turn_id,
    ...(parent_id === undefined ? {} : { parent: parent_id }),
    contextText: context_text,
    createdAt: created_at,
  };
}
