import { type SeenEvent, seenEvent } from "@chatkeep/protocol";
import { z } from "zod";

import { integer } from "./fields.ts";
import { validate } from "./router.ts";

/** The number of an event of a turn. */
export const eventNumber: z.ZodType<number> = integer(0, Number.MAX_SAFE_INTEGER);
const eventId = z
  .string()
  .regex(/^\d{1,10}(\.\d{1,9})?$/, "must be the id of a frame of the stream, such as 12 or 12.2");
const header = z.object({ "last-event-id": eventId });

/** The last event that a resuming reader has seen. */
export function lastEventId(request: Request): SeenEvent | undefined {
  const given = request.headers.get("last-event-id");
  if (given === null || given === "") return undefined;
  return seenEvent(validate(header, { "last-event-id": given }, "header")["last-event-id"]);
}
