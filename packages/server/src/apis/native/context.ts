import { contextRecordToWire, contextToWire } from "@chatkeep/protocol";
import { z } from "zod";

import { queryText } from "../../http/fields.ts";
import { type Route, ownerRoutes } from "../../http/route.ts";
import type { ApiServices } from "../api.ts";
import { message } from "./message.ts";

const query = z.strictObject({
  question: queryText.optional().meta({ description: "Without a question, no older turns are recalled." }),
});

const seq = z.int().meta({ description: "A message's number." });

const context = z
  .strictObject({
    messages: z.array(z.strictObject({ message, recalled: z.boolean(), tokens: z.int() })),
    summary: z.strictObject({ text: z.string(), from_seq: z.int(), to_seq: z.int() }).nullable(),
    tokens: z.int(),
    token_budget: z.int(),
  })
  .meta({ id: "Context" });

const turnContext = z
  .strictObject({
    context: z
      .strictObject({
        latest: z.array(seq),
        recalled: z.array(seq),
        summary: z.strictObject({ from_seq: seq, to_seq: seq }).nullable(),
        tokens: z.int(),
        token_budget: z.int(),
      })
      .nullable(),
  })
  .meta({ id: "TurnContext" });

/** The routes of the contexts that responders get. */
export function contextRoutes({ history }: ApiServices): Route[] {
  return [
    ownerRoutes("Messages")("GET /api/conversations/{conversation_id}/context", {
      id: "getContext",
      summary: "Preview the context that a responder would get with a question",
      description:
        "The latest whole turns, older turns recalled for the question, and a summary if there is one.",
      search: query,
      replies: { 200: { description: "The context.", json: context } },
      handle: async ({ owner, path, query }) =>
        contextToWire(await history.getContext(owner, path.conversation_id, query)),
    }),
    ownerRoutes("Turns")("GET /api/conversations/{conversation_id}/turns/{turn_id}/context", {
      id: "getTurnContext",
      summary: "Read the context that the responder of a turn got",
      description:
        "The `seq` numbers of its messages. `null` for a turn that was answered during an outage, or not at all.",
      replies: { 200: { description: "The stored part of the context.", json: turnContext } },
      handle: async ({ owner, path }) => {
        const record = await history.getTurnContext(owner, path.conversation_id, path.turn_id);
        return { context: record && contextRecordToWire(record) };
      },
    }),
  ];
}
