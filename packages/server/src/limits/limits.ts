import { createHash } from "node:crypto";
import { isIP } from "node:net";

import { type LimitStore, ownerId } from "@chatkeep/core";
import { ChatkeepError, type Owner } from "@chatkeep/protocol";

/** How often something may be done in a minute; 0 is no limit. */
export interface Rates {
  /** Requests of one owner to one node (default 600). */
  readonly requestsPerOwner: number;
  /** Requests from one address to one node (default 2,400: a school shares one). */
  readonly requestsPerAddress: number;
  /** Questions of one owner to all nodes together (default 30). */
  readonly turnsPerOwner: number;
  /** Questions from one address to all nodes together (default 120). */
  readonly turnsPerAddress: number;
}

/** The default rates: nobody who types meets them, and a script that spends the host's model does. */
export const DEFAULT_RATES: Rates = {
  requestsPerOwner: 600,
  requestsPerAddress: 2_400,
  turnsPerOwner: 30,
  turnsPerAddress: 120,
};

/** Counts requests and questions. Each call gives the `rate_limited` error when the count is over the limit. */
export interface RequestLimits {
  /** Counts a request of an owner, or from an address. */
  countRequest(who: Owner | string): ChatkeepError | undefined;
  /** Counts a question under its owner and its address, in one statement. Never rejects. */
  countTurn(owner: Owner | undefined, address: string | undefined): Promise<ChatkeepError | undefined>;
}

/** Options of {@link createRequestLimits}. */
export interface RequestLimitsOptions {
  /** Shared by all nodes: `createLimitStore({ pool })`. */
  readonly store: LimitStore;
  /** Default {@link DEFAULT_RATES}. */
  readonly rates?: Partial<Rates>;
  /** Called when the store does not answer and the node counts for itself. Default: nothing. */
  readonly onError?: (error: unknown) => void;
}

const MINUTE = 60_000;
/** Milliseconds that a question waits for the store: begin_turn waits for the same database again. */
const STORE_TIMEOUT = 250;
/** Keys that are counted at once. A client can make up a session for each request: then the oldest are forgotten. */
const MOST_KEYS = 100_000;

/** Fixed windows of a minute: requests in the memory of each node, questions in the store. While the store is away, each node counts questions too. */
export function createRequestLimits(options: RequestLimitsOptions): RequestLimits {
  const { store, onError = () => undefined } = options;
  const rates = { ...DEFAULT_RATES, ...options.rates };
  const local = createWindows();

  const spendShared = async (key: string): Promise<Spent> => {
    try {
      return await within(STORE_TIMEOUT, store.spend(key, 1, MINUTE));
    } catch (error) {
      onError(error);
      return local.spend(key);
    }
  };

  return {
    countRequest(who) {
      const [most, source] =
        typeof who === "string" ? [rates.requestsPerAddress, "address"] : [rates.requestsPerOwner, "person"];
      if (most === 0) return undefined;
      const key = typeof who === "string" ? who : ownerId(who);
      return refusal(local.spend(key), most, `requests a minute of one ${source}`);
    },
    async countTurn(owner, address) {
      const limits: [string, number, string][] = [];
      if (owner !== undefined) limits.push([`turn-owner:${ownerId(owner)}`, rates.turnsPerOwner, "person"]);
      if (address !== undefined)
        limits.push([`turn-address:${hashOf(address)}`, rates.turnsPerAddress, "address"]);
      const refusals = await Promise.all(
        limits
          .filter(([, most]) => most > 0)
          .map(async ([key, most, source]) =>
            refusal(await spendShared(key), most, `questions a minute of one ${source}`),
          ),
      );
      return refusals.find((error) => error !== undefined);
    },
  };
}

/** No limits: for a host that keeps its own. */
export const NO_LIMITS: RequestLimits = {
  countRequest: () => undefined,
  countTurn: () => Promise.resolve(undefined),
};

interface Spent {
  readonly points: number;
  readonly leftMs: number;
}

/** Windows of keys in memory, the oldest first: one that is renewed goes to the end. */
function createWindows(): { spend(key: string): Spent } {
  const windows = new Map<string, { points: number; readonly end: number }>();
  return {
    spend(key) {
      const now = performance.now();
      for (const [oldest, { end }] of windows) {
        if (end > now && windows.size < MOST_KEYS) break;
        windows.delete(oldest);
      }
      let window = windows.get(key);
      if (window === undefined) windows.set(key, (window = { points: 0, end: now + MINUTE }));
      window.points += 1;
      return { points: window.points, leftMs: window.end - now };
    },
  };
}

function refusal({ points, leftMs }: Spent, most: number, what: string): ChatkeepError | undefined {
  if (points <= most) return undefined;
  const seconds = Math.max(1, Math.ceil(leftMs / 1000));
  return new ChatkeepError(
    "rate_limited",
    `The limit of ${most} ${what} is reached. Try again in ${seconds} seconds.`,
    { retryAfter: seconds },
  );
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

/** An address identifies a person: only its hash is stored. */
function hashOf(address: string): string {
  return createHash("sha256").update(address).digest("base64url");
}

/** Where a request comes from, as hono's Node adapter passes it along. */
export interface Socketed {
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string | undefined } };
}

/**
 * The address that a request is counted under; `undefined` only where neither a socket nor a header tells one.
 *
 * - With `proxies` in front (0: none), it is the one that the outermost of them wrote into
 *   `X-Forwarded-For`: the `proxies`-th from the right. What stands left of it anybody can make up.
 * - Without, or where that entry is missing or no address, it is the socket's: who leaves the header out or breaks
 *   it is counted all the same.
 * - IPv6 is counted by /64, the least that one household is given.
 */
export function addressOf(request: Request, socketed: Socketed, proxies: number): string | undefined {
  const forwarded = (request.headers.get(FORWARDED) ?? "").split(",").map((entry) => entry.trim());
  const written = proxies === 0 ? undefined : forwarded.filter((entry) => entry !== "").at(-proxies);
  const socket = socketed.incoming?.socket?.remoteAddress;
  return networkOf(written) ?? networkOf(socket);
}

/** Whether a request came through a proxy that no setting tells of. */
export function isProxyUntold(request: Request, proxies: number): boolean {
  return proxies === 0 && (request.headers.has(FORWARDED) || request.headers.has("forwarded"));
}

const FORWARDED = "x-forwarded-for";

function networkOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  // Some proxies write a port: 192.0.2.1:1234, [2001:db8::1]:1234.
  const bare = /^\[(.+)\](:\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text;
  const address = bare.replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/i, "");
  if (isIP(address) === 4) return address;
  if (isIP(address) !== 6) return undefined;
  // The URL standard writes an address in one way only.
  const [head = "", tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const gap = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => "0");
  return `${[...left, ...gap, ...right].slice(0, 4).join(":")}::/64`;
}
