import {
  type ChatkeepError,
  ERRORS,
  type ErrorCode,
  type WireBudget,
  type WireProblem,
  problemToWire,
} from "@chatkeep/protocol";
import { z } from "zod";

import { time } from "./fields.ts";

/** The format of an API's errors. */
export interface ErrorFormat {
  readonly mediaType: string;
  /** The schema of the body. */
  readonly json: z.ZodType;
  readonly body: (error: ChatkeepError, requestId: string) => object;
  /** Headers besides those of every error. Default: none. */
  readonly headers?: (error: ChatkeepError) => Record<string, string>;
}

/** A budget of an owner, with its used amount. */
export const budget: z.ZodType<WireBudget> = z
  .strictObject({
    unit: z.enum(["tokens", "cost"]).meta({ description: "Tokens in all, or US dollars." }),
    period: z.enum(["day", "month"]).meta({ description: "In UTC." }),
    limit: z.number(),
    used: z.number(),
    left: z.number(),
    renews_at: time,
  })
  .meta({ id: "Budget" });

const problem: z.ZodType<WireProblem> = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    error: z.string(),
    code: z.enum(Object.keys(ERRORS) as ErrorCode[]),
    detail: z.string().meta({ description: "The error and its remedy." }),
    instance: z.string().meta({ description: "The request's id." }),
    pointer: z.string().exactOptional().meta({
      description:
        "The invalid part of the request: a JSON Pointer into the body, or the name of a parameter or header.",
    }),
    turn_id: z
      .string()
      .exactOptional()
      .meta({ description: "With `turn_in_progress`: the id of the running turn." }),
    retry_after: z.number().exactOptional().meta({ description: "Seconds to wait before a retry." }),
    budget: budget.exactOptional(),
  })
  .meta({ id: "Problem" });

/** Errors as problem+json (RFC 9457). */
export const PROBLEM: ErrorFormat = {
  mediaType: "application/problem+json",
  json: problem,
  body: problemToWire,
};
