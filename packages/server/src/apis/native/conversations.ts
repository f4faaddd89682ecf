import { type ConversationQuery, conversationToWire } from "@chatkeep/protocol";

import { type Route, ownerRoute } from "../../http/route.ts";
import { privateJson } from "../../http/router.ts";
import type { ApiServices } from "../api.ts";
import {
  type ConversationSearch,
  conversation,
  conversationBody,
  conversationPage,
  conversationPatch,
  forkBody,
  conversationSearch,
} from "../schema/conversation.ts";
import { conversationPath } from "../schema/path.ts";

/** The routes of conversations. */
export function conversationRoutes({ history }: ApiServices): Route[] {
  return [
    ownerRoute({
      id: "createConversation",
      method: "POST",
      path: "/api/conversations",
      tag: "Conversations",
      summary: "Get or create a conversation",
      description:
        "With `id`, gets or creates that conversation; with `scope` alone, the scope's default one; with neither, creates one. " +
        '`"reuse": "latest"` returns the most recently active one, if there is one. Concurrent calls create one.',
      body: conversationBody,
      replies: {
        200: { description: "The existing conversation.", json: conversation },
        201: { description: "The new conversation.", json: conversation },
      },
      errors: ["forbidden"],
      handle: async ({ owner, body: { scope_label, ...init } }) => {
        const made = await history.createConversation(owner, { ...init, scopeLabel: scope_label });
        return privateJson(conversationToWire(made.conversation), made.created ? 201 : 200);
      },
    }),
    ownerRoute({
      id: "listConversations",
      method: "GET",
      path: "/api/conversations",
      tag: "Conversations",
      summary: "List conversations, most recently active first",
      search: conversationSearch,
      replies: { 200: { description: "A page.", json: conversationPage } },
      handle: async ({ owner, query }) => {
        const page = await history.listConversations(owner, queryOf(query));
        return {
          conversations: page.conversations.map(conversationToWire),
          total: page.total,
          limit: query.limit ?? 20,
          offset: query.offset ?? 0,
          next_cursor: page.nextCursor,
        };
      },
    }),
    ownerRoute({
      id: "getConversation",
      method: "GET",
      path: "/api/conversations/{conversation_id}",
      tag: "Conversations",
      summary: "Read a conversation",
      params: conversationPath,
      replies: { 200: { description: "The conversation.", json: conversation } },
      errors: ["forbidden", "conversation_not_found"],
      handle: async ({ owner, path }) =>
        conversationToWire(await history.getConversation(owner, path.conversation_id)),
    }),
    ownerRoute({
      id: "updateConversation",
      method: "PATCH",
      path: "/api/conversations/{conversation_id}",
      tag: "Conversations",
      summary: "Rename, pin, archive or annotate a conversation",
      description:
        'Fields that are left out keep their values. `"title": null` resets the title to the one made from the first question. ' +
        "`head_id` selects another version: the head becomes the latest leaf below that message.",
      params: conversationPath,
      body: conversationPatch,
      replies: { 200: { description: "The conversation.", json: conversation } },
      errors: ["forbidden", "conversation_not_found", "message_not_found"],
      handle: async ({ owner, path, body: { head_id: head, ...patch } }) => {
        const { conversation_id: id } = path;
        const isPatched = head === undefined || Object.keys(patch).length > 0;
        // Checked first: a head that does not exist changes nothing else.
        if (isPatched && head !== undefined) await history.getMessage(owner, id, head);
        const patched = isPatched ? await history.updateConversation(owner, id, patch) : undefined;
        const moved = head === undefined ? undefined : await history.setHead(owner, id, head);
        return conversationToWire((moved ?? patched)!);
      },
    }),
    ownerRoute({
      id: "forkConversation",
      method: "POST",
      path: "/api/conversations/{conversation_id}/fork",
      tag: "Conversations",
      summary: "Copy a message and everything that leads to it into a new conversation",
      description: "The original does not change, and the copy does not refer to it.",
      params: conversationPath,
      body: forkBody,
      replies: { 201: { description: "The new conversation.", json: conversation } },
      errors: ["forbidden", "conversation_not_found", "message_not_found", "turn_in_progress", "conflict"],
      handle: async ({ owner, path, body: { message_id: message, ...options } }) =>
        privateJson(
          conversationToWire(await history.forkConversation(owner, path.conversation_id, message, options)),
          201,
        ),
    }),
    ownerRoute({
      id: "deleteConversation",
      method: "DELETE",
      path: "/api/conversations/{conversation_id}",
      tag: "Conversations",
      summary: "Delete a conversation and everything in it",
      params: conversationPath,
      replies: { 204: { description: "Deleted." } },
      errors: ["forbidden", "conversation_not_found"],
      handle: async ({ owner, path }) => {
        await history.deleteConversation(owner, path.conversation_id);
        return new Response(null, { status: 204, headers: { "cache-control": "no-store" } });
      },
    }),
  ];
}

const SORT = { created_at: "createdAt", updated_at: "updatedAt" } as const;

function queryOf({ sort, ...rest }: ConversationSearch): ConversationQuery {
  return { ...rest, sort: sort === undefined ? undefined : SORT[sort] };
}
