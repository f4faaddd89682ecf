import { conversationToWire, trashPageToWire } from "@chatkeep/protocol";

import { type Route, ownerRoute } from "../../http/route.ts";
import type { ApiServices } from "../api.ts";
import { conversation } from "../schema/conversation.ts";
import { conversationPath } from "../schema/path.ts";
import { trashPage, trashSearch } from "../schema/trash.ts";

/** The routes of deleted conversations. */
export function trashRoutes({ history }: ApiServices): Route[] {
  return [
    ownerRoute({
      id: "listTrash",
      method: "GET",
      path: "/api/trash",
      tag: "Conversations",
      summary: "List deleted conversations that can be restored",
      search: trashSearch,
      replies: { 200: { description: "A page, by last activity.", json: trashPage } },
      handle: async ({ owner, query }) => trashPageToWire(await history.listTrash(owner, query)),
    }),
    ownerRoute({
      id: "restoreConversation",
      method: "POST",
      path: "/api/conversations/{conversation_id}/restore",
      tag: "Conversations",
      summary: "Restore a deleted conversation",
      description:
        "If its scope has another default conversation by now, the restored one is an ordinary one.",
      params: conversationPath,
      replies: { 200: { description: "The conversation.", json: conversation } },
      errors: ["forbidden", "conversation_not_found", "conflict"],
      handle: async ({ owner, path }) =>
        conversationToWire(await history.restoreConversation(owner, path.conversation_id)),
    }),
  ];
}
