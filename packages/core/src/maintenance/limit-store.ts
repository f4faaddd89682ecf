import { createDatabase } from "../database/database.ts";
import type { ConnectionPool } from "../database/pool.ts";

/** What is spent of one limit. */
export interface Spent {
  readonly points: number;
  /** Milliseconds until the window is over and the points are forgotten. */
  readonly leftMs: number;
}

/** Points spent of limits, counted once for all nodes. */
export interface LimitStore {
  /**
   * Spends points of the limit `key` and tells what is spent of it. A new window of `windowMs` begins when
   * the last one is over. Errors: `unavailable` while the database is down.
   */
  spend(key: string, points: number, windowMs: number): Promise<Spent>;
  close(): void;
}

export interface LimitStoreOptions {
  /** The host's `pg` pool, or any with its shape. It is not closed with the store. */
  readonly pool: ConnectionPool;
  /** The schema that `migrate` made (default `chatkeep`). */
  readonly schema?: string;
  /** See `HistoryOptions.preparedStatements` (default `auto`). */
  readonly preparedStatements?: "auto" | "never";
}

/** A call that waits for the next statement. */
interface Waiting {
  readonly key: string;
  readonly points: number;
  readonly windowMs: number;
  readonly resolve: (spent: Spent) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Limits on PostgreSQL. While one statement is under way the calls that come gather for the next, so a
 * busy node makes one statement a round trip, not one a request.
 */
export function createLimitStore(options: LimitStoreOptions): LimitStore {
  const database = createDatabase(options);
  let waiting: Waiting[] = [];
  let running = false;

  const flush = async (): Promise<void> => {
    running = true;
    // Calls of the same tick share a statement.
    await Promise.resolve();
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await spendAll(batch).catch((error: unknown) => {
        for (const { reject } of batch) reject(error);
      });
    }
    running = false;
  };

  const spendAll = async (batch: readonly Waiting[]): Promise<void> => {
    const byKey = Map.groupBy(batch, ({ key }) => key);
    const calls = [...byKey.values()];
    const rows = await database.call("consume_quota", {
      limit_keys: [...byKey.keys()],
      spent: calls.map((same) => same.reduce((sum, { points }) => sum + points, 0)),
      windows_ms: calls.map(([first]) => first!.windowMs),
    });
    for (const { limit_key: key, points, left_ms: leftMs } of rows) {
      let spent = points ?? 0;
      // The last to come has spent them all, the one before that less its own, and so on.
      for (const call of byKey.get(key ?? "")!.toReversed()) {
        call.resolve({ points: spent, leftMs: leftMs ?? 0 });
        spent -= call.points;
      }
    }
  };

  return {
    spend(key, points, windowMs) {
      const { promise, resolve, reject } = Promise.withResolvers<Spent>();
      waiting.push({ key, points, windowMs, resolve, reject });
      if (!running) void flush();
      return promise;
    },
    close: () => database.close(),
  };
}
