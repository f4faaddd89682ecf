import type { Overview } from "@chatkeep/core";
import { ERRORS, type ErrorCode, type WireOverview, type WireRecentErrors } from "@chatkeep/protocol";
import { z } from "zod";

import type { RecentError } from "../../errors.ts";
import { time } from "./field.ts";
import { health } from "./health.ts";

/** The connections of this node to its database. */
export interface Connections {
  /** Those that are open, busy or idle. */
  readonly open: number;
  readonly idle: number;
  /** Requests that wait for one. */
  readonly waiting: number;
  /** How many may be open. */
  readonly most: number;
}

const count = z.int().min(0);

/** How it all stands, as it is given out. */
export const overview: z.ZodType<WireOverview> = z
  .strictObject({
    version: z.string(),
    health,
    connections: z
      .strictObject({ open: count, idle: count, waiting: count, most: count })
      .nullable()
      .meta({ description: "Connections to the database; `null` where the host does not tell." }),
    node: z
      .strictObject({
        started_at: time,
        running_turns: count,
        unsaved_answers: z.strictObject({ shown: count, saved: count }).meta({
          description:
            "Answers given unsaved during outages since the start: shown with a token, and later saved.",
        }),
      })
      .meta({ description: "The process that answers." }),
    store: z
      .strictObject({
        nodes: z.array(
          z.strictObject({
            id: z.int(),
            started_at: time,
            lease_until: time,
            alive: z.boolean(),
            running_turns: count,
          }),
        ),
        turns: z.strictObject({
          running: count,
          settled: z
            .strictObject({ complete: count, stopped: count, interrupted: count, failed: count })
            .meta({ description: "Within the last hour." }),
        }),
        tables: z.array(
          z.strictObject({
            name: z.string(),
            rows: count.meta({ description: "PostgreSQL's estimate." }),
            bytes: count.meta({ description: "With the indexes." }),
          }),
        ),
      })
      .nullable()
      .meta({ description: "Of all nodes together; `null` while the database is down." }),
  })
  .meta({ id: "Overview" });

/** The last errors, as they are given out. */
export const recentErrors: z.ZodType<WireRecentErrors> = z
  .strictObject({
    errors: z.array(
      z.strictObject({
        at: time,
        request_id: z.string().nullable(),
        turn_id: z.string().nullable(),
        route: z.string().nullable(),
        code: z.enum(Object.keys(ERRORS) as ErrorCode[]),
        detail: z.string(),
        cause: z.string().nullable().meta({ description: "The name and code of the underlying error." }),
      }),
    ),
  })
  .meta({ id: "RecentErrors" });

/** The store's part of an overview in the words of the wire. */
export function storeToWire({ nodes, turns, tables }: Overview): NonNullable<WireOverview["store"]> {
  return {
    nodes: nodes.map(({ id, startedAt, leaseUntil, alive, running }) => ({
      id,
      started_at: startedAt,
      lease_until: leaseUntil,
      alive,
      running_turns: running,
    })),
    turns,
    tables: [...tables],
  };
}

/** An error in the words of the wire. */
export function recentErrorToWire(error: RecentError): WireRecentErrors["errors"][number] {
  const { at, requestId, turnId, route, code, detail, cause } = error;
  return { at, request_id: requestId, turn_id: turnId, route, code, detail, cause };
}
