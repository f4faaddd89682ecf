import { randomUUID } from "node:crypto";

import type { History, Message } from "@chatkeep/protocol";
import {
  type GuestCall,
  beginTurn,
  endingOf,
  failure,
  jsonObject,
  questionId,
  settledTurn,
  time,
} from "@chatkeep/server/apis";
import { z } from "zod";

import { carrySession } from "./session.ts";

/** The body of a book widget. Its `message` is a string, which the AI SDK's body never has. */
export const widgetQuestion: z.ZodType<WidgetQuestion> = z
  .object({
    session_id: z
      .string()
      .nullish()
      .meta({ description: "`null`: a new session, whose id is in the reply." }),
    message: z.string(),
    context_mode: z.string().nullish(),
    selected_text: z.string().nullish(),
  })
  .meta({ id: "WidgetQuestion" });

export interface WidgetQuestion {
  session_id?: string | null | undefined;
  message: string;
  context_mode?: string | null | undefined;
  selected_text?: string | null | undefined;
}

export const widgetAnswer: z.ZodType = z
  .object({
    session_id: z.string().nullable(),
    response: z.string(),
    history: z.array(
      z.object({
        id: z.string(),
        session_id: z.string().nullable(),
        role: z.string(),
        content: z.string(),
        created_at: time,
        context_text: z.string().nullable(),
        metadata: jsonObject.nullable(),
      }),
    ),
    has_more: z.boolean(),
    conversation_id: z.string(),
    persisted: z.boolean(),
    status: z.string().optional().meta({ description: "Present if the answer is not complete." }),
    error: failure.nullish(),
  })
  .meta({ id: "WidgetAnswer" });

/** Messages in a reply: as many as a widget shows at once. */
const WINDOW = 50;

/** Answers a book widget: one thread a session, the latest that was active, and its latest messages. */
export async function answerWidget(
  history: History,
  { request, identify }: Pick<GuestCall, "request" | "identify">,
  body: WidgetQuestion,
): Promise<object> {
  const carrier = carrySession(request, body.session_id);
  const isNew = !carrier.headers.has("x-session-id") && !carrier.headers.has("authorization");
  const { owner } = await identify(isNew ? carrySession(request, randomUUID()) : carrier);
  const sessionId = owner.kind === "session" ? owner.id : null;
  const mode = body.context_mode ?? "full_book";
  const state = await settledTurn(
    await beginTurn({
      history,
      owner,
      conversation: { reuse: "latest" },
      question: {
        id: questionId(request),
        content: body.message,
        contextText: body.selected_text ?? null,
        metadata: mode === "full_book" ? null : { context_mode: mode },
      },
      signal: request.signal,
    }),
  );
  const { turn, message, reply } = state;
  const page = turn.persisted
    ? await history.listMessages(owner, turn.conversationId, { limit: WINDOW })
    : { messages: [message, ...(reply === null ? [] : [reply])], hasMore: false };
  return {
    session_id: sessionId,
    response: reply?.content ?? "",
    history: page.messages.map((one) => messageOf(one, sessionId)),
    has_more: page.hasMore,
    conversation_id: turn.conversationId,
    persisted: turn.persisted,
    ...endingOf(state),
  };
}

function messageOf(message: Message, sessionId: string | null): object {
  return {
    id: message.id,
    session_id: sessionId,
    role: message.role,
    content: message.content,
    created_at: message.createdAt,
    context_text: message.contextText,
    metadata: message.metadata,
  };
}
