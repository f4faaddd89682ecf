import { randomUUID } from "node:crypto";

/** The header that carries a request's id, in both directions. */
export const REQUEST_ID_HEADER = "x-request-id";

/** What is taken over from a caller: it goes into logs and replies, so it is short and plain. */
const SANE = /^[\w.:/+=@-]{1,128}$/;

/** The request's id: the caller's (a proxy's) if it is sane, else a new UUID. */
export function requestIdOf(request: Request): string {
  const given = request.headers.get(REQUEST_ID_HEADER);
  return given !== null && SANE.test(given) ? given : randomUUID();
}
