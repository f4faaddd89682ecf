import type { CoreHistory, Overview } from "@chatkeep/core";
import {
  ERRORS,
  type ErrorCode,
  type WireOverview,
  type WireRecentErrors,
  type WireUsageTotals,
  isChatkeepError,
  usageDayToWire,
} from "@chatkeep/protocol";
import { z } from "zod";

import type { RecentErrors } from "../../errors.ts";
import { time } from "../../http/fields.ts";
import { type Route, operatorRoutes } from "../../http/route.ts";
import { VERSION } from "../../pages/version.ts";
import { type Health, health, healthToWire } from "./health.ts";
import { usageDay, usageQuery } from "./usage.ts";

/** The connections from this node to its database. */
export interface Connections {
  /** Open connections, busy or idle. */
  readonly open: number;
  readonly idle: number;
  /** Requests that wait for a connection. */
  readonly waiting: number;
  /** The most connections that may be open. */
  readonly most: number;
}

/** Options of {@link adminRoutes}. */
export interface AdminRouteOptions {
  readonly history: Pick<
    CoreHistory,
    "continueTurns" | "overview" | "runningTurns" | "sumUsage" | "unsavedAnswers"
  >;
  readonly health: () => Promise<Health>;
  readonly connections: (() => Connections) | undefined;
  readonly errors: RecentErrors;
}

const count = z.int().min(0);

const overview: z.ZodType<WireOverview> = z
  .strictObject({
    version: z.string(),
    health,
    connections: z
      .strictObject({ open: count, idle: count, waiting: count, most: count })
      .nullable()
      .meta({ description: "Connections to the database; `null` where the host does not count them." }),
    node: z
      .strictObject({
        started_at: time,
        running_turns: count,
        unsaved_answers: z.strictObject({ shown: count, saved: count }).meta({
          description: "Answers of outages since the start: shown with a token, and saved later.",
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
            .strictObject({
              waiting: count,
              complete: count,
              stopped: count,
              interrupted: count,
              failed: count,
            })
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
      .meta({ description: "All nodes together; `null` while the database is down." }),
  })
  .meta({ id: "Overview" });

const recentErrors: z.ZodType<WireRecentErrors> = z
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

const usageTotals: z.ZodType<WireUsageTotals> = z
  .strictObject({
    days: z
      .array(z.strictObject({ ...usageDay, owners: count.meta({ description: "How many owners used it." }) }))
      .meta({ description: "The latest day first." }),
  })
  .meta({ id: "UsageTotals" });

/** The routes of operators. They tell numbers and codes, and never an owner or a word of a message. */
export function adminRoutes({ history, health, connections, errors }: AdminRouteOptions): Route[] {
  const route = operatorRoutes("Operator");
  const startedAt = new Date().toISOString();
  return [
    route("GET /api/admin/overview", {
      id: "getOverview",
      summary: "Read the state of this node and the database",
      description: "The cost does not grow with the data: row counts are PostgreSQL's estimates.",
      replies: { 200: { description: "The state.", json: overview } },
      handle: async () => {
        const [probed, store] = await Promise.all([health(), readStore(history)]);
        return {
          version: VERSION,
          health: healthToWire(probed),
          connections: connections?.() ?? null,
          node: {
            started_at: startedAt,
            running_turns: history.runningTurns(),
            unsaved_answers: history.unsavedAnswers(),
          },
          store,
        };
      },
    }),
    route("GET /api/admin/usage", {
      id: "getUsageTotals",
      summary: "Read what the answers of all owners use",
      description:
        "Tokens and cost by day and model. Reads a counter for each owner, day and model. `GET /api/me/usage` with " +
        "`X-Chatkeep-User` tells one user's.",
      search: usageQuery,
      replies: { 200: { description: "The sums.", json: usageTotals } },
      handle: async ({ query }) => ({
        days: (await history.sumUsage(query)).map((day) => ({ ...usageDayToWire(day), owners: day.owners })),
      }),
    }),
    route("GET /api/turns/continue", {
      id: "continueTurns",
      summary: "Continue the turns of servers that ended",
      description:
        "For a platform's cron: this process takes over turns whose server or function died or ran out of time, and that no reader came back for.",
      replies: {
        200: {
          description: "The turns that run in this process now.",
          json: z.strictObject({ running_turns: count }),
        },
      },
      handle: async () => {
        await history.continueTurns();
        return { running_turns: history.runningTurns() };
      },
    }),
    route("GET /api/admin/errors", {
      id: "listErrors",
      summary: "List the last errors of this node",
      description:
        "The latest first, at most 100 since the node started. The log has all of them, under the same ids.",
      replies: { 200: { description: "The errors.", json: recentErrors } },
      handle: async () => ({
        errors: errors.list().map(({ at, requestId, turnId, route, code, detail, cause }) => {
          return { at, request_id: requestId, turn_id: turnId, route, code, detail, cause };
        }),
      }),
    }),
  ];
}

/** `null` while the database is down: operators need the rest most then. */
async function readStore(history: AdminRouteOptions["history"]): Promise<WireOverview["store"]> {
  try {
    return storeToWire(await history.overview());
  } catch (error) {
    if (isChatkeepError(error, "unavailable")) return null;
    throw error;
  }
}

function storeToWire({ nodes, turns, tables }: Overview): WireOverview["store"] {
  return {
    nodes: nodes.map(({ id, startedAt, leaseUntil, alive, running }) => {
      return { id, started_at: startedAt, lease_until: leaseUntil, alive, running_turns: running };
    }),
    turns,
    tables: [...tables],
  };
}
