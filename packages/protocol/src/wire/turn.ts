import type { JsonObject } from "../json.ts";
import type { Failure } from "../message.ts";
import type { Part } from "../part.ts";
import type { Question, Turn, TurnState, TurnStatus } from "../turn.ts";
import { type WireMessage, messageFromWire, messageToWire } from "./message.ts";

/** The response header that tells how the turn of a stream was settled, where it is a retry that found it settled. */
export const TURN_STATUS_HEADER = "x-chatkeep-turn-status";

/** A turn as JSON on the wire. */
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

/** A turn with its question and answer as JSON on the wire. */
export interface WireTurnState {
  turn: WireTurn;
  message: WireMessage;
  reply: WireMessage | null;
  persisted: boolean;
}

/** A question as JSON on the wire. */
export interface WireQuestion {
  id?: string | undefined;
  parent_id?: string | null | undefined;
  role?: "user" | "tool" | undefined;
  content?: string | undefined;
  parts?: readonly Part[] | undefined;
  context_text?: string | null | undefined;
  metadata?: JsonObject | null | undefined;
}

/** To the wire. */
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

/** From the wire. */
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

/** To the wire. */
export function turnStateToWire(state: TurnState): WireTurnState {
  return {
    turn: turnToWire(state.turn),
    message: messageToWire(state.message),
    reply: state.reply === null ? null : messageToWire(state.reply),
    persisted: state.turn.persisted,
  };
}

/** From the wire. */
export function turnStateFromWire(wire: WireTurnState): TurnState {
  return {
    turn: turnFromWire(wire.turn),
    message: messageFromWire(wire.message),
    reply: wire.reply === null ? null : messageFromWire(wire.reply),
  };
}

/** To the wire. */
export function questionToWire(question: Question): WireQuestion {
  return {
    id: question.id,
    parent_id: question.parent,
    role: question.role,
    content: question.content,
    parts: question.parts,
    context_text: question.contextText,
    metadata: question.metadata,
  };
}

/** From the wire. */
export function questionFromWire(wire: WireQuestion): Question {
  return {
    id: wire.id,
    parent: wire.parent_id,
    role: wire.role,
    content: wire.content,
    parts: wire.parts,
    contextText: wire.context_text,
    metadata: wire.metadata,
  };
}
