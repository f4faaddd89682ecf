import type { Database } from "../database/database.ts";

/** Options of the janitor. Times are in milliseconds. */
export interface JanitorOptions {
  /** Time in which a deleted conversation can be restored. Default 30 days. */
  readonly undo?: number;
  /** Idle time after which a session is deleted with all its data. Default 180 days. */
  readonly sessionIdle?: number;
  /** Time in which a person can answer an approval, or a client's tool its call. Default 7 days. */
  readonly waiting?: number;
  /** Time after which the functions of an unused release are dropped. Default one day. */
  readonly releaseGrace?: number;
}

const DAY = 86_400_000;
/** The error code of an answer that nobody went on with in time. */
export const EXPIRED = "expired";
const NOBODY = "The answer waited for an approval or a result, and none came";

function daysOf(time: number): string {
  const days = Math.max(1, Math.round(time / DAY));
  return days === 1 ? "a day" : `${days} days`;
}

/** Messages deleted in one transaction: about 10 ms. */
const PAGE = 1000;

/**
 * Settles turns that waited too long for a person. Permanently deletes trashed conversations after the undo time, cleared messages, idle sessions, and functions of unused
 * releases, in small transactions. Any number of nodes may run it.
 *
 * Resolves with the number of steps when nothing is left, or when the signal is aborted.
 */
export async function purge(
  database: Database,
  options: JanitorOptions = {},
  signal?: AbortSignal,
): Promise<number> {
  let steps = 0;
  const isAborted = (): boolean => signal?.aborted === true;
  const waited = options.waiting ?? 7 * DAY;
  const reason = { code: EXPIRED, detail: `${NOBODY} within ${daysOf(waited)}. Ask again.` };
  while (!isAborted()) {
    const [row] = await database.call("expire_waiting", { waited, reason, page_limit: PAGE });
    if (row?.expire_waiting !== true) break;
    steps += 1;
  }
  while (!isAborted()) {
    const [row] = await database.call("purge_batch", {
      undo: options.undo ?? 30 * DAY,
      session_idle: options.sessionIdle ?? 180 * DAY,
      page_limit: PAGE,
    });
    if (row?.purge_batch !== true) break;
    steps += 1;
  }
  await database.call("expire_quotas", {});
  await database.call("drop_unused_releases", { grace: options.releaseGrace ?? DAY });
  return steps;
}
