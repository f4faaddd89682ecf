import { z } from "zod";

import { type Route, openRoute } from "../../http/route.ts";
import { privateJson } from "../../http/router.ts";
import { type Health, health, healthToWire } from "../schema/health.ts";

/** Options of {@link healthRoutes}. */
export interface HealthRouteOptions {
  /** A live probe, bounded in time by whoever gives it. */
  readonly health: () => Promise<Health>;
  /** Whether requests should come to this node: `false` before its tables are there and while it shuts down. */
  readonly ready: () => boolean;
}

const readiness = z.strictObject({ ready: z.boolean() });

/** The probes of operators and load balancers. */
export function healthRoutes(options: HealthRouteOptions): Route[] {
  return [
    openRoute({
      id: "health",
      method: "GET",
      path: "/health",
      tag: "Operating",
      summary: "Check the database",
      replies: {
        200: { description: "`ok`, or `degraded`.", json: health },
        503: { description: "`down`.", json: health },
      },
      handle: async () => {
        const probed = await options.health();
        return privateJson(healthToWire(probed), probed.status === "down" ? 503 : 200);
      },
    }),
    openRoute({
      id: "ready",
      method: "GET",
      path: "/ready",
      tag: "Operating",
      summary: "Check whether this node accepts requests",
      replies: {
        200: { description: "The node accepts requests.", json: readiness },
        503: {
          description: "It is starting or stopping, or its database is down.",
          json: readiness,
        },
      },
      handle: async () => {
        const ready = options.ready() && (await options.health()).status !== "down";
        return privateJson({ ready }, ready ? 200 : 503);
      },
    }),
  ];
}
