import type { Log } from "@chatkeep/server";

import type { DatabaseFault } from "./database-fault.ts";
import { StartError } from "./start-error.ts";

/** Milliseconds after a failed attempt in which requests do not start another: each may wait 1.5 s to connect. */
const ENSURE_PAUSE = 250;

export interface TablesOptions {
  /** Brings the schema to this release; safe to call any number of times. */
  readonly migrate: () => Promise<{ readonly from: number; readonly to: number }>;
  readonly explain: (error: unknown) => DatabaseFault | undefined;
  /** Called once, when the tables are there. */
  readonly onReady: () => Promise<void>;
  readonly log: Log;
  /** Milliseconds between attempts while the database cannot be reached. Default 1,000. */
  readonly retry?: number;
}

/** The tables of a database that may come later than we. */
export interface Tables {
  /** Whether they are there. */
  ready(): boolean;
  /** Tries once more, now, if they are not; resolves either way. For requests that come before the next attempt. */
  ensure(): Promise<void>;
  close(): void;
}

/**
 * Migrates, now or as soon as the database can be reached. Throws a {@link StartError} when the first
 * attempt fails for a reason that does not pass by itself.
 */
export async function openTables(options: TablesOptions): Promise<Tables> {
  const { explain, log, retry = 1_000 } = options;
  let ready = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let failedAt = 0;

  const attempt = async (): Promise<void> => {
    const { from, to } = await options.migrate();
    if (from !== to) log.info({ from, to }, "migrated the schema");
    await options.onReady();
    ready = true;
  };

  /** One attempt at a time, whoever asks. */
  const again = (): Promise<void> =>
    (running ??= attempt()
      .catch((error: unknown) => {
        failedAt = performance.now();
        const fault = explain(error);
        if (fault?.passing !== true)
          log.error({ err: error, hint: fault?.sentence }, "the database cannot be used");
      })
      .finally(() => (running = undefined)));

  const retryLater = (): void => {
    timer = setTimeout(() => {
      void again().then(() => {
        if (!ready && !closed) retryLater();
      });
    }, retry);
  };

  try {
    await attempt();
  } catch (error) {
    const fault = explain(error);
    if (fault === undefined) throw error;
    if (!fault.passing) throw new StartError(fault.sentence, { cause: error });
    log.warn({ hint: fault.sentence }, "the database is not there yet; trying again until it is");
    failedAt = performance.now();
    retryLater();
  }
  return {
    ready: () => ready,
    async ensure() {
      if (!ready && performance.now() - failedAt >= ENSURE_PAUSE) await again();
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
