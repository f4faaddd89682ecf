import { z } from "zod";

import { type Route, openRoute } from "../route.ts";

/** How the server stands, as its probe finds it at this moment. */
export interface Health {
  /** `degraded`: answers are given, not everything is saved. `down`: nothing can be read or saved. */
  readonly status: "ok" | "degraded" | "down";
  readonly database: {
    readonly status: "ok" | "down";
    /** How long the probe took, in milliseconds; `null` when it failed. */
    readonly latencyMs: number | null;
  };
}

/** What {@link healthRoutes} takes. */
export interface HealthRouteOptions {
  /** A live probe, bounded in time by whoever gives it. */
  readonly health: () => Promise<Health>;
  /** Whether requests should come to this node: `false` before its tables are there and while it shuts down. */
  readonly ready: () => boolean;
}

const health = z
  .strictObject({
    status: z.enum(["ok", "degraded", "down"]),
    database: z.strictObject({ status: z.enum(["ok", "down"]), latency_ms: z.number().nullable() }),
  })
  .meta({ id: "Health" });

const readiness = z.strictObject({ ready: z.boolean() });

/** The probes of operators and load balancers. */
export function healthRoutes(options: HealthRouteOptions): Route[] {
  return [
    openRoute({
      id: "health",
      method: "GET",
      path: "/health",
      tag: "Operating",
      summary: "Probe the database now",
      replies: {
        200: { description: "`ok`, or `degraded`.", json: health },
        503: { description: "`down`.", json: health },
      },
      handle: async () => {
        const { status, database } = await options.health();
        const latency = database.latencyMs === null ? null : Math.round(database.latencyMs * 10) / 10;
        const body = { status, database: { status: database.status, latency_ms: latency } };
        return probe(body, status === "down" ? 503 : 200);
      },
    }),
    openRoute({
      id: "ready",
      method: "GET",
      path: "/ready",
      tag: "Operating",
      summary: "Whether requests should come to this node",
      replies: {
        200: { description: "They should.", json: readiness },
        503: {
          description: "They should not: it is starting or going, or its database is down.",
          json: readiness,
        },
      },
      handle: async () => {
        const ready = options.ready() && (await options.health()).status !== "down";
        return probe({ ready }, ready ? 200 : 503);
      },
    }),
  ];
}

function probe(body: object, status: 200 | 503): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" },
  });
}
