import type { Database } from "../database/database.ts";

/** What the janitor goes by; the times are milliseconds. */
export interface JanitorOptions {
  /** How long a deleted conversation can be restored (default 30 days). */
  readonly undo?: number;
  /** How long a session may be idle before all of it is deleted (default 180 days). */
  readonly sessionIdle?: number;
  /** How long the functions of a release are kept that no node uses any more (default a day). */
  readonly releaseGrace?: number;
}

const DAY = 86_400_000;
/** Messages deleted in one transaction: about 10 ms. */
const PAGE = 1000;

/**
 * Deletes for good what its time is over for: conversations in the trash, cleared messages, idle
 * sessions, and the functions of releases that are gone. Small transactions, one after another; any number of nodes may run it at once.
 *
 * Resolves with the number of steps when nothing is left to do, or when the signal is aborted.
 */
export async function purge(
  database: Database,
  options: JanitorOptions = {},
  signal?: AbortSignal,
): Promise<number> {
  let steps = 0;
  const isAborted = (): boolean => signal?.aborted === true;
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
