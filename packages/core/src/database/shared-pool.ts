import type { Pool } from "pg";

import { type DatabaseAddress, NO_URL, readAddress } from "./address.ts";
import { type ConnectionPool, createPool } from "./pool.ts";

/** A share of a pool. */
export interface SharedPool {
  readonly pool: ConnectionPool;
  /** What the URL says; without a URL nothing. */
  readonly address?: DatabaseAddress;
  /** Gives the share back, once; the last one ends the pool. */
  end(): Promise<void>;
}

interface Counted {
  readonly pool: Pool;
  shares: number;
}

/** On `globalThis`: a bundler may load this module once a page and once a route, and again after each change. */
const POOLS = Symbol.for("chatkeep.pools");

/**
 * The pool of this URL in this process, made by the first who asks. Without a URL every query says that it is missing:
 * a build loads a route where there is no database. Errors: `TypeError` for an invalid URL.
 */
export function sharePool(url: string | undefined): SharedPool {
  if (url === undefined || url === "") return NO_POOL;
  const held = globalThis as { [POOLS]?: Map<string, Counted> };
  const pools = (held[POOLS] ??= new Map());
  const counted = pools.get(url) ?? { pool: createPool(url), shares: 0 };
  pools.set(url, counted);
  counted.shares += 1;
  const { pool } = counted;
  // Each share listens.
  pool.setMaxListeners(0);
  let isEnded = false;
  return {
    pool,
    address: readAddress(url),
    async end() {
      if (isEnded) return;
      isEnded = true;
      counted.shares -= 1;
      if (counted.shares > 0) return;
      pools.delete(url);
      await pool.end();
    },
  };
}

const refuse = (): Promise<never> => Promise.reject(new TypeError(NO_URL));

const NO_POOL: SharedPool = {
  pool: { query: refuse, connect: refuse, on: () => undefined },
  end: () => Promise.resolve(),
};
