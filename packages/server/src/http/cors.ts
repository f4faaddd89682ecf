/** What other sites may do in the browsers of their visitors; see {@link createCors}. */
export interface Cors {
  /** Answers a preflight (Fetch, 4.9); `undefined` for any other request. */
  preflight(request: Request, methods: string): Response | undefined;
  /** Lets the site that sent the request read the reply, if it is one of the list. */
  allow(request: Request, response: Response): void;
}

/** What a page may send. `X-Chatkeep-User` is not among them: server keys do not belong into browsers. */
const REQUEST_HEADERS =
  "accept, authorization, content-type, idempotency-key, last-event-id, user-agent, x-request-id, x-session-id";
/** What a page may read besides what every page may. */
const EXPOSED =
  "content-disposition, retry-after, x-chatkeep-persisted, x-request-id, x-vercel-ai-ui-message-stream";
/** Seconds that a browser remembers a preflight; Chromium takes no more. */
const REMEMBERED = "7200";

/**
 * CORS by an allow list of origins (`https://example.org`), or `*` for every site. No cookies are read here,
 * so no credentials are allowed and no site can act in somebody's name. An empty list says nothing at all:
 * browsers then keep every other site out.
 */
export function createCors(origins: readonly string[]): Cors {
  const listed = new Set(origins);
  const allowed = (request: Request): string | undefined => {
    const origin = request.headers.get("origin");
    if (origin === null) return undefined;
    if (listed.has("*")) return "*";
    return listed.has(origin) ? origin : undefined;
  };
  const allow = (request: Request, response: Response): void => {
    if (listed.size === 0) return;
    // A cache must not give one site what was allowed to another.
    if (!listed.has("*")) response.headers.append("vary", "origin");
    const origin = allowed(request);
    if (origin === undefined) return;
    response.headers.set("access-control-allow-origin", origin);
    response.headers.set("access-control-expose-headers", EXPOSED);
  };
  return {
    allow,
    preflight(request, methods) {
      if (request.method !== "OPTIONS" || !request.headers.has("access-control-request-method"))
        return undefined;
      if (allowed(request) === undefined) return undefined;
      return new Response(null, {
        status: 204,
        headers: {
          "access-control-allow-methods": methods,
          "access-control-allow-headers": REQUEST_HEADERS,
          "access-control-max-age": REMEMBERED,
        },
      });
    },
  };
}
