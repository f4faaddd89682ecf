import { searchPageToWire } from "@chatkeep/protocol";

import { type Route, ownerRoute } from "../../http/route.ts";
import type { ApiServices } from "../api.ts";
import { searchPage, searchQuery } from "../schema/search.ts";

/** The route that finds messages. */
export function searchRoutes({ history }: ApiServices): Route[] {
  return [
    ownerRoute({
      id: "searchMessages",
      method: "GET",
      path: "/api/search",
      tag: "Messages",
      summary: "Search messages, best match first",
      description:
        "Searches the caller's conversations, archived ones too. To show a result in context, use " +
        "`GET /api/conversations/{conversation_id}/messages?around=<seq>`.",
      search: searchQuery,
      replies: { 200: { description: "A page of results.", json: searchPage } },
      errors: ["forbidden", "conversation_not_found"],
      handle: async ({ owner, query: { q, conversation_id: conversationId, ...query } }) =>
        searchPageToWire(await history.searchMessages(owner, { ...query, text: q, conversationId })),
    }),
  ];
}
