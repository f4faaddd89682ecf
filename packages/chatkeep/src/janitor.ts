import type { CoreHistory, JanitorOptions } from "@chatkeep/core";
import type { Log } from "@chatkeep/server";

export interface JanitorSettings {
  readonly history: Pick<CoreHistory, "purge">;
  readonly times: JanitorOptions;
  readonly log: Log;
  /** Milliseconds from one run to the next; the first comes after a tenth of it (default an hour). */
  readonly every?: number;
}

/** Purges in the background until it is closed. Any number of nodes may. */
export function startJanitor({ history, times, log, every = 3_600_000 }: JanitorSettings): {
  /** Ends a run under way after its present step. */
  close(): Promise<void>;
} {
  const ending = new AbortController();
  let running: Promise<void> = Promise.resolve();
  let timer = setTimeout(begin, every / 10);
  timer.unref();

  function begin(): void {
    running = run();
    timer = setTimeout(begin, every);
    timer.unref();
  }
  const run = async (): Promise<void> => {
    try {
      const steps = await history.purge(times, ending.signal);
      if (steps > 0) log.info({ steps }, "purged what its time was over for");
    } catch (error) {
      log.warn({ err: error }, "the janitor could not do its work; it tries again later");
    }
  };
  return {
    async close() {
      clearTimeout(timer);
      ending.abort();
      await running;
    },
  };
}
