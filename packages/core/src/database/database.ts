import { setImmediate as afterOthers, setTimeout as pause } from "node:timers/promises";

import type { Json } from "@chatkeep/protocol";

import { type Breaker, ProbeTimeout, createBreaker } from "./breaker.ts";
import { failureOf, isConflict, isConnectionLost, isPoolFull, isUnavailable } from "./failure.ts";
import { FUNCTIONS, type FunctionName, type SqlFunction } from "./functions.ts";
import { type ConnectionPool, type QueryConfig, type Queryable, requirePool } from "./pool.ts";
import { releaseSchema } from "./release.ts";
import { decodeRow, encode } from "./values.ts";

/** TypeScript types of arguments by PostgreSQL type. `json` is the value, `interval` is in milliseconds. */
interface Given {
  uuid: string;
  text: string | null;
  boolean: boolean | null;
  integer: number | null;
  bigint: number | null;
  "double precision": number | null;
  interval: number | null;
  json: Json | object;
  bytea: Uint8Array;
  void: never;
  "uuid[]": readonly string[];
  "text[]": readonly (string | null)[] | null;
  "boolean[]": readonly (boolean | null)[] | null;
  "integer[]": readonly (number | null)[];
  "bigint[]": readonly number[];
  "json[]": readonly (Json | object)[] | null;
  "timestamp with time zone": string | null;
  "timestamp with time zone[]": readonly (string | null)[] | null;
}

/** TypeScript types of columns by PostgreSQL type. */
interface Got {
  uuid: string;
  text: string;
  boolean: boolean;
  integer: number;
  bigint: number;
  json: unknown;
  bytea: Uint8Array;
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
  /** Milliseconds without an answer after which the database counts as down. Default 1,800. */
  readonly timeout?: number | undefined;
  /** Default `chatkeep`. */
  readonly schema?: string;
  /**
   * Whether to use named prepared statements. Default `auto`: yes, until a pooler turns out to lose them (PgBouncer before
   * 1.21 in transaction mode), then never again.
   */
  readonly preparedStatements?: "auto" | "never";
  /** Called when an idle connection of the pool dies, and when an outage may only be a full pool. */
  readonly onConnectionError?: (error: Error) => void;
}

export interface ClientDatabaseOptions {
  /** The host's connection, inside its transaction. */
  readonly client: Queryable;
  /** Default `chatkeep`. */
  readonly schema?: string | undefined;
  /** Timeout of a statement in milliseconds. Default: the connection's. */
  readonly timeout?: number;
}

/** Functions that return something else the second time, so a lost answer is not retried. */
const ONCE: ReadonlySet<FunctionName> = new Set([
  "delete_conversation",
  "delete_messages",
  "delete_queued_question",
  "clear_messages",
]);

/** All connections of a pool may have died together; the first live one answers. */
const TRIES = 12;

/** Milliseconds in which a call that lost against concurrent transactions is retried: under `serializable` many do. */
const CONFLICT_TIMEOUT = 5000;

/** Maximum milliseconds between such retries; random, so that two do not meet again. */
const CONFLICT_PAUSE = 50;

/** Milliseconds between registrations of this release. Functions unregistered for a day are dropped. */
const REGISTER_EVERY = 3_600_000;

const SHARED_PROBE =
  "No connection of the pool answered within a second, which counts as an outage of the database. If the pool was full, pass `probe` to createHistory, a pool of one connection for health probes, and raise the pool's `max`.";

/** Characters of arguments after which other work has its turn. */
const LARGE = 1_000_000;

/** SQLSTATEs of a prepared statement that the pooler's server connection does not know, or already has. */
const NAME_LOST = new Set(["26000", "42P05"]);

/** Returns columns as text, whatever types the host registered with its driver. */
const RAW: { getTypeParser: () => (value: string) => string } = {
  getTypeParser: () => (value: string) => value,
};

