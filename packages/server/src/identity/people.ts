import { ChatkeepError } from "@chatkeep/protocol";

import { type Authenticate, SESSION_HEADER, authenticateSession } from "./authenticate.ts";
import { bearerOf } from "./bearer.ts";
import type { VerifyToken } from "./tokens.ts";

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
