import { ChatkeepError } from "@chatkeep/protocol";
import { type JSONWebKeySet, type JWTVerifyGetKey, createLocalJWKSet, errors } from "jose";

/** Options of {@link createKeySet}; times are in milliseconds. */
export interface KeySetOptions {
  /** Where the issuer publishes its keys (RFC 7517). */
  readonly url: string;
  /** How old the keys may be before they are asked for again, beside the requests (default 10 minutes). */
  readonly fresh?: number;
  /** The least time between two requests for them, whatever tokens name (default 30 s). */
  readonly cooldown?: number;
  /** How long a request for them may take (default 3 s). */
  readonly patience?: number;
  /** The `fetch` to use; default the global one. */
  readonly fetch?: typeof fetch;
}

/** The largest key set that is read: a hundred keys with their certificates. */
const MOST_BYTES = 512 * 1024;
/** Milliseconds between requests while there are no keys at all: nobody can sign in until there are. */
const FIRST = 1_000;

/**
 * The keys of an issuer, kept in memory. A token of an unknown key makes them be asked for again, so that a
 * rotation needs nothing of us. While the issuer is down the last ones go on: nobody is signed out by its
 * outage. Errors: `unavailable` where a key is not known and the issuer cannot be asked.
 */
export function createKeySet(options: KeySetOptions): JWTVerifyGetKey {
  const { url, fresh = 600_000, cooldown = 30_000, patience = 3_000 } = options;
  const send = options.fetch ?? ((...request: Parameters<typeof fetch>) => fetch(...request));
  let keys: ReturnType<typeof createLocalJWKSet> | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;
  let fault: unknown;

  const ask = async (): Promise<void> => {
    askedAt = performance.now();
    try {
      const response = await send(url, {
        headers: { accept: "application/json" },
        signal: AbortSignal.timeout(patience),
        redirect: "error",
      });
      if (!response.ok) throw new Error(`The key set answered ${response.status}.`);
      const text = await response.text();
      if (text.length > MOST_BYTES) throw new Error(`The key set is larger than ${MOST_BYTES} bytes.`);
      keys = createLocalJWKSet(JSON.parse(text) as JSONWebKeySet);
      fault = undefined;
    } catch (error) {
      fault = error;
    }
  };
  const refresh = (): Promise<void> => (asking ??= ask().finally(() => (asking = undefined)));

  const isDue = (pause: number): boolean => performance.now() - askedAt >= pause;

  return async (header, token) => {
    if (keys === undefined) {
      if (asking !== undefined || isDue(Math.min(cooldown, FIRST))) await refresh();
    } else if (isDue(fault === undefined ? fresh : cooldown)) void refresh();
    if (keys === undefined) throw unreachable(fault);
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (asking !== undefined || isDue(cooldown)) await refresh();
      else if (fault === undefined) throw error;
      if (fault !== undefined) throw unreachable(fault);
      return keys(header, token);
    }
  };
}

function unreachable(cause: unknown): ChatkeepError {
  return new ChatkeepError(
    "unavailable",
    "The identity provider's keys cannot be read just now. Try again in a moment.",
    { retryAfter: 5, cause },
  );
}
