import type { WireHealth } from "@chatkeep/protocol";
import { z } from "zod";

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

/** How the server stands, as it is given out. */
export const health: z.ZodType<WireHealth> = z
  .strictObject({
    status: z.enum(["ok", "degraded", "down"]),
    database: z.strictObject({ status: z.enum(["ok", "down"]), latency_ms: z.number().nullable() }),
  })
  .meta({ id: "Health" });

/** It in the words of the wire; the latency to a tenth of a millisecond. */
export function healthToWire({ status, database }: Health): WireHealth {
  const latency = database.latencyMs === null ? null : Math.round(database.latencyMs * 10) / 10;
  return { status, database: { status: database.status, latency_ms: latency } };
}
