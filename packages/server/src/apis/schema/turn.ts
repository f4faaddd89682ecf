import { TURN_STATUSES, type WireQuestion, type WireTurn, type WireTurnState } from "@chatkeep/protocol";
import { z } from "zod";

import { absent, id, integer, parentId, time } from "./field.ts";
import { jsonObject } from "./json.ts";
import { failure, message } from "./message.ts";
import { part } from "./part.ts";

/** A turn, as it is given out. */
export const turn: z.ZodType<WireTurn> = z
  .strictObject({
    id,
    conversation_id: id,
    status: z.enum(TURN_STATUSES),
    message_id: id,
    reply_id: z.string().nullable(),
    persisted: z.boolean(),
    error: failure.nullable(),
    created_at: time,
    settled_at: time.nullable(),
  })
  .meta({ id: "Turn" });

/** A turn with its question and its answer so far, as it is given out. */
export const turnState: z.ZodType<WireTurnState & { token?: string }> = z
  .strictObject({
    turn,
    message,
    reply: message.nullable(),
    persisted: z.boolean(),
    token: z.string().exactOptional().meta({
      description: "With `persisted: false`: the token that stores the answer once the database is back.",
    }),
  })
  .meta({ id: "TurnState" });

/** What stores an answer that could not be saved. */
export const importedTurn: z.ZodType<{ token: string }> = z
  .strictObject({ token: z.string().meta({ description: "From the last metadata of the answer's stream." }) })
  .meta({ id: "ImportedTurn" });

/** What a caller asks: `content` or `parts`, 1 to 10,000 code points of text, not blank. */
export const question: z.ZodType<WireQuestion> = z
  .strictObject({
    id: absent(id).meta({
      description: "The client's id for the message. A retry with the same id does not ask twice.",
    }),
    parent_id: parentId,
    role: absent(z.enum(["user", "tool"])).meta({
      description: "`tool`: `parts` are the results of calls that the last answer left to the client.",
    }),
    content: absent(z.string()),
    parts: absent(z.array(part)),
    context_text: z.string().nullish().meta({ description: "The text that was selected on the page." }),
    metadata: jsonObject.nullish(),
  })
  .meta({ id: "Question" });

/** What a question is answered once more with. */
export const regeneration: z.ZodType<{ id?: string | undefined }> = z
  .strictObject({
    id: absent(id).meta({
      description: "The client's id for the new answer. A retry with it does not ask twice.",
    }),
  })
  .meta({ id: "Regeneration" });

/** From which event on to follow a turn. */
export const eventSearch: z.ZodType<{ after?: number | undefined }> = z.strictObject({
  after: integer(0, Number.MAX_SAFE_INTEGER)
    .optional()
    .meta({ description: "The last event already seen. The header `Last-Event-ID` takes precedence." }),
});

/** The header with which a reader resumes. */
export const eventHeader: z.ZodType<{ "last-event-id": number }> = z.strictObject({
  "last-event-id": integer(0, Number.MAX_SAFE_INTEGER),
});
