import type { ChatkeepError } from "@chatkeep/protocol";
import { z } from "zod";

import type { ErrorFormat } from "../../http/route.ts";

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

/**
 * Errors as OpenAI writes them. Its clients try a conflict again, which changes nothing here, so they are
 * told not to. The request's id is in `x-request-id`, as on every reply.
 */
export const openaiErrors: ErrorFormat = {
  json: body,
  response(error) {
    const headers: Record<string, string> = {
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store",
    };
    if (error.retryAfter !== undefined)
      headers["retry-after"] = String(Math.max(1, Math.ceil(error.retryAfter)));
    if (error.status === 401) headers["www-authenticate"] = "Bearer";
    if (error.status === 409) headers["x-should-retry"] = "false";
    const told = {
      message: error.message,
      type: typeOf(error),
      param: error.pointer ?? null,
      code: error.code,
    };
    return new Response(JSON.stringify({ error: told }), { status: error.status, headers });
  },
};

function typeOf({ status }: ChatkeepError): string {
  if (status === 401) return "authentication_error";
  if (status === 403) return "permission_error";
  if (status === 429) return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}
