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
    detail: z.string().meta({ description: "What is wrong, and what to do about it." }),
    instance: z.string().meta({ description: "The request's id." }),
    pointer: z.string().exactOptional().meta({
      description:
        "Where in the request the error is: a JSON Pointer into the body, or the name of a parameter or header.",
    }),
    turn_id: z
      .string()
      .exactOptional()
      .meta({ description: "With `turn_in_progress`: the id of the running turn." }),
    retry_after: z.number().exactOptional().meta({ description: "Seconds to wait before a retry." }),
  })
  .meta({ id: "Problem" });
