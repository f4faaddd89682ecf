import { ChatkeepError, isSessionId } from "@chatkeep/protocol";
import { SESSION_HEADER } from "@chatkeep/server/apis";

/**
 * Moves a session id from a body or query to the request's header. Errors: `invalid_request` when it is malformed or
 * differs from the header.
 */
export function carrySession(request: Request, id: string | null | undefined): Request {
  if (id === null || id === undefined) return request;
  const header = request.headers.get(SESSION_HEADER);
  if (!isSessionId(id)) {
    throw new ChatkeepError("invalid_request", "`session_id` must be a UUID v4.", { pointer: "session_id" });
  }
  if (header !== null && header.toLowerCase() !== id.toLowerCase()) {
    throw new ChatkeepError(
      "invalid_request",
      `\`session_id\` and the header ${SESSION_HEADER} name different sessions: send one.`,
      { pointer: "session_id" },
    );
  }
  const headers = new Headers(request.headers);
  headers.set(SESSION_HEADER, id);
  return new Request(request.url, { headers });
}

/** Whether a request carries a credential. */
export function hasCredential(request: Request): boolean {
  return [SESSION_HEADER, "authorization"].some((name) => request.headers.has(name));
}
