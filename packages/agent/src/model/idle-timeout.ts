/** Waits for one thing after another, each at most for a time; see {@link createIdleTimeout}. */
export interface IdleTimeout {
  /**
   * What comes of `work`; rejects with `late()` after `limit` milliseconds, or at once when aborted. After an abort
   * nothing is begun: nobody would hear how it failed.
   */
  wait<T>(work: () => Promise<T>, limit: number, late: () => Error): Promise<T>;
  /** Ends the listening for the signal. */
  end(): void;
}

/**
 * Waits under a signal. One listener serves a whole answer: one for each token would cost more than the
 * token at 20,000 tokens a second.
 */
export function createIdleTimeout(signal: AbortSignal): IdleTimeout {
  let timer: NodeJS.Timeout | undefined;
  let refuse: (reason: unknown) => void = () => undefined;
  const abort = (): void => {
    clearTimeout(timer);
    refuse(signal.reason);
  };
  signal.addEventListener("abort", abort, { once: true });

  return {
    async wait(work, limit, late) {
      signal.throwIfAborted();
      const { promise: refused, reject } = Promise.withResolvers<never>();
      refuse = reject;
      timer = setTimeout(() => reject(late()), limit);
      try {
        return await Promise.race([work(), refused]);
      } finally {
        clearTimeout(timer);
      }
    },
    end() {
      signal.removeEventListener("abort", abort);
    },
  };
}