export function createDatabase(options: DatabaseOptions): Database {
  // npm warns of an older Node, and goes on. It lacks this and more.
  if (!("withResolvers" in Promise))
    throw new TypeError(`Chatkeep needs Node 22.18 or newer, and this is ${process.version}.`);
  const { pool } = options;
  requirePool(pool);
  const schema = releaseSchema(options.schema ?? "chatkeep");
  let named = options.preparedStatements !== "never";
  // The error only: the pool's second argument is the connection, which holds its last query.
  pool.on("error", (error) => options.onConnectionError?.(error));
  const { probe } = options;
  const breaker = createBreaker(() => (probe ?? pool).query({ text: "select 1" }), {
    timeout: options.timeout,
    onOpen(cause) {
      if (probe !== undefined || !(cause instanceof ProbeTimeout || isPoolFull(cause))) return;
      options.onConnectionError?.(new Error(SHARED_PROBE, { cause }));
    },
  });

  const send = async (config: QueryConfig): Promise<unknown[]> => {
    const { name: _name, ...unnamed } = config;
    const isNamed = named;
    try {
      return (await pool.query(isNamed ? config : unnamed)).rows;
    } catch (error) {
      // The statement failed before it ran, so it is safe to retry.
      if (!isNamed || !NAME_LOST.has(String((error as { code?: unknown }).code))) throw error;
      named = false;
      return (await pool.query(unnamed)).rows;
    }
  };

  const sendAgain = async (name: FunctionName, config: QueryConfig): Promise<unknown[]> => {
    const began = performance.now();
    // The driver copies the values again: 8 MB took 20 ms to encode and 20 to copy.
    if (isLarge(config.values!)) await afterOthers();
    for (let tries = 1; ; tries += 1) {
      try {
        return await breaker.guard(() => send(config));
      } catch (error) {
        if (isConflict(error)) {
          if (performance.now() - began > CONFLICT_TIMEOUT) throw error;
          await pause(Math.random() * CONFLICT_PAUSE);
          continue;
        }
        // Connections were lost, not the database. All other calls are safe to retry, because ids are made
        // before the call.
        const most = isConnectionLost(error) ? TRIES : 2;
        const again = isUnavailable(error) && !breaker.isOpen() && !ONCE.has(name) && tries < most;
        if (!again) throw error;
      }
    }
  };

  // `migrate` registered it. Calls renew that every hour.
  let registeredAt = performance.now();
  const call = createCall(schema, async (name, config) => {
    const rows = await sendAgain(name, config);
    if (performance.now() - registeredAt > REGISTER_EVERY) {
      registeredAt = performance.now();
      // The next hour retries.
      call("register_release", {}).catch(() => undefined);
    }
    return rows;
  });

  return { call, breaker, close: () => breaker.close() };
}

/**
 * The SQL functions on a connection of the host. Statements are not prepared, because the connection is not ours, and
 * never retried, because an error aborts the host's transaction.
 */
export function createClientDatabase({
  client,
  schema,
  timeout,
}: ClientDatabaseOptions): Pick<Database, "call"> {
  const limit = timeout === undefined ? {} : { query_timeout: timeout };
  return {
    call: createCall(releaseSchema(schema ?? "chatkeep"), async (_, { name: _name, ...config }) => {
      return (await client.query({ ...config, ...limit })).rows;
    }),
  };
}

/** Calls functions by name: encodes the arguments for `send`, and decodes its rows and errors. */
function createCall(
  schema: string,
  send: (name: FunctionName, config: QueryConfig) => Promise<unknown[]>,
): Database["call"] {
  const statements = new Map<FunctionName, Statement>();
  const call = async (
    name: FunctionName,
    given: Readonly<Record<string, unknown>>,
  ): Promise<Record<string, unknown>[]> => {
    const statement = statements.get(name) ?? statementOf(schema, name);
    statements.set(name, statement);
    const { text, args, columns } = statement;
    const values = args.map(([key, type]) => encode(type, given[key]));
    try {
      const rows = await send(name, { text, name: `${schema}.${name}`, values, types: RAW });
      return rows.map((row) => decodeRow(columns, row as Record<string, string | null>));
    } catch (error) {
      throw failureOf(error);
    }
  };
  return call as Database["call"];
}

/**
 * Makes the commit wait for the disk and for synchronous standbys, whatever the login or the database has as its default.
 * In the statement, because a function's own settings end before the commit; not in reads, where it takes 10 µs.
 */
const DURABLY =
  "(select set_config('synchronous_commit', case current_setting('synchronous_commit') when 'remote_apply' then 'remote_apply' else 'on' end, true)) durably,";

interface Statement {
  readonly text: string;
  /** Names and types. */
  readonly args: readonly [string, string][];
  readonly columns: readonly [string, string][];
}

function statementOf(schema: string, name: FunctionName): Statement {
  const fn: SqlFunction = FUNCTIONS[name];
  const args = Object.entries(fn.args);
  const places = args.map(([, type], index) => `$${index + 1}::${type}`);
  const text = `select ${name}.* from ${fn.writes ? DURABLY : ""} "${schema}".${name}(${places.join(", ")})`;
  return { text, args, columns: Object.entries(fn.returns) };
}

function isLarge(values: readonly unknown[]): boolean {
  let length = 0;
  for (const value of values.flat()) if (typeof value === "string") length += value.length;
  return length > LARGE;
}
