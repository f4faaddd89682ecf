import {
  type Conversation,
  type Message,
  type Owner,
  type Turn,
  contentOf,
  userIdOf,
} from "@chatkeep/protocol";

import type { CheckedMessage } from "../messages.ts";

/** What a responder is told of a conversation that cannot be read just now. */
export function unsavedConversation(id: string, owner: Owner): Conversation {
  const now = new Date().toISOString();
  return {
    id,
    userId: userIdOf(owner),
    scope: null,
    scopeLabel: null,
    isDefault: false,
    title: null,
    pinnedAt: null,
    archivedAt: null,
    messageCount: 0,
    runningTurn: null,
    preview: null,
    metadata: null,
    createdAt: now,
    updatedAt: now,
  };
}

/** What a responder is told of a question that cannot be stored just now. */
export function unsavedQuestion(question: CheckedMessage, turn: Turn, owner: Owner): Message {
  return {
    id: question.id,
    seq: 0,
    conversationId: turn.conversationId,
    userId: userIdOf(owner),
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
