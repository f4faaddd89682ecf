import { type History, contextToWire } from "@chatkeep/protocol";

import { privateJson } from "../reply.ts";
import { type Route, ownerRoute } from "../route.ts";
import { conversationPath } from "../schema/path.ts";
import { context, contextQuery } from "../schema/search.ts";

/** The route that shows what a responder would be given. */
export function contextRoutes(history: Pick<History, "getContext">): Route[] {
  return [
    ownerRoute({
      id: "getContext",
      method: "GET",
      path: "/api/conversations/{conversation_id}/context",
      tag: "Messages",
      summary: "Show what a responder would be given with a question",
      description:
        "The latest whole turns, older ones recalled for the question, and a summary where there is one.",
      params: conversationPath,
      search: contextQuery,
      replies: { 200: { description: "The context.", json: context } },
      errors: ["forbidden", "conversation_not_found"],
      handle: async ({ owner, path, query }) =>
        privateJson(contextToWire(await history.getContext(owner, path.conversation_id, query))),
    }),
  ];
}
