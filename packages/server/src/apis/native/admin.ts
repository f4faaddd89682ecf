import type { CoreHistory } from "@chatkeep/core";
import { isChatkeepError } from "@chatkeep/protocol";

import type { RecentErrors } from "../../errors.ts";
import { type Route, operatorRoute } from "../../http/route.ts";
import { VERSION } from "../../pages/version.ts";
import { type Connections, overview, recentErrorToWire, recentErrors, storeToWire } from "../schema/admin.ts";
import { type Health, healthToWire } from "../schema/health.ts";

/** Options of {@link adminRoutes}. */
export interface AdminRouteOptions {
  readonly history: Pick<CoreHistory, "overview" | "runningTurns" | "unsavedAnswers">;
  readonly health: () => Promise<Health>;
  readonly connections: (() => Connections) | undefined;
  readonly errors: RecentErrors;
}

/** What an operator is told: numbers and codes, never whose data it is and no word of it. */
export function adminRoutes({ history, health, connections, errors }: AdminRouteOptions): Route[] {
  const startedAt = new Date().toISOString();

  /** While the database is down the rest is told all the same: that is when it is asked for. */
  const store = (): Promise<ReturnType<typeof storeToWire> | null> =>
    history.overview().then(storeToWire, (error: unknown) => {
      if (isChatkeepError(error, "unavailable")) return null;
      throw error;
    });

  return [
    operatorRoute({
      id: "getOverview",
      method: "GET",
      path: "/api/admin/overview",
      tag: "Operator",
      summary: "Read the state of this node and the database",
      description: "The cost does not grow with the data: row counts are PostgreSQL's estimates.",
      replies: { 200: { description: "The state.", json: overview } },
      handle: async () => {
        const [probed, stored] = await Promise.all([health(), store()]);
        return {
          version: VERSION,
          health: healthToWire(probed),
          connections: connections?.() ?? null,
          node: {
            started_at: startedAt,
            running_turns: history.runningTurns(),
            unsaved_answers: history.unsavedAnswers(),
          },
          store: stored,
        };
      },
    }),
    operatorRoute({
      id: "listErrors",
      method: "GET",
      path: "/api/admin/errors",
      tag: "Operator",
      summary: "List the last errors of this node",
      description:
        "The latest first, at most 100 since the node started. The log has all of them, under the same ids.",
      replies: { 200: { description: "The errors.", json: recentErrors } },
      handle: async () => ({ errors: errors.list().map(recentErrorToWire) }),
    }),
  ];
}
