import type { DatabaseHealth } from "@chatkeep/core";
import type { WireHealth } from "@chatkeep/protocol";
import { z } from "zod";

import { type Route, openRoutes } from "../../http/route.ts";
import { privateJson } from "../../http/router.ts";

/** The state of a server, from a probe made now. */
export interface Health {
  /** `degraded`: the server answers, but nothing is saved. `down`: nobody gets an answer. */
  readonly status: "ok" | "degraded" | "down";
  readonly database: DatabaseHealth;
}

/** The state of a server. */
export const health: z.ZodType<WireHealth> = z
  .strictObject({
    status: z.enum(["ok", "degraded", "down"]),
    database: z.strictObject({
      status: z.enum(["ok", "unwritable", "down"]),
      latency_ms: z.number().nullable(),
      reason: z.string().nullable(),
    }),
  })
  .meta({ id: "Health" });

/** The latency is rounded to a tenth of a millisecond. */
export function healthToWire({ status, database }: Health): WireHealth {
  const latency = database.latencyMs === null ? null : Math.round(database.latencyMs * 10) / 10;
  return { status, database: { status: database.status, latency_ms: latency, reason: database.reason } };
}

/** Options of {@link healthRoutes}. */
export interface HealthRouteOptions {
  /** A live probe that ends in bounded time. */
  readonly health: () => Promise<Health>;
  /** Whether this node takes requests: `false` before its tables exist and while it shuts down. */
  readonly ready: () => boolean;
}

const readiness = z.strictObject({ ready: z.boolean(), reason: z.string().optional() });

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
        503: {
          description: "It is starting or stopping, or its database is down or takes no writes.",
          json: readiness,
        },
      },
      handle: async () => {
        const reason = await whyNotReady(options);
        return reason === null ? privateJson({ ready: true }) : privateJson({ ready: false, reason }, 503);
      },
    }),
  ]);
}

/**
 * A database that cannot be reached may be back in a moment, and sessions are answered meanwhile; one that takes no writes
 * may be the old primary, while another node has the new one.
 */
async function whyNotReady({ ready, health: probe }: HealthRouteOptions): Promise<string | null> {
  if (!ready()) return "The server is starting or stopping.";
  const { status, database } = await probe();
  return status === "down" || database.status === "unwritable" ? database.reason : null;
}
