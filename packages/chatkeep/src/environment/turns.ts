import type { OutagePolicy } from "@chatkeep/core";

import type { Reader } from "./reader.ts";

/** How turns are kept; the times are milliseconds, in the variables seconds. */
export interface TurnSettings {
  /** CHATKEEP_LEASE: within how long a dead node's turns are settled. */
  readonly lease: number;
  /** CHATKEEP_EVENTS: how long a settled turn's events are kept at least. */
  readonly eventsGrace: number;
  /** CHATKEEP_ANSWER_TIMEOUT: how long the responder may say nothing. */
  readonly idleTimeout: number;
  /** CHATKEEP_OUTAGE_USERS and CHATKEEP_OUTAGE_SESSIONS: what is done while the database is down. */
  readonly outage: { readonly user: OutagePolicy; readonly session: OutagePolicy };
}

/** Reads how turns are kept. */
export function readTurns({ text, number, faults }: Reader): TurnSettings {
  const seconds = (name: string, otherwise: number, most: number): number =>
    number(name, otherwise, most, `a number of seconds from 0 to ${most}`) * 1000;
  const policy = (name: string, otherwise: OutagePolicy): OutagePolicy => {
    const value = text(name) ?? otherwise;
    if (value === "required" || value === "best-effort") return value;
    faults.push(`${name} must be required or best-effort, not "${value}".`);
    return otherwise;
  };
  const lease = seconds("CHATKEEP_LEASE", 10, 300);
  // Nodes look for each other's leases every second, and a living one must be able to renew its own.
  if (lease < 2000) faults.push("CHATKEEP_LEASE must be at least 2 seconds.");
  return {
    lease,
    eventsGrace: seconds("CHATKEEP_EVENTS", 600, 86_400),
    idleTimeout: seconds("CHATKEEP_ANSWER_TIMEOUT", 120, 3600),
    outage: {
      user: policy("CHATKEEP_OUTAGE_USERS", "required"),
      session: policy("CHATKEEP_OUTAGE_SESSIONS", "best-effort"),
    },
  };
}
