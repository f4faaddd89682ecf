import { randomUUID } from "node:crypto";

import { DEFAULT_LIMITS } from "@chatkeep/core";
import {
  type Answer,
  ChatkeepError,
  type Conversation,
  type Message,
  type Owner,
  type Question,
  type Responder,
  ResponderError,
  type TurnEvent,
  createEncoder,
  createFold,
  settledChunks,
} from "@chatkeep/protocol";
import { unsavedTurnState } from "@chatkeep/server/apis";

/** A question without a credential. It is answered and not stored. */
interface StatelessQuestion {
  readonly question: Question;
  readonly scope: string | null;
  readonly signal: AbortSignal;
}

export type AnswerStateless = (asked: StatelessQuestion) => {
  readonly messageId: string;
  readonly conversationId: string;
  readonly events: AsyncIterable<TurnEvent>;
};

/** Milliseconds that an answer may take. Nobody can stop or resume it. */
const PATIENCE = 120_000;

/** Answers questions with a responder and no history. */
export function createStateless(responder: Responder): AnswerStateless {
  return ({ question, scope, signal }) => {
    const owner: Owner = { kind: "session", id: randomUUID() };
    requireText(question.content ?? "");
    const now = new Date().toISOString();
    const conversationId = randomUUID();
    const messageId = question.id ?? randomUUID();
    const replyId = randomUUID();
    const turnId = randomUUID();
    const turn = {
      id: turnId,
      conversationId,
      status: "running" as const,
      messageId,
      replyId,
      persisted: false,
      error: null,
      createdAt: now,
      settledAt: null,
    };
    const { message } = unsavedTurnState({ owner, question, turn, answer: NO_ANSWER });
    const events = async function* (): AsyncGenerator<TurnEvent, void, void> {
      let seq = 0;
      const encoder = createEncoder();
      const messageMetadata = {
        turn_id: turnId,
        conversation_id: conversationId,
        message_id: messageId,
        persisted: false,
      };
      yield { seq: ++seq, chunk: { type: "start", messageId: replyId, messageMetadata } };
      const ended = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
      try {
        const conversation = conversationOf(conversationId, scope, message);
        const request = {
          owner,
          conversation,
          turnId,
          question: message,
          history: [],
          recalled: [],
          summary: null,
          signal: ended,
        };
        for await (const event of responder(request)) {
          for (const chunk of encoder.encode(event)) yield { seq: ++seq, chunk };
        }
        for (const chunk of [...encoder.end(), ...settledChunks("complete", null)])
          yield { seq: ++seq, chunk };
      } catch (error) {
        const failure =
          error instanceof ResponderError
            ? error.failure
            : { code: "model_error", detail: "The answer could not be given. Ask again in a moment." };
        for (const chunk of [...encoder.end(), ...settledChunks("failed", failure)])
          yield { seq: ++seq, chunk };
      }
    };
    return { messageId: replyId, conversationId, events: events() };
  };
}

function requireText(text: string): void {
  const length = Array.from(text).length;
  if (text.trim() !== "" && length <= DEFAULT_LIMITS.userText) return;
  throw new ChatkeepError(
    "invalid_request",
    `A question has 1 to ${DEFAULT_LIMITS.userText} characters and is not blank; this has ${length}.`,
    { pointer: "/question" },
  );
}

const NO_ANSWER: Answer = createFold().answer();

function conversationOf(id: string, scope: string | null, { createdAt }: Message): Conversation {
  return {
    id,
    userId: null,
    scope,
    scopeLabel: scope,
    isDefault: false,
    title: null,
    pinnedAt: null,
    archivedAt: null,
    messageCount: 1,
    headId: null,
    runningTurn: null,
    preview: null,
    metadata: null,
    createdAt,
    updatedAt: createdAt,
  };
}
