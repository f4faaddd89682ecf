import type { ChatkeepError } from "@chatkeep/protocol";
import { z } from "zod";

import type { ErrorFormat } from "../../http/problem.ts";

const body = z
  .strictObject({
    error: z.strictObject({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string(),
    }),
  })
  .meta({ id: "OpenaiError" });

/** Errors as OpenAI writes them. The request's id is in `x-request-id`, as on every reply. */
export const openaiErrors: ErrorFormat = {
  mediaType: "application/json",
  json: body,
  body: (error) => ({
    error: {
      message: error.message,
      type: typeOf(error),
      param: error.pointer ?? null,
      code: error.code,
    },
  }),
  // OpenAI's clients retry a conflict unless told not to.
  headers: (error): Record<string, string> => (error.status === 409 ? { "x-should-retry": "false" } : {}),
};

function typeOf({ status }: ChatkeepError): string {
  if (status === 401) return "authentication_error";
  if (status === 403) return "permission_error";
  if (status === 429) return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}
