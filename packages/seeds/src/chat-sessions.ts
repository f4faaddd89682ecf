import type { Handles } from "@chatkeep/core";
import { ChatkeepError, type History, type Message } from "@chatkeep/protocol";
import {
  type Route,
  beginTurn,
  endingOf,
  failure,
  id,
  integer,
  ownerRoutes,
  pageLimit,
  questionId,
  settledTurn,
  time,
} from "@chatkeep/server/apis";
import { z } from "zod";

const params = { session_id: z.string() };
/** A client may send its user ids as integers. */
const userId = z
  .union([z.string(), z.number().transform(String)])
  .nullish()
  .transform((value) => value ?? undefined)
  .meta({ description: "If given, it must be the user of the credential." });

const start = z.object({ conversationId: id.nullish(), userId });
const started = z.object({ sessionId: z.string(), conversationId: z.string(), message: z.string() });
const message = z.object({ message: z.string(), userId });
const answer = z.object({
  response: z.string(),
  intent: z.string().nullable(),
  processed: z.boolean().nullable(),
  sessionId: z.string(),
  conversationId: z.string(),
  status: z.string().optional().meta({ description: "Present if the answer is not complete." }),
  error: failure.nullish(),
  persisted: z.boolean().optional().meta({ description: "Present if the answer could not be saved." }),
});
const page = z.object({
  messages: z.array(
    z.object({
      id: z.string(),
      sessionId: z.string(),
      sender: z.enum(["user", "ai"]),
      content: z.string(),
      timestamp: time,
      intent: z.string().nullable(),
      processed: z.boolean().nullable(),
    }),
  ),
  totalCount: z.int(),
  sessionId: z.string(),
  conversationId: z.string(),
});

/** Chat sessions: a conversation under a secret handle, which ends without ending the conversation. */
export function chatSessionRoutes(history: History & Handles): Route[] {
  const route = ownerRoutes("Chat sessions");
  return [
    route("POST /api/chat/start", {
      id: "startChat",
      summary: "Create a handle for a new conversation, or for an existing one",
      body: start,
      replies: { 200: { description: "The handle.", json: started } },
      errors: ["conversation_not_found"],
      handle: async ({ owner, body }) => {
        const given = body.conversationId ?? undefined;
        const { id: conversationId } =
          given === undefined
            ? (await history.createConversation(owner)).conversation
            : await history.getConversation(owner, given);
        const sessionId = await history.createHandle(owner, conversationId);
        return { sessionId, conversationId, message: "Chat session started successfully" };
      },
    }),
    route("POST /api/chat/{session_id}/message", {
      id: "sendChatMessage",
      summary: "Ask a question through a handle",
      params,
      body: message,
      replies: { 200: { description: "The answer.", json: answer } },
      errors: ["conversation_not_found", "turn_in_progress", "idempotency_mismatch"],
      rateLimit: "after-deduplication",
      handle: async ({ owner, path: { session_id: sessionId }, body, request }) => {
        const { conversationId, active } = await history.findHandle(owner, sessionId);
        if (!active) {
          throw new ChatkeepError("invalid_request", "Chat session is inactive", { pointer: "session_id" });
        }
        const state = await settledTurn(
          await beginTurn({
            history,
            owner,
            conversation: conversationId,
            question: { id: questionId(request), content: body.message },
            signal: request.signal,
          }),
        );
        return {
          response: state.reply?.content ?? "",
          intent: state.reply?.intent ?? null,
          processed: state.reply?.processed ?? null,
          sessionId,
          conversationId,
          ...endingOf(state),
        };
      },
    }),
    route("GET /api/chat/{session_id}/history", {
      id: "readChat",
      summary: "Read the latest messages through a handle, oldest first",
      params,
      search: z.object({
        limit: pageLimit(100, 50),
        offset: integer(0, 1_000_000_000).optional().meta({ description: "How many of the newest to skip." }),
      }),
      replies: { 200: { description: "The messages.", json: page } },
      errors: ["conversation_not_found"],
      handle: async ({ owner, path: { session_id: sessionId }, query }) => {
        const { conversationId } = await history.findHandle(owner, sessionId);
        const { messages, total } = await history.listMessages(owner, conversationId, query);
        return {
          messages: messages.map((one) => messageOf(one, sessionId)),
          totalCount: total,
          sessionId,
          conversationId,
        };
      },
    }),
    route("DELETE /api/chat/{session_id}", {
      id: "endChat",
      summary: "End a handle; the conversation stays",
      params,
      replies: {
        200: { description: "Ended.", json: z.object({ message: z.string(), sessionId: z.string() }) },
      },
      errors: ["conversation_not_found"],
      handle: async ({ owner, path: { session_id: sessionId } }) => {
        await history.endHandle(owner, sessionId);
        return { message: "Chat session ended successfully", sessionId };
      },
    }),
  ];
}

function messageOf(message: Message, sessionId: string): object {
  return {
    id: message.id,
    sessionId,
    sender: message.role === "user" ? "user" : "ai",
    content: message.content,
    timestamp: message.createdAt,
    intent: message.intent,
    processed: message.processed,
  };
}
