import { type ChatkeepError, problemToWire } from "@chatkeep/protocol";

/** An error as a response: `application/problem+json` (RFC 9457), with `Retry-After` where waiting helps and what RFC 9110 asks of a 401. */
export function problemResponse(error: ChatkeepError, requestId: string): Response {
  const headers: Record<string, string> = {
    "content-type": "application/problem+json; charset=utf-8",
    "cache-control": "no-store",
  };
  if (error.retryAfter !== undefined)
    headers["retry-after"] = String(Math.max(1, Math.ceil(error.retryAfter)));
  if (error.code === "unauthenticated") headers["www-authenticate"] = "Bearer";
  return new Response(JSON.stringify(problemToWire(error, requestId)), { status: error.status, headers });
}
