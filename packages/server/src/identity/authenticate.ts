import { ChatkeepError, type Owner, isSessionId } from "@chatkeep/protocol";

import type { VerifyToken } from "./tokens.ts";

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

/**
 * Signed-in users by their token, anonymous sessions by {@link SESSION_HEADER}. A request with both is the
 * user's; one whose token is not valid is refused, whatever else it carries. Without `verify` no token is.
 */
export function authenticatePeople(verify?: VerifyToken): Authenticate {
  return async (request) => {
    const token = bearerOf(request);
    if (token === undefined) {
      if (verify === undefined || request.headers.has(SESSION_HEADER)) return authenticateSession(request);
      throw new ChatkeepError(
        "unauthenticated",
        `Sign in and send the token as \`Authorization: Bearer …\`, or send a session's id, a UUID v4, as the header ${SESSION_HEADER}.`,
      );
    }
    if (verify === undefined) {
      throw new ChatkeepError("unauthenticated", "This server takes no tokens: leave `Authorization` out.");
    }
    return verify(token);
  };
}

/**
 * The token of the `Authorization: Bearer` header (RFC 6750); `undefined` without the header and for other
 * schemes, such as a proxy's own `Basic`.
 */
export function bearerOf(request: Request): string | undefined {
  const header = request.headers.get("authorization");
  return header === null ? undefined : /^bearer +(.*)$/i.exec(header)?.[1]?.trim();
}
