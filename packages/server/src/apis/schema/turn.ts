import {
  TURN_STATUSES,
  type WireQuestion,
  type WireShownAnswer,
  type WireTurn,
  type WireTurnState,
} from "@chatkeep/protocol";
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
export const turnState: z.ZodType<WireTurnState & { receipt?: string }> = z
  .strictObject({
    turn,
    message,
    reply: message.nullable(),
    persisted: z.boolean(),
    receipt: z.string().exactOptional().meta({
      description:
        "With `persisted: false`: what proves, when the answer is sent again to be stored, that it was given.",
    }),
  })
  .meta({ id: "TurnState" });

/** An answer that was shown and could not be saved, as the client sends it again. */
const shown: z.ZodType<WireShownAnswer> = z
  .strictObject({
    turn_id: id,
    reply_id: id,
    status: z.enum(["complete", "stopped", "interrupted", "failed"]),
    parts: z.array(part),
    receipt: z.string().meta({ description: "From the stream's last metadata." }),
  })
  .meta({ id: "ShownAnswer" });

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
    shown: absent(shown),
  })
  .meta({ id: "Question" });

/** What a question is answered once more with. */
export const regeneration: z.ZodType<{ id?: string | undefined }> = z
  .strictObject({
    id: absent(id).meta({ description: "The client's id for the new answer: a retry never asks twice." }),
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
