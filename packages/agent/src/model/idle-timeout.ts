/** Waits with a timeout, many times under one signal. */
export interface IdleTimeout {
  /**
   * Resolves as `work` does. Rejects with `late()` after `limit` milliseconds, or at once when aborted. After an abort
   * `work` is not called, because nobody would handle its failure.
   */
  wait<T>(work: () => Promise<T>, limit: number, late: () => Error): Promise<T>;
  /** Removes the signal's listener. */
  end(): void;
}

/** One listener serves a whole answer: at 20,000 tokens a second, one per token would cost more than the token. */
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
