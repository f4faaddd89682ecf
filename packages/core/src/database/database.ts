import { setImmediate as afterOthers } from "node:timers/promises";

import type { Json } from "@chatkeep/protocol";

import { type Breaker, createBreaker } from "./breaker.ts";
import { failureOf, isConnectionLost, isUnavailable } from "./failure.ts";
import { FUNCTIONS, type FunctionName, type SqlFunction } from "./functions.ts";
import type { ConnectionPool, QueryConfig, Queryable } from "./pool.ts";
import { releaseSchema } from "./release.ts";
import { decodeRow, encode } from "./values.ts";

/** TypeScript types of arguments by PostgreSQL type. `json` is the value, `interval` is in milliseconds. */
interface Given {
  uuid: string;
  text: string | null;
  boolean: boolean | null;
  integer: number | null;
  bigint: number | null;
  interval: number;
  json: Json | object;
  void: never;
  "uuid[]": readonly string[];
  "text[]": readonly (string | null)[] | null;
  "boolean[]": readonly (boolean | null)[] | null;
  "integer[]": readonly (number | null)[];
  "bigint[]": readonly number[];
  "json[]": readonly (Json | object)[] | null;
}

/** TypeScript types of columns by PostgreSQL type. */
interface Got {
  uuid: string;
  text: string;
  boolean: boolean;
  integer: number;
  bigint: number;
  json: unknown;
  void: null;
}

type Args<N extends FunctionName> = {
  [K in keyof (typeof FUNCTIONS)[N]["args"]]: Given[(typeof FUNCTIONS)[N]["args"][K] & keyof Given];
};
type Row<N extends FunctionName> = {
  [K in keyof (typeof FUNCTIONS)[N]["returns"]]: Got[(typeof FUNCTIONS)[N]["returns"][K] & keyof Got] | null;
};

/** The SQL functions of this release, callable by name. */
export interface Database {
  /**
   * Calls an SQL function: one statement, one round trip, no explicit transaction. Errors: `ChatkeepError` only;
   * `unavailable` at once while the database is down.
   */
  call<N extends FunctionName>(name: N, args: Args<N>): Promise<Row<N>[]>;
  readonly breaker: Breaker;
  close(): void;
}

export interface DatabaseOptions {
  readonly pool: ConnectionPool;
  /** Runs health probes. Default: `pool`. */
  readonly probe?: Queryable;
  /** Default `chatkeep`. */
  readonly schema?: string;
  /**
   * Whether to use named prepared statements. Default `auto`: yes, until a pooler turns out to lose them (PgBouncer before
   * 1.21 in transaction mode), then never again.
   */
  readonly preparedStatements?: "auto" | "never";
  /** Called when an idle connection of the pool dies. */
  readonly onConnectionError?: (error: Error) => void;
}

/** Functions that return something else the second time, so a lost answer is not retried. */
const ONCE: ReadonlySet<FunctionName> = new Set(["delete_conversation", "delete_messages", "clear_messages"]);

/** All connections of a pool may have died together; the first live one answers. */
const TRIES = 12;

/** Milliseconds between registrations of this release. Functions unregistered for a day are dropped. */
const REGISTER_EVERY = 3_600_000;

/** Characters of arguments after which other work has its turn. */
const LARGE = 1_000_000;

/** SQLSTATEs of a prepared statement that the pooler's server connection does not know, or already has. */
const NAME_LOST = new Set(["26000", "42P05"]);

/** Returns columns as text, whatever types the host registered with its driver. */
export const RAW: { getTypeParser: () => (value: string) => string } = {
  getTypeParser: () => (value: string) => value,
};

export function createDatabase(options: DatabaseOptions): Database {
  const { pool } = options;
  const schema = releaseSchema(options.schema ?? "chatkeep");
  const statements = new Map(
    Object.entries(FUNCTIONS).map(([name, fn]: [string, SqlFunction]) => [
      name,
      {
        text: statementOf(schema, name, fn),
        name: `${schema}.${name}`,
        args: Object.entries(fn.args),
        columns: Object.entries(fn.returns),
      },
    ]),
  );
  let named = options.preparedStatements !== "never";
  // The error only: the pool's second argument is the connection, which holds its last query.
  pool.on("error", (error) => options.onConnectionError?.(error));
  const breaker = createBreaker(() => (options.probe ?? pool).query({ text: "select 1" }));

  const send = async (statement: { text: string; name: string }, values: unknown[]): Promise<unknown[]> => {
    const config: QueryConfig = { text: statement.text, values, types: RAW };
    const name = named ? statement.name : undefined;
    try {
      return (await pool.query(name === undefined ? config : { ...config, name })).rows;
    } catch (error) {
      // The statement failed before it ran, so it is safe to retry.
      if (name === undefined || !NAME_LOST.has(String((error as { code?: unknown }).code))) throw error;
      named = false;
      return (await pool.query(config)).rows;
    }
  };

  // `migrate` registered it. Calls renew that every hour.
  let registeredAt = performance.now();
  const stayRegistered = (): void => {
    if (performance.now() - registeredAt < REGISTER_EVERY) return;
    registeredAt = performance.now();
    // The next hour retries.
    send(statements.get("register_release")!, []).catch(() => undefined);
  };

  const call = async (
    name: FunctionName,
    args: Record<string, unknown>,
  ): Promise<Record<string, unknown>[]> => {
    const statement = statements.get(name)!;
    const values = statement.args.map(([key, type]) => encode(type, args[key]));
    // The driver copies them again: 8 MB took 20 ms to encode and 20 to copy.
    if (isLarge(values)) await afterOthers();
    let rows: unknown[] | undefined;
    for (let tries = 1; rows === undefined; tries += 1) {
      try {
        rows = await breaker.guard(() => send(statement, values));
      } catch (error) {
        // Connections were lost, not the database. All other calls are safe to retry, because ids are made
        // before the call.
        const most = isConnectionLost(error) ? TRIES : 2;
        const again = isUnavailable(error) && !breaker.isOpen() && !ONCE.has(name) && tries < most;
        if (!again) throw failureOf(error);
      }
    }
    stayRegistered();
    return rows.map((row) => decodeRow(statement.columns, row as Record<string, string | null>));
  };

  return {
    call: call as Database["call"],
    breaker,
    close: () => breaker.close(),
  };
}

/** The statement that calls a function. */
export function statementOf(schema: string, name: string, fn: SqlFunction): string {
  const args = Object.values(fn.args).map((type, index) => `$${index + 1}::${type}`);
  return `select * from "${schema}".${name}(${args.join(", ")})`;
}

function isLarge(values: readonly unknown[]): boolean {
  let length = 0;
  for (const value of values.flat()) if (typeof value === "string") length += value.length;
  return length > LARGE;
}
