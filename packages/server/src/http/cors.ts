import type { MiddlewareHandler } from "hono";

/** Request headers of pages. `X-Chatkeep-User` is not among them: server keys do not belong in browsers. */
const REQUEST_HEADERS =
  "accept, authorization, content-type, idempotency-key, last-event-id, user-agent, x-request-id, x-session-id";
const METHODS = "GET, HEAD, POST, PATCH, DELETE, OPTIONS";
/** Response headers that pages may read besides the simple ones. */
const EXPOSED =
  "content-disposition, retry-after, x-chatkeep-persisted, x-chatkeep-turn-status, x-request-id, x-should-retry, x-vercel-ai-ui-message-stream";
/** Seconds that a browser caches a preflight, Chromium's maximum. */
const REMEMBERED = "7200";

/**
 * CORS for a list of origins (`https://example.org`), or `*` for every site. No cookie is read, so no credentials are
 * allowed. Unlike hono's middleware it sends an unlisted site no header at all.
 */
export function createCors(origins: readonly string[]): MiddlewareHandler {
  const isOpen = origins.includes("*");
  return async (c, next) => {
    const { raw } = c.req;
    const origin = raw.headers.get("origin");
    const allowed = origin === null ? undefined : isOpen ? "*" : origins.find((listed) => listed === origin);
    if (
      allowed !== undefined &&
      raw.method === "OPTIONS" &&
      raw.headers.has("access-control-request-method")
    ) {
      const headers = {
        "access-control-allow-methods": METHODS,
        "access-control-allow-headers": REQUEST_HEADERS,
        "access-control-max-age": REMEMBERED,
      };
      c.res = new Response(null, { status: 204, headers });
    } else await next();
    const { headers } = c.res;
    // A cache must not give one site the reply that allows another.
    if (!isOpen) headers.append("vary", "origin");
    if (allowed === undefined) return;
    headers.set("access-control-allow-origin", allowed);
    headers.set("access-control-expose-headers", EXPOSED);
  };
}
