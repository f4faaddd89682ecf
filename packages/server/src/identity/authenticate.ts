import { ChatkeepError, type Owner, isSessionId } from "@chatkeep/protocol";

/**
 * Says whose request it is. Throws `unauthenticated` when it carries no credential, `invalid_request`
 * when that is malformed. A host passes its own to tell its users from its own login.
 */
export type Authenticate = (request: Request) => Owner | Promise<Owner>;

/** The header that carries a session's secret id. */
export const SESSION_HEADER = "X-Session-ID";

/** Anonymous sessions by {@link SESSION_HEADER}: a UUID v4, in any case of its letters. */
export function authenticateSession(request: Request): Owner {
  const id = request.headers.get(SESSION_HEADER);
  if (id === null || id === "") {
    throw new ChatkeepError(
      "unauthenticated",
      `Send the session's id, a UUID v4, as the header ${SESSION_HEADER}.`,
    );
  }
  if (!isSessionId(id)) {
    throw new ChatkeepError("invalid_request", `The header ${SESSION_HEADER} must be one UUID v4.`, {
      pointer: SESSION_HEADER,
    });
  }
  return { kind: "session", id: id.toLowerCase() };
}
