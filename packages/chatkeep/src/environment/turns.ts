import type { OutagePolicy } from "@chatkeep/core";

import type { Reader } from "./reader.ts";

/** How turns are kept; times are milliseconds. */
export interface TurnSettings {
  /** Time until a dead node's turns are taken over. */
  readonly lease: number;
  /** Time for which a turn waits for a node that continues it. */
  readonly handover: number;
  /** Minimum time that a settled turn's events are kept. */
  readonly eventsGrace: number;
  /** Time without output after which a responder fails. */
  readonly idleTimeout: number;
  /** Whether questions are refused or answered without saving while the database is down. */
  readonly outage: { readonly user: OutagePolicy; readonly session: OutagePolicy };
}

/** Reads how turns are kept. */
export function readTurns({ number, choice, faults }: Reader): TurnSettings {
  const lease = number("CHATKEEP_LEASE") * 1000;
  // Nodes look for each other's leases every second, and a living one must be able to renew its own.
  if (lease < 2000) faults.push("CHATKEEP_LEASE must be at least 2 seconds.");
  return {
    lease,
    handover: number("CHATKEEP_HANDOVER") * 1000,
    eventsGrace: number("CHATKEEP_EVENTS") * 1000,
    idleTimeout: number("CHATKEEP_ANSWER_TIMEOUT") * 1000,
    outage: { user: choice("CHATKEEP_OUTAGE_USERS"), session: choice("CHATKEEP_OUTAGE_SESSIONS") },
  };
}
