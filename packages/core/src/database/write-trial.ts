import type { ChatkeepError } from "@chatkeep/protocol";

/** Tries a write, unless it did so a moment ago. Resolves with the reason why the database takes none, or `null`. */
export type WriteTrial = () => Promise<string | null>;

export interface WriteTrialOptions {
  /** Writes and commits; see `try_write.sql`. */
  readonly write: () => Promise<unknown>;
  /** Milliseconds without an answer after which the write counts as refused. */
  readonly timeout: number;
}

/** Milliseconds for which a result holds. A refused write leaves nothing behind, and may be tried more often. */
const TAKEN = 10_000;
const REFUSED = 1000;

/** By SQLSTATE. What else fails is no refusal: the database cannot be reached, or is not set up yet. */
const REASONS: Readonly<Record<string, string>> = {
  "25006": "The database is read-only, as a standby is.",
  "53100": "The disk of the database is full.",
  "58030": "The database cannot write to its disk.",
};

const LATE = "The database does not acknowledge writes, as when its synchronous standby is away.";

/** Creates a trial. At most one write is under way, and an answered one is not repeated for ten seconds. */
export function createWriteTrial({ write, timeout }: WriteTrialOptions): WriteTrial {
  let reason: string | null = null;
  let until = 0;
  let running: { readonly since: number; readonly done: Promise<string | null> } | undefined;

  const attempt = async (): Promise<string | null> => {
    try {
      await write();
      reason = null;
    } catch (error) {
      const { code = "" } = ((error as ChatkeepError).cause ?? {}) as { code?: string };
      reason = REASONS[code] ?? null;
    }
    until = performance.now() + (reason === null ? TAKEN : REFUSED);
    running = undefined;
    return reason;
  };

  return async () => {
    if (performance.now() < until) return reason;
    running ??= { since: performance.now(), done: attempt() };
    const late = Promise.withResolvers<string>();
    const left = running.since + timeout - performance.now();
    const timer = setTimeout(() => late.resolve(LATE), Math.max(1, left));
    try {
      return await Promise.race([running.done, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  };
}
