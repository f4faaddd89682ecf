import { createHash } from "node:crypto";

import { type LimitStore, ownerId } from "@chatkeep/core";
import { ChatkeepError, type Owner } from "@chatkeep/protocol";
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible";

/** How often something may be done in a minute; 0 is as often as one likes. */
export interface Rates {
  /** Requests of one owner (default 600). */
  readonly requestsPerOwner: number;
  /** Requests from one address (default 2,400: a school shares one). */
  readonly requestsPerAddress: number;
  /** Questions of one owner (default 30). */
  readonly turnsPerOwner: number;
  /** Questions from one address (default 120). */
  readonly turnsPerAddress: number;
}

/** The rates when none are given: nobody who types meets them, and a script that spends the host's model does. */
export const DEFAULT_RATES: Rates = {
  requestsPerOwner: 600,
  requestsPerAddress: 2_400,
  turnsPerOwner: 30,
  turnsPerAddress: 120,
};

/** Counts what owners and addresses do. */
export interface RequestLimits {
  /** Counts one more; gives the `rate_limited` error when it is one too many. Never rejects. */
  spend(what: "request" | "turn", who: Owner | string | undefined): Promise<ChatkeepError | undefined>;
}

/** What {@link createRequestLimits} takes. */
export interface RequestLimitsOptions {
  /** Shared by all nodes: `createLimitStore({ pool })`. */
  readonly store: LimitStore;
  /** Default {@link DEFAULT_RATES}. */
  readonly rates?: Partial<Rates>;
  /** Told when a node begins to count for itself, because the store does not answer. Default: nobody. */
  readonly onError?: (error: unknown) => void;
}

const MINUTE = 60;
/** Milliseconds that a request waits for the store: an outage must not be waited for here and again later. */
const PATIENCE = 250;

/** Limits kept by rate-limiter-flexible in fixed windows of a minute; while the store is away each node counts for itself. */
export function createRequestLimits(options: RequestLimitsOptions): RequestLimits {
  const rates = { ...DEFAULT_RATES, ...options.rates };
  const client = { query: queryOf(options) };
  const limiterOf = (points: number, keyPrefix: string): RateLimiterPostgres | undefined =>
    points === 0
      ? undefined
      : new RateLimiterPostgres({
          storeClient: client,
          storeType: "client",
          tableName: "rate_limits",
          tableCreated: true,
          clearExpiredByTimeout: false,
          keyPrefix,
          points,
          duration: MINUTE,
          // Who is over the limit costs no more statements until the window is over.
          inMemoryBlockOnConsumed: points + 1,
          insuranceLimiter: new RateLimiterMemory({ keyPrefix, points, duration: MINUTE }),
        });
  const limiters = {
    request: {
      owner: limiterOf(rates.requestsPerOwner, "request-owner"),
      address: limiterOf(rates.requestsPerAddress, "request-address"),
    },
    turn: {
      owner: limiterOf(rates.turnsPerOwner, "turn-owner"),
      address: limiterOf(rates.turnsPerAddress, "turn-address"),
    },
  };

  return {
    async spend(what, who) {
      if (who === undefined) return undefined;
      const kind = typeof who === "string" ? "address" : "owner";
      const limiter = limiters[what][kind];
      if (limiter === undefined) return undefined;
      try {
        await limiter.consume(typeof who === "string" ? addressKey(who) : ownerId(who));
        return undefined;
      } catch (refused) {
        // Anything else is a fault of the insurance itself, which has none: who cannot be counted is let in.
        if (!(refused instanceof RateLimiterRes)) return undefined;
        const seconds = Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
        const thing = what === "turn" ? "questions" : "requests";
        const source = kind === "owner" ? "person" : "address";
        return new ChatkeepError(
          "rate_limited",
          `The limit of ${limiter.points} ${thing} a minute of one ${source} is reached. Try again in ${seconds} seconds.`,
          { retryAfter: seconds },
        );
      }
    },
  };
}

/** No limits: for a host that keeps its own. */
export const NO_LIMITS: RequestLimits = { spend: () => Promise.resolve(undefined) };

/** What the library asks of a database client, answered by the store. Spending is the one statement that it needs. */
function queryOf({ store, onError = () => undefined }: RequestLimitsOptions) {
  return async ({ name, values }: { name?: string; values: unknown[] }): Promise<{ rows: object[] }> => {
    if (name?.endsWith(":rlflx-upsert") !== true) throw new TypeError(`No such statement is known: ${name}.`);
    const [key, points] = values as [string, number];
    try {
      const spent = await within(PATIENCE, store.spend(key, points, MINUTE * 1000));
      return { rows: [{ points: spent.points, expire: Date.now() + spent.leftMs }] };
    } catch (error) {
      onError(error);
      throw error;
    }
  };
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("The limits did not answer in time.")), milliseconds);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Addresses say who somebody is: they are not written down. */
function addressKey(address: string): string {
  return createHash("sha256").update(address).digest("base64url");
}
