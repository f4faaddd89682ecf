/** How long to wait before attempt `attempt` (0 is the first repetition), in milliseconds: 250 doubled each
 * time, at most 5,000, less up to a quarter by chance so that many readers do not return in one moment. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  return Math.min(250 * 2 ** attempt, 5_000) * (1 - random() / 4);
}

/** Whether the browser says that there is no network; `false` where nobody says. */
export function isOffline(): boolean {
  return typeof navigator !== "undefined" && "onLine" in navigator && !navigator.onLine;
}

/** Resolves when the browser has a network. Throws when `signal` aborts. */
export async function online(signal: AbortSignal): Promise<void> {
  while (isOffline()) {
    await pause({ ms: 30_000, signal });
    signal.throwIfAborted();
  }
}

export interface PauseOptions {
  readonly ms: number;
  /** Aborting ends the pause at once. */
  readonly signal: AbortSignal;
  /** Ends the pause early when it fires `online`; default the page's window. */
  readonly events?: Pick<EventTarget, "addEventListener" | "removeEventListener"> | undefined;
}

/** Resolves after `ms`, earlier when the network returns or `signal` aborts. */
export async function pause(options: PauseOptions): Promise<void> {
  const { ms, signal } = options;
  const events = options.events ?? (typeof window === "undefined" ? undefined : window);
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      events?.removeEventListener("online", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    events?.addEventListener("online", end);
  });
}
