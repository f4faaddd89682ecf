import { ChatkeepError } from "@chatkeep/protocol";

import { type Route, ownerRoute } from "../../http/route.ts";
import { authenticateSession, actorOf } from "../../identity/caller.ts";
import type { ApiServices } from "../api.ts";
import { claimed } from "../schema/personal-data.ts";

/** The route of a session that signs in. */
export function claimRoutes({ history }: ApiServices): Route[] {
  return [
    ownerRoute({
      id: "claimSession",
      method: "POST",
      path: "/api/sessions/claim",
      tag: "Personal data",
      summary: "Claim the conversations of an anonymous session after signing in",
      description:
        "Requires the user's credential and the session's id in `X-Session-ID`. All conversations move, or none, with " +
        "their running turns. Afterwards the session owns none of them.",
      replies: { 200: { description: "How many were claimed.", json: claimed } },
      errors: ["conflict"],
      handle: async ({ owner, key, request }) => {
        if (owner.kind !== "user") {
          throw new ChatkeepError(
            "unauthenticated",
            "Only a signed-in user can claim a session. Send the token as `Authorization: Bearer …` with the session's id.",
          );
        }
        const session = authenticateSession(request);
        return history.claimSession(owner, session, { actor: actorOf(key) });
      },
    }),
  ];
}
