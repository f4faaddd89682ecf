import type { WireContext, WireContextRecord, WireSearchPage } from "@chatkeep/protocol";
import { z } from "zod";

import { id, integer, queryText, scope } from "./field.ts";
import { message } from "./message.ts";

/** What to look for. */
export const searchQuery: z.ZodType<{
  q: string;
  conversation_id?: string | undefined;
  scope?: string | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
}> = z.strictObject({
  q: queryText.meta({
    description:
      'A result contains every word. `"a phrase"`, `prefix*` and `-not` are supported. With an embedding model, plain words also find messages of similar meaning; their snippets have no `marks`.',
    examples: ['"nightly backup" restor*'],
  }),
  conversation_id: id.optional().meta({ description: "Search only this conversation." }),
  scope: scope.optional(),
  limit: integer(1, 100).optional().meta({ description: "Default 20." }),
  cursor: z.string().optional().meta({ description: "The `next_cursor` of the previous page." }),
});

const place = z.int().meta({ description: "In UTF-16 units." });

/** What was found, as it is given out. */
export const searchPage: z.ZodType<WireSearchPage> = z
  .strictObject({
    hits: z.array(
      z.strictObject({
        message,
        title: z.string().nullable(),
        scope: z.string().nullable(),
        scope_label: z.string().nullable(),
        snippet: z.strictObject({
          text: z.string(),
          start: place,
          marks: z.array(z.strictObject({ start: place, end: place })),
        }),
        score: z.number(),
      }),
    ),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: "SearchPage" });

/** What a context is for. */
export const contextQuery: z.ZodType<{ question?: string | undefined }> = z.strictObject({
  question: queryText.optional().meta({ description: "Without a question, no older turns are recalled." }),
});

/** A context, as it is given out. */
export const context: z.ZodType<WireContext> = z
  .strictObject({
    messages: z.array(z.strictObject({ message, recalled: z.boolean(), tokens: z.int() })),
    summary: z.strictObject({ text: z.string(), from_seq: z.int(), to_seq: z.int() }).nullable(),
    tokens: z.int(),
    token_budget: z.int(),
  })
  .meta({ id: "Context" });

const seq = z.int().meta({ description: "A message's number." });

/** What of a context a turn keeps, as it is given out. */
export const turnContext: z.ZodType<{ context: WireContextRecord | null }> = z
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
