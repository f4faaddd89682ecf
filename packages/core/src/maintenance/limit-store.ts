import { createDatabase } from "../database/database.ts";
import type { ConnectionPool } from "../database/pool.ts";

/** The state of one limit. */
export interface Spent {
  readonly points: number;
  /** Milliseconds until the window ends and the points expire. */
  readonly leftMs: number;
}

/** Points consumed of limits, counted over all nodes. */
export interface LimitStore {
  /**
   * Consumes points of the limit `key` and returns its state. A new window of `windowMs` begins when the previous one has
   * ended. Errors: `unavailable` while the database is down.
   */
  spend(key: string, points: number, windowMs: number): Promise<Spent>;
  close(): void;
}

export interface LimitStoreOptions {
  /** The host's `pg` pool, or one of its shape. The store does not close it. */
  readonly pool: ConnectionPool;
  /** The schema that `migrate` created. Default `chatkeep`. */
  readonly schema?: string;
  /** See `HistoryOptions.preparedStatements`. Default `auto`. */
  readonly preparedStatements?: "auto" | "never";
}

interface Waiting {
  readonly key: string;
  readonly points: number;
  readonly windowMs: number;
  readonly resolve: (spent: Spent) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Limits on PostgreSQL. Calls during a statement join the next one, so a busy node sends one statement per round trip
 * instead of one per request.
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
      // The last call sees all points, the one before it all but the last call's, and so on.
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
