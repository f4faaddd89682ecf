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
  unsavedQuestion,
} from "@chatkeep/protocol";

/** Options of {@link unsavedTurnState}. */
export interface UnsavedTurn {
  readonly owner: Owner;
  readonly question: Question;
  readonly turn: Turn;
  readonly answer: Answer;
}

/**
 * The state of a turn that an outage left unsaved, made from its answer. Its messages have the `seq` 0, which no stored
 * message has.
 */
export function unsavedTurnState({ owner, question, turn, answer }: UnsavedTurn): TurnState {
  const now = new Date().toISOString();
  const message = unsavedQuestion(owner, turn, question);
  const { status, error, parts, model, usage, intent, processed } = answer;
  const reply: Message = {
    ...message,
    id: turn.replyId ?? turn.id,
    role: "assistant",
    parentId: message.id,
    status: status === "running" ? "streaming" : status,
    parts,
    content: contentOf(parts),
    toolCalls: toolCallsOf(parts),
    citations: citationsOf(parts),
    contextText: null,
    metadata: null,
    intent,
    processed,
    model,
    usage,
    error,
    updatedAt: now,
  };
  return { turn: { ...turn, persisted: false, status, error, settledAt: now }, message, reply };
}
