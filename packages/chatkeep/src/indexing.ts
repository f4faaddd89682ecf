import type { CoreHistory } from "@chatkeep/core";
import type { Log } from "@chatkeep/server";

export interface IndexingOptions {
  readonly history: Pick<CoreHistory, "indexBacklog">;
  readonly log: Log;
  /** Milliseconds until it is tried again when it failed (default a minute). */
  readonly retry?: number;
}

/** Makes findable what an older release stored, in the background. Any number of nodes may. */
export interface Indexing {
  /** To be called when the tables are there. */
  begin(): void;
  /** Ends after the present step. */
  close(): Promise<void>;
}

/** Indexing of the backlog; nothing is done before {@link Indexing.begin}. */
export function createIndexing({ history, log, retry = 60_000 }: IndexingOptions): Indexing {
  const ending = new AbortController();
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const run = async (): Promise<void> => {
    try {
      const steps = await history.indexBacklog(ending.signal);
      if (steps > 0) log.info({ steps }, "made old messages findable");
    } catch (error) {
      log.warn({ err: error }, "old messages could not be made findable; it is tried again later");
      timer = setTimeout(begin, retry);
      timer.unref();
    }
  };
  const begin = (): void => {
    if (!ending.signal.aborted) running = run();
  };
  return {
    begin,
    async close() {
      ending.abort();
      await running;
      clearTimeout(timer);
    },
  };
}
