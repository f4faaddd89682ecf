import { type Conversation, type Message, ROLES } from "@chatkeep/protocol";
import {
  type ApiServices,
  type Route,
  beginTurn,
  cursor,
  endingOf,
  failure,
  id,
  integer,
  json,
  ownerRoutes,
  pageLimit,
  privateJson,
  questionId,
  requireRoles,
  settledTurn,
  time,
} from "@chatkeep/server/apis";
import { z } from "zod";

import { REPLY_LENGTH, readLatest } from "./latest.ts";

/** `/api/conversations/conversations` is an address of the native API, so no user can have that id. */
const userId = z
  .string()
  .refine(
    (user) => user !== "conversations",
    "cannot be `conversations`, which is an address of the native API. Use the API under `/api/conversations`",
  );
const params = { user_id: userId };

const conversation = z.object({
  conversation_id: z.string(),
  user_id: z.string().nullable(),
  created_at: time,
  updated_at: time,
});
const message = z.object({
  message_id: z.string(),
  conversation_id: z.string().optional(),
  role: z.string(),
  content: z.string(),
  tool_calls: json,
  tool_call_id: z
    .string()
    .optional()
    .meta({ description: "On a `tool` message: the id of the call that it answers." }),
  created_at: time,
});
const newMessage = z.object({
  id: id.nullish(),
  role: z.enum(["user", "assistant", "tool"]),
  content: z.string().nullish(),
  tool_calls: json.nullish().meta({ description: "OpenAI's array; any other JSON is stored unchanged." }),
  tool_call_id: z.string().nullish(),
});
const answer = z.object({
  conversation_id: z.string(),
  response: z.string(),
  tool_calls: json,
  status: z.string().optional().meta({ description: "Present if the answer is not complete." }),
  error: failure.nullish(),
  persisted: z.boolean().optional().meta({ description: "Present if the answer could not be saved." }),
});

/** A user's conversations with tool calls, under the user's id. */
export function userConversationRoutes({ history, writableRoles }: ApiServices): Route[] {
  const route = ownerRoutes("User conversations");
  return [
    route("POST /api/{user_id}/conversations", {
      id: "getOrCreateUserConversation",
      summary: "Get the latest conversation, or create one",
      params,
      body: z.object({ conversation_id: id.nullish() }),
      replies: {
        200: { description: "The existing conversation.", json: conversation },
        201: { description: "The new conversation.", json: conversation },
      },
      handle: async ({ owner, body }) => {
        const named = body.conversation_id ?? undefined;
        const init = named === undefined ? { reuse: "latest" as const } : { id: named };
        const made = await history.createConversation(owner, init);
        return privateJson(conversationOf(made.conversation), made.created ? 201 : 200);
      },
    }),
    route("GET /api/{user_id}/conversations", {
      id: "listUserConversations",
      summary: "List conversations, most recently active first",
      params,
      search: z.object({
        limit: pageLimit(100, 100),
        cursor,
      }),
      replies: {
        200: {
          description: "A page.",
          json: z.object({
            user_id: z.string().nullable(),
            conversations: z.array(conversation),
            next_cursor: z.string().nullable(),
          }),
        },
      },
      handle: async ({ path, owner, query: { limit = 100, cursor } }) => {
        const { conversations, nextCursor } = await history.listConversations(owner, { limit, cursor });
        return {
          user_id: path.user_id,
          conversations: conversations.map(conversationOf),
          next_cursor: nextCursor,
        };
      },
    }),
    route("POST /api/{user_id}/conversations/{conversation_id}/messages", {
      id: "addUserMessage",
      summary: "Append a message",
      description: "End users may write `user` messages only; other roles require a server key.",
      params,
      body: newMessage,
      replies: { 201: { description: "The message.", json: message } },
      errors: ["idempotency_mismatch"],
      rateLimit: "after-deduplication",
      handle: async ({ owner, key, path, body, request }) => {
        requireRoles([body], key === undefined ? writableRoles(owner) : ROLES, false);
        const [stored] = await history.appendMessages(owner, path.conversation_id, [
          {
            id: body.id ?? questionId(request),
            role: body.role,
            content: body.content ?? "",
            toolCalls: body.tool_calls ?? undefined,
            toolCallId: body.tool_call_id ?? undefined,
          },
        ]);
        return privateJson({ ...messageOf(stored!), conversation_id: path.conversation_id }, 201);
      },
    }),
    route("GET /api/{user_id}/conversations/{conversation_id}/messages", {
      id: "listUserMessages",
      summary: "Read the latest messages, oldest first",
      description: "A page ends early after 8 Mi characters of messages.",
      params,
      search: z.object({
        limit: pageLimit(1000, 1000),
        before: integer(0, Number.MAX_SAFE_INTEGER)
          .optional()
          .meta({ description: "The `next_before` of the previous page." }),
      }),
      replies: {
        200: {
          description: "The messages.",
          json: z.object({
            conversation_id: z.string(),
            messages: z.array(message),
            total: z.int(),
            next_before: z.int().nullable(),
          }),
        },
      },
      handle: async ({ owner, path, query }) => {
        const { limit: count = 1000, before } = query;
        const read = { count, before, length: REPLY_LENGTH };
        const { messages, total, hasMore } = await readLatest(history, owner, path.conversation_id, read);
        return {
          conversation_id: path.conversation_id,
          messages: messages.map(messageOf),
          total,
          next_before: hasMore ? (messages[0]?.seq ?? null) : null,
        };
      },
    }),
    route("POST /api/{user_id}/chat", {
      id: "askAsUser",
      summary: "Ask a question in the latest conversation, or in a given one",
      params,
      body: z.object({ message: z.string(), conversation_id: id.nullish() }),
      replies: { 200: { description: "The answer.", json: answer } },
      errors: ["conversation_not_found", "turn_in_progress", "idempotency_mismatch"],
      rateLimit: "after-deduplication",
      handle: async ({ owner, body, request }) => {
        const named = body.conversation_id ?? undefined;
        const state = await settledTurn(
          await beginTurn({
            history,
            owner,
            conversation: named ?? { reuse: "latest" },
            question: { id: questionId(request), content: body.message },
            signal: request.signal,
          }),
        );
        return {
          conversation_id: state.turn.conversationId,
          response: state.reply?.content ?? "",
          tool_calls: state.reply?.toolCalls ?? [],
          ...endingOf(state),
        };
      },
    }),
  ];
}

function conversationOf(one: Conversation): object {
  return {
    conversation_id: one.id,
    user_id: one.userId,
    created_at: one.createdAt,
    updated_at: one.updatedAt,
  };
}

function messageOf(one: Message): object {
  return {
    message_id: one.id,
    role: one.role,
    content: one.content,
    tool_calls: one.toolCalls,
    ...(one.toolCallId === null ? {} : { tool_call_id: one.toolCallId }),
    created_at: one.createdAt,
  };
}
