import type { WireHealth } from "@chatkeep/protocol";
import { z } from "zod";

import { type Route, openRoutes } from "../../http/route.ts";
import { privateJson } from "../../http/router.ts";

/** The state of a server, from a probe made now. */
export interface Health {
  /** `degraded`: the server answers, but not every answer is saved. `down`: nothing can be read or saved. */
  readonly status: "ok" | "degraded" | "down";
  readonly database: {
    readonly status: "ok" | "down";
    /** The probe's duration in milliseconds; `null` when it failed. */
    readonly latencyMs: number | null;
  };
}

/** The state of a server. */
export const health: z.ZodType<WireHealth> = z
  .strictObject({
    status: z.enum(["ok", "degraded", "down"]),
    database: z.strictObject({ status: z.enum(["ok", "down"]), latency_ms: z.number().nullable() }),
  })
  .meta({ id: "Health" });

/** The latency is rounded to a tenth of a millisecond. */
export function healthToWire({ status, database }: Health): WireHealth {
  const latency = database.latencyMs === null ? null : Math.round(database.latencyMs * 10) / 10;
  return { status, database: { status: database.status, latency_ms: latency } };
}

/** Options of {@link healthRoutes}. */
export interface HealthRouteOptions {
  /** A live probe that ends in bounded time. */
  readonly health: () => Promise<Health>;
  /** Whether this node takes requests: `false` before its tables exist and while it shuts down. */
  readonly ready: () => boolean;
}

const readiness = z.strictObject({ ready: z.boolean() });

/** The places and ids of the probes. Many hosts pass on no other path than `/api`. */
const PLACES = [
  ["", "health", "ready"],
  ["/api", "apiHealth", "apiReady"],
] as const;

/** The probes of operators and load balancers. */
export function healthRoutes(options: HealthRouteOptions): Route[] {
  const route = openRoutes("Operating");
  return PLACES.flatMap(([prefix, healthId, readyId]) => [
    route(`GET ${prefix}/health`, {
      id: healthId,
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
    route(`GET ${prefix}/ready`, {
      id: readyId,
      summary: "Check whether this node accepts requests",
      replies: {
        200: { description: "The node accepts requests.", json: readiness },
        503: { description: "It is starting or stopping, or its database is down.", json: readiness },
      },
      handle: async () => {
        const ready = options.ready() && (await options.health()).status !== "down";
        return privateJson({ ready }, ready ? 200 : 503);
      },
    }),
  ]);
}
