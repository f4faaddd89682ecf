import {
  type Answer,
  type Message,
  type Owner,
  type Question,
  type Turn,
  type TurnState,
  citationsOf,
  contentOf,
  toolCallsOf,
  userIdOf,
} from "@chatkeep/protocol";

/** Options of {@link unsavedTurnState}. */
export interface UnsavedTurn {
  readonly owner: Owner;
  readonly question: Question;
  readonly turn: Turn;
  readonly answer: Answer;
}

/**
 * The state of a turn that an outage kept from being saved, from its answer: nothing of it can be read
 * back now. Its messages have the number 0, which no stored message has.
 */
export function unsavedTurnState({ owner, question, turn, answer }: UnsavedTurn): TurnState {
  const now = new Date().toISOString();
  const parts = question.parts ?? [{ type: "text", text: question.content ?? "" }];
  const asked: Message = {
    ...EMPTY,
    id: turn.messageId,
    conversationId: turn.conversationId,
    userId: userIdOf(owner),
    turnId: turn.id,
    role: "user",
    status: "complete",
    parts,
    content: contentOf(parts),
    parentId: question.parent ?? null,
    contextText: question.contextText ?? null,
    metadata: question.metadata ?? null,
    createdAt: turn.createdAt,
    updatedAt: turn.createdAt,
  };
  const reply: Message = {
    ...asked,
    ...EMPTY,
    id: turn.replyId ?? turn.id,
    role: "assistant",
    parentId: asked.id,
    status: answer.status === "running" ? "streaming" : answer.status,
    parts: answer.parts,
    content: contentOf(answer.parts),
    toolCalls: toolCallsOf(answer.parts),
    citations: citationsOf(answer.parts),
    intent: answer.intent,
    processed: answer.processed,
    model: answer.model,
    usage: answer.usage,
    error: answer.error,
    updatedAt: now,
  };
  const settled = { ...turn, persisted: false, status: answer.status, error: answer.error, settledAt: now };
  return { turn: settled, message: asked, reply };
}

/** What a message has nothing of. */
const EMPTY = {
  seq: 0,
  parentId: null,
  versions: { index: 1, count: 1 },
  toolCalls: null,
  toolCallId: null,
  citations: null,
  contextText: null,
  intent: null,
  processed: null,
  model: null,
  usage: null,
  error: null,
  metadata: null,
} as const;
