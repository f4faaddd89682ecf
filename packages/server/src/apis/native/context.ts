import { contextRecordToWire, contextToWire } from "@chatkeep/protocol";

import { type Route, ownerRoute } from "../../http/route.ts";
import type { ApiServices } from "../api.ts";
import { conversationPath, turnPath } from "../schema/path.ts";
import { context, contextQuery, turnContext } from "../schema/search.ts";

/** The routes that show what a responder would be given, and what one was given. */
export function contextRoutes({ history }: ApiServices): Route[] {
  return [
    ownerRoute({
      id: "getContext",
      method: "GET",
      path: "/api/conversations/{conversation_id}/context",
      tag: "Messages",
      summary: "Preview the context that a responder would get with a question",
      description:
        "The latest whole turns, older ones recalled for the question, and a summary where there is one.",
      params: conversationPath,
      search: contextQuery,
      replies: { 200: { description: "The context.", json: context } },
      errors: ["forbidden", "conversation_not_found"],
      handle: async ({ owner, path, query }) =>
        contextToWire(await history.getContext(owner, path.conversation_id, query)),
    }),
    ownerRoute({
      id: "getTurnContext",
      method: "GET",
      path: "/api/conversations/{conversation_id}/turns/{turn_id}/context",
      tag: "Turns",
      summary: "Read the context that the responder of a turn got",
      description:
        "`seq` numbers of messages. `null` for a turn that was answered during an outage, or not at all.",
      params: turnPath,
      replies: { 200: { description: "The stored part of the context.", json: turnContext } },
      errors: ["forbidden", "conversation_not_found", "turn_not_found"],
      async handle({ owner, path }) {
        const record = await history.getTurnContext(owner, path.conversation_id, path.turn_id);
        return { context: record === null ? null : contextRecordToWire(record) };
      },
    }),
  ];
}
