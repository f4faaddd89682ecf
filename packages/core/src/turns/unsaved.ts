import {
  type Conversation,
  type Failure,
  type Message,
  type ShownAnswer,
  type Turn,
  type TurnStatus,
  contentOf,
  userIdOf,
} from "@chatkeep/protocol";

import { ownerId } from "../owners.ts";
import type { Asked, NewTurn } from "./begin.ts";
import type { Unsaved } from "./receipts.ts";

/** What is kept of the reason why an answer failed during an outage: its own words are not signed. */
export const UNSAVED_FAILURE: Failure = {
  code: "model_error",
  detail: "The assistant failed before its answer was complete. Try again.",
};

/** What a receipt signs of an answer that is shown and not saved. */
export function unsavedOf(
  { owner, conversationId, question }: Asked,
  shown: Omit<ShownAnswer, "receipt" | "status"> & { readonly status: TurnStatus },
): Unsaved {
  return {
    ownerId: ownerId(owner),
    conversationId,
    messageId: question.id,
    body: question.parts,
    contextText: question.contextText ?? null,
    turnId: shown.turnId,
    replyId: shown.replyId,
    status: shown.status,
    parts: shown.parts,
  };
}

/** A turn that is answered without saving. */
export function unsavedTurn(
  { conversationId, question }: Asked,
  { turnId, replyId, createdAt }: NewTurn,
): Turn {
  return {
    id: turnId,
    conversationId,
    status: "running",
    messageId: question.id,
    replyId,
    persisted: false,
    error: null,
    createdAt,
    settledAt: null,
  };
}

/** What a responder is told of a conversation that cannot be read just now. */
export function unsavedConversation({ owner, conversationId }: Asked): Conversation {
  const now = new Date().toISOString();
  return {
    id: conversationId,
    userId: userIdOf(owner),
    scope: null,
    scopeLabel: null,
    isDefault: false,
    title: null,
    pinnedAt: null,
    archivedAt: null,
    messageCount: 0,
    headId: null,
    runningTurn: null,
    preview: null,
    metadata: null,
    createdAt: now,
    updatedAt: now,
  };
}

/** What a responder is told of a question that cannot be stored just now. */
export function unsavedQuestion({ owner, question }: Asked, turn: Turn): Message {
  return {
    id: question.id,
    seq: 0,
    conversationId: turn.conversationId,
    userId: userIdOf(owner),
    parentId: question.parent ?? null,
    versions: { index: 1, count: 1 },
    turnId: turn.id,
    role: "user",
    status: "complete",
    parts: question.parts,
    content: contentOf(question.parts),
    toolCalls: null,
    toolCallId: null,
    citations: null,
    contextText: question.contextText ?? null,
    intent: null,
    processed: null,
    model: null,
    usage: null,
    error: null,
    metadata: question.metadata ?? null,
    createdAt: turn.createdAt,
    updatedAt: turn.createdAt,
  };
}
