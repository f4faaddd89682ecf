import { ROLES, searchPageToWire } from "@chatkeep/protocol";
import { z } from "zod";

import { cursor, id, pageLimit, queryText, time } from "../../http/fields.ts";
import { type Route, ownerRoutes } from "../../http/route.ts";
import type { ApiServices } from "../api.ts";
import { conversationFields } from "./conversations.ts";
import { message } from "./message.ts";

const query = z.strictObject({
  q: queryText.meta({
    description:
      'A result contains every word. `"a phrase"`, `prefix*` and `-not` are supported. With an embedding model, plain words also find messages of similar meaning; their snippets have no `marks`.',
    examples: ['"nightly backup" restor*'],
  }),
  conversation_id: id.optional().meta({ description: "Search only this conversation." }),
  scope: queryText.optional(),
  role: z.enum(ROLES).optional().meta({ description: "Search only messages of this role." }),
  since: time.optional().meta({ description: "Search only messages of this time or later." }),
  until: time.optional().meta({ description: "Search only messages of before this time." }),
  limit: pageLimit(100, 20),
  cursor,
});

const offset = z.int().meta({ description: "In UTF-16 units." });
const text = z.string();
const marks = z.array(z.strictObject({ start: offset, end: offset }));

const page = z
  .strictObject({
    titles: z
      .array(z.strictObject({ ...conversationFields, marks }))
      .meta({ description: "Conversations whose titles match, with the first page." }),
    hits: z.array(
      z.strictObject({
        message,
        title: text.nullable(),
        scope: text.nullable(),
        scope_label: text.nullable(),
        snippet: z.strictObject({
          text,
          start: offset,
          marks,
        }),
        score: z.number(),
      }),
    ),
    next_cursor: text.nullable(),
  })
  .meta({ id: "SearchPage" });

/** The route of the search. */
export function searchRoutes({ history }: ApiServices): Route[] {
  const route = ownerRoutes("Messages");
  return [
    route("GET /api/search", {
      id: "searchMessages",
      summary: "Search messages and titles, best match first",
      description:
        "Searches the caller's conversations, archived ones too. Titles are searched without `conversation_id` and `role`. To show a result in context, use " +
        "`GET /api/conversations/{conversation_id}/messages?around=<seq>`.",
      search: query,
      replies: { 200: { description: "A page of results.", json: page } },
      errors: ["conversation_not_found"],
      handle: async ({ owner, query: { q, conversation_id: conversationId, ...query } }) =>
        searchPageToWire(await history.searchMessages(owner, { ...query, text: q, conversationId })),
    }),
  ];
}
