import { ChatkeepError } from "@chatkeep/protocol";
import { type JSONWebKeySet, type JWTVerifyGetKey, createLocalJWKSet, errors } from "jose";

/** Options of {@link createKeySet}; times are in milliseconds. */
export interface KeySetOptions {
  /** The address of the issuer's keys (RFC 7517). */
  readonly url: string;
  /** The age at which the keys are read again in the background (default 10 minutes). */
  readonly fresh?: number;
  /** The least time between two reads, whatever keys tokens name (default 30 s). */
  readonly cooldown?: number;
  /** The timeout of a read (default 3 s). */
  readonly timeout?: number;
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch;
}

/** The most bytes of a key set: a hundred keys with their certificates. */
const MOST_BYTES = 512 * 1024;
/** Milliseconds between reads while there are no keys and nobody can sign in. */
const FIRST = 1_000;

/**
 * Keeps an issuer's keys in memory. A token with an unknown key makes it read them again, so a rotation needs no restart.
 * During an outage of the issuer the last keys stay valid, so nobody is signed out. Errors: `unavailable` for an unknown
 * key while the issuer cannot be reached.
 */
export function createKeySet(options: KeySetOptions): JWTVerifyGetKey {
  const { url, fresh = 600_000, cooldown = 30_000, timeout = 3_000 } = options;
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
        signal: AbortSignal.timeout(timeout),
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
    "The identity provider's keys cannot be read. Try again in a moment.",
    { retryAfter: 5, cause },
  );
}
