import { z } from "zod";

import { integer } from "./fields.ts";
import { validate } from "./router.ts";

/** The number of an event of a turn. */
export const eventNumber: z.ZodType<number> = integer(0, Number.MAX_SAFE_INTEGER);
const header = z.object({ "last-event-id": eventNumber });

/** The number of the last event that a reader who comes back has seen. */
export function lastEventId(request: Request): number | undefined {
  const given = request.headers.get("last-event-id");
  if (given === null || given === "") return undefined;
  return validate(header, { "last-event-id": given }, "header")["last-event-id"];
}
