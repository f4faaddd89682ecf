import { ERRORS, type ErrorCode, type WireProblem } from "@chatkeep/protocol";
import { z } from "zod";

/** An error, as it is given out. */
export const problem: z.ZodType<WireProblem> = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    error: z.string(),
    code: z.enum(Object.keys(ERRORS) as ErrorCode[]),
    detail: z.string().meta({ description: "The sentence that a person can act on." }),
    instance: z.string().meta({ description: "The request's id." }),
    pointer: z.string().exactOptional().meta({ description: "Where in the request the fault is." }),
    turn_id: z.string().exactOptional().meta({ description: "With `turn_in_progress`: the turn to follow." }),
    retry_after: z.number().exactOptional().meta({ description: "Seconds after which to try again." }),
  })
  .meta({ id: "Problem" });
