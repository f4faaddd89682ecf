import { randomUUID } from "node:crypto";

import { DEFAULT_LIMITS, readAnswer } from "@chatkeep/core";
import {
  type Answer,
  ChatkeepError,
  type Conversation,
  type Responder,
  ResponderError,
  type Turn,
  type TurnEvent,
  createEncoder,
  createFold,
  emptyConversation,
  settledChunks,
} from "@chatkeep/protocol";
import { type Asking, type Begun, unsavedTurnState } from "@chatkeep/server/apis";

/** Begins the answer to a question that is not stored. Errors: `invalid_request`. */
export type AskStateless = (asking: Asking) => Begun;

/** Milliseconds that an answer may take. Nobody can stop or resume it. */
const TIMEOUT = 120_000;

/** Answers questions with a responder and without a history. */
export function createStateless(responder: Responder): AskStateless {
  return (asking) => {
    const { owner, question, signal } = asking;
    requireText(question.content ?? "");
    const turn: Turn = {
      id: randomUUID(),
      conversationId: randomUUID(),
      status: "running",
      messageId: question.id ?? randomUUID(),
      replyId: randomUUID(),
      persisted: false,
      error: null,
      createdAt: new Date().toISOString(),
      settledAt: null,
    };
    const { message } = unsavedTurnState({ owner, question, turn, answer: NO_ANSWER });
    const answer = (): ReturnType<Responder> =>
      responder({
        owner,
        conversation: conversationOf(turn, asking.conversation),
        turnId: turn.id,
        question: message,
        history: [],
        recalled: [],
        summary: null,
        answer: [],
        attempt: 1,
        committed: () => Promise.resolve(),
        steered: new AbortController().signal,
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]),
      });
    return { turn, asking, events: eventsOf(turn, answer) };
  };
}

async function* eventsOf(
  turn: Turn,
  answer: () => ReturnType<Responder>,
): AsyncGenerator<TurnEvent, void, void> {
  let seq = 0;
  const encoder = createEncoder();
  const messageMetadata = {
    turn_id: turn.id,
    conversation_id: turn.conversationId,
    message_id: turn.messageId,
    persisted: false,
  };
  yield { seq: ++seq, chunk: { type: "start", messageId: turn.replyId ?? turn.id, messageMetadata } };
  let ending = settledChunks("complete", null);
  try {
    for await (const event of readAnswer(answer())) {
      for (const chunk of encoder.encode(event)) yield { seq: ++seq, chunk };
    }
  } catch (error) {
    const failure =
      error instanceof ResponderError
        ? error.failure
        : { code: "model_error", detail: "The answer could not be given. Ask again in a moment." };
    ending = settledChunks("failed", failure);
  }
  for (const chunk of [...encoder.end(), ...ending]) yield { seq: ++seq, chunk };
}

function requireText(text: string): void {
  const length = Array.from(text).length;
  if (text.trim() !== "" && length <= DEFAULT_LIMITS.userText) return;
  throw new ChatkeepError(
    "invalid_request",
    `A question must have 1 to ${DEFAULT_LIMITS.userText} characters and not be blank. This one has ${length}.`,
    { pointer: "/question" },
  );
}

const NO_ANSWER: Answer = createFold().answer();

function conversationOf({ conversationId, createdAt }: Turn, init: Asking["conversation"]): Conversation {
  const { scope = null, scopeLabel = null } = typeof init === "string" ? {} : init;
  return { ...emptyConversation(conversationId, createdAt), scope, scopeLabel, messageCount: 1 };
}
