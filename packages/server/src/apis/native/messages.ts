import { ROLES, messageInputFromWire, messageToWire, messageVersionToWire } from "@chatkeep/protocol";

import { type Route, ownerRoute } from "../../http/route.ts";
import { privateJson } from "../../http/router.ts";
import type { ApiServices } from "../api.ts";
import { requireRoles } from "../roles.ts";
import {
  deleted,
  deletedSearch,
  message,
  messageBody,
  messageList,
  messagePage,
  messageSearch,
  restoreBody,
  restored,
  versionList,
} from "../schema/message.ts";
import { conversationPath, messagePath } from "../schema/path.ts";

/** The routes of messages. */
export function messageRoutes({ history, writableRoles }: ApiServices): Route[] {
  return [
    ownerRoute({
      id: "listMessages",
      method: "GET",
      path: "/api/conversations/{conversation_id}/messages",
      tag: "Messages",
      summary: "Read the latest messages of a branch, oldest first",
      description:
        "Takes at most one of `before`, `after`, `around` and `offset`. A running turn's answer so far is listed with " +
        "status `streaming`.",
      params: conversationPath,
      search: messageSearch,
      replies: { 200: { description: "A page of messages.", json: messagePage } },
      errors: ["forbidden", "conversation_not_found", "message_not_found"],
      handle: async ({ owner, path, query }) => {
        const page = await history.listMessages(owner, path.conversation_id, query);
        return {
          messages: page.messages.map(messageToWire),
          total: page.total,
          limit: query.limit ?? 50,
          offset: query.offset ?? 0,
          has_more: page.hasMore,
        };
      },
    }),
    ownerRoute({
      id: "appendMessages",
      method: "POST",
      path: "/api/conversations/{conversation_id}/messages",
      tag: "Messages",
      summary: "Append a message, or several, without a turn",
      description:
        "All messages are stored, or none. A message whose `id` is stored already is returned, not stored again. End users " +
        "may write `user` messages only; other roles require a server key.",
      params: conversationPath,
      body: messageBody,
      replies: {
        201: {
          description: "The stored message, or `messages` when several were sent.",
          json: message.or(messageList),
        },
      },
      errors: [
        "forbidden",
        "conversation_not_found",
        "message_not_found",
        "conflict",
        "idempotency_mismatch",
      ],
      rateLimit: "after-deduplication",
      handle: async ({ owner, key, path, body }) => {
        const several = "messages" in body;
        const inputs = several ? body.messages : [body];
        requireRoles(inputs, key === undefined ? writableRoles(owner) : ROLES, several);
        const stored = await history.appendMessages(
          owner,
          path.conversation_id,
          inputs.map(messageInputFromWire),
          { parent: body.parent_id, expectedHead: body.expected_head_id },
        );
        const wire = stored.map(messageToWire);
        return privateJson(several ? { messages: wire } : wire[0], 201);
      },
    }),
    ownerRoute({
      id: "getMessage",
      method: "GET",
      path: "/api/conversations/{conversation_id}/messages/{message_id}",
      tag: "Messages",
      summary: "Read a message",
      params: messagePath,
      replies: { 200: { description: "The message.", json: message } },
      errors: ["forbidden", "conversation_not_found", "message_not_found"],
      handle: async ({ owner, path }) =>
        messageToWire(await history.getMessage(owner, path.conversation_id, path.message_id)),
    }),
    ownerRoute({
      id: "listVersions",
      method: "GET",
      path: "/api/conversations/{conversation_id}/messages/{message_id}/versions",
      tag: "Messages",
      summary: "List the versions of a message",
      description: "Messages that follow the same one, in the order of arrival; this one is among them.",
      params: messagePath,
      replies: { 200: { description: "The versions.", json: versionList } },
      errors: ["forbidden", "conversation_not_found", "message_not_found"],
      handle: async ({ owner, path }) => {
        const versions = await history.listVersions(owner, path.conversation_id, path.message_id);
        return { versions: versions.map(messageVersionToWire) };
      },
    }),
    ownerRoute({
      id: "restoreMessages",
      method: "POST",
      path: "/api/conversations/{conversation_id}/messages/restore",
      tag: "Messages",
      summary: "Restore deleted messages",
      description: "All or none, within the undo time. Cleared messages cannot be restored.",
      params: conversationPath,
      body: restoreBody,
      replies: { 200: { description: "How many there were.", json: restored } },
      errors: ["forbidden", "conversation_not_found", "message_not_found", "conflict"],
      handle: async ({ owner, path, body }) => history.restoreMessages(owner, path.conversation_id, body.ids),
    }),
    ownerRoute({
      id: "deleteMessage",
      method: "DELETE",
      path: "/api/conversations/{conversation_id}/messages/{message_id}",
      tag: "Messages",
      summary: "Delete a message",
      description: "Other messages keep their numbers. Deleting a question deletes its turn too.",
      params: messagePath,
      replies: { 204: { description: "Deleted." } },
      errors: ["forbidden", "conversation_not_found", "message_not_found", "turn_in_progress"],
      handle: async ({ owner, path }) => {
        await history.deleteMessage(owner, path.conversation_id, path.message_id);
        return new Response(null, { status: 204, headers: { "cache-control": "no-store" } });
      },
    }),
    ownerRoute({
      id: "clearMessages",
      method: "DELETE",
      path: "/api/conversations/{conversation_id}/messages",
      tag: "Messages",
      summary: "Delete messages, or clear a conversation",
      description:
        "With `ids` or `from`: deletes these messages, all or none; they can be restored until the undo time ends. With " +
        "neither: permanently deletes all messages in all branches, and stops a running turn.",
      params: conversationPath,
      search: deletedSearch,
      replies: { 200: { description: "How many were deleted.", json: deleted } },
      errors: ["forbidden", "conversation_not_found", "message_not_found", "turn_in_progress"],
      handle: async ({ owner, path, query: { ids, from } }) => {
        const { conversation_id: id } = path;
        if (ids !== undefined) return history.deleteMessages(owner, id, { ids: ids.split(",") });
        if (from !== undefined) return history.deleteMessages(owner, id, { from });
        return history.clearMessages(owner, id);
      },
    }),
  ];
}
