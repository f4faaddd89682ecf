import { createHash } from "node:crypto";
import { isIP } from "node:net";

import { type LimitStore, ownerId } from "@chatkeep/core";
import { ChatkeepError, type Owner } from "@chatkeep/protocol";

import type { Connection } from "../http/connection.ts";

/** The most requests and questions in a minute; 0 is no limit. */
export interface Rates {
  /** Requests of one owner to one node (default 600). */
  readonly requestsPerOwner: number;
  /** Requests from one address to one node (default 2,400: a school shares one). */
  readonly requestsPerAddress: number;
  /** Questions of one owner to all nodes (default 30). */
  readonly turnsPerOwner: number;
  /** Questions from one address to all nodes (default 120). */
  readonly turnsPerAddress: number;
}

/** The default rates. Nobody who types reaches them; a script that spends the host's model does. */
export const DEFAULT_RATES: Rates = {
  requestsPerOwner: 600,
  requestsPerAddress: 2_400,
  turnsPerOwner: 30,
  turnsPerAddress: 120,
};

/** The most bytes that are written to one node in a day; 0 is no limit. */
export interface StorageQuota {
  /** By one owner (default 128 MiB: 40 pictures of 3 MB). */
  readonly bytesPerOwner: number;
  /** From one address (default 1 GiB: a school shares one). */
  readonly bytesPerAddress: number;
}

/** The default quotas. */
export const DEFAULT_STORAGE: StorageQuota = {
  bytesPerOwner: 128 * 1024 * 1024,
  bytesPerAddress: 1024 * 1024 * 1024,
};

/** Counts requests and questions. A count over its limit returns the `rate_limited` error. */
export interface RequestLimits {
  /** Counts a request of an owner, or from an address. */
  countRequest(who: Owner | string): ChatkeepError | undefined;
  /** Counts a question under its owner and its address, in one statement. Never rejects. */
  countTurn(owner: Owner | undefined, address: string | undefined): Promise<ChatkeepError | undefined>;
  /** Counts a link that does not exist. */
  countGuess(address: string): void;
  /** The error for an address that tried too many of them. */
  guessed(address: string): ChatkeepError | undefined;
}

/** Counts bytes that are written. Returns the `rate_limited` error when they are too many. */
export type CountBytes = (
  bytes: number,
  owner: Owner,
  address: string | undefined,
) => ChatkeepError | undefined;

/** Options of {@link createRequestLimits}. */
export interface RequestLimitsOptions {
  /** Shared by all nodes: `createLimitStore({ pool })`. */
  readonly store: LimitStore;
  /** Default {@link DEFAULT_RATES}. */
  readonly rates?: Partial<Rates>;
  /** Called when the store does not answer and the node counts questions alone. Default: nothing. */
  readonly onError?: (error: unknown) => void;
}

const MINUTE = 60_000;
const DAY = 86_400_000;
/** Links that do not exist which one address may try in a minute on one node. */
const MOST_GUESSES = 60;
/** Milliseconds that a question waits for the store. `begin_turn` waits for the same database after it. */
const STORE_TIMEOUT = 250;

/** Counts requests in the memory of each node, and questions in the store; while the store is away, each node counts those too. */
export function createRequestLimits(options: RequestLimitsOptions): RequestLimits {
  const { store, onError = () => undefined } = options;
  const rates = { ...DEFAULT_RATES, ...options.rates };
  const spend = createWindows(MINUTE);
  const guess = createWindows(MINUTE);

  const spendShared = async (key: string): Promise<Spent> => {
    try {
      return await within(STORE_TIMEOUT, store.spend(key, 1, MINUTE));
    } catch (error) {
      onError(error);
      return spend(key);
    }
  };

  return {
    countRequest(who) {
      const isAddress = typeof who === "string";
      const most = isAddress ? rates.requestsPerAddress : rates.requestsPerOwner;
      if (most === 0) return undefined;
      const what = `requests a minute of one ${isAddress ? "address" : "person"}`;
      return refusal(spend(isAddress ? who : ownerId(who)), most, what);
    },
    countGuess: (address) => void guess(address),
    guessed: (address) => refusal(guess(address, 0), MOST_GUESSES, "wrong links a minute of one address"),
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

/** No limits, for a host that has its own. */
export const NO_LIMITS: RequestLimits = {
  countRequest: () => undefined,
  countTurn: () => Promise.resolve(undefined),
  countGuess: () => undefined,
  guessed: () => undefined,
};

/** Counts bytes in the memory of each node: a quota of a day costs no statement. */
export function createByteCounter(quota: StorageQuota): CountBytes {
  const spend = createWindows(DAY);
  return (bytes, owner, address) => {
    const count = (who: string, most: number, source: string): ChatkeepError | undefined =>
      most === 0 ? undefined : refusal(spend(who, bytes), most, `bytes a day of one ${source}`);
    const exceeded = count(ownerId(owner), quota.bytesPerOwner, "person");
    if (exceeded !== undefined || address === undefined) return exceeded;
    return count(address, quota.bytesPerAddress, "address");
  };
}

interface Spent {
  readonly points: number;
  readonly leftMs: number;
}

/** Keys that are counted at once (20 MB). A client can invent a session for each request; the oldest are then forgotten. */
const MOST_KEYS = 100_000;

/** Fixed windows in memory, by key. */
function createWindows(length: number): (key: string, points?: number) => Spent {
  // Oldest first: a renewed window goes to the end.
  const windows = new Map<string, { points: number; readonly end: number }>();
  return (key, points = 1) => {
    const now = performance.now();
    for (const [oldest, { end }] of windows) {
      if (end > now && windows.size < MOST_KEYS) break;
      windows.delete(oldest);
    }
    let window = windows.get(key);
    if (window === undefined) windows.set(key, (window = { points: 0, end: now + length }));
    window.points += points;
    return { points: window.points, leftMs: window.end - now };
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

/** An address identifies a person, so only its hash is stored. */
function hashOf(address: string): string {
  return createHash("sha256").update(address).digest("base64url");
}

/**
 * The address that a request is counted under; `undefined` when neither a socket nor a header tells it. An IPv6 address
 * is counted by its /64, the least that one household has.
 *
 * With `proxies` in front, it is the `proxies`-th entry from the right of `X-Forwarded-For`, which the outermost proxy
 * wrote. Entries left of it can be forged. Without proxies, or where that entry is missing or no address, it is the
 * socket's.
 */
export function addressOf(request: Request, { incoming }: Connection, proxies: number): string | undefined {
  const forwarded = (request.headers.get(FORWARDED) ?? "").split(",").map((entry) => entry.trim());
  const written = proxies === 0 ? undefined : forwarded.filter((entry) => entry !== "").at(-proxies);
  return networkOf(written) ?? networkOf(incoming?.socket?.remoteAddress);
}

/** Whether a request came through a proxy that no setting counts. */
export function isProxyUnconfigured(request: Request, proxies: number): boolean {
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
