import { Client, Pool } from "pg";

import { readAddress } from "./address.ts";

/** Runs queries: `pg`'s Pool, PoolClient and Client, and Neon's equivalents. */
export interface Queryable {
  query(config: QueryConfig): Promise<{ rows: unknown[] }>;
}

/** A statement in `pg`'s format. */
export interface QueryConfig {
  text: string;
  values?: unknown[];
  /** The name of the prepared statement. */
  name?: string;
  types?: { getTypeParser: () => (value: string) => unknown };
  /** Timeout in milliseconds. Default: the pool's. */
  query_timeout?: number;
}

/** A connection taken from the pool, for a transaction or for LISTEN. */
export interface Connection extends Queryable {
  on(
    event: "notification",
    listener: (message: { channel: string; payload?: string | undefined }) => void,
  ): unknown;
  on(event: "error" | "end", listener: (error?: Error) => void): unknown;
  /** `true` closes the connection instead of returning it to the pool. */
  release(destroy?: boolean): void;
}

/** The part of `pg`'s Pool that we need. */
export interface ConnectionPool extends Queryable {
  connect(): Promise<Connection>;
  on(event: "error", listener: (error: Error) => void): unknown;
  /** `max`: the number of connections. A pool of one keeps none for LISTEN, and polls. */
  readonly options?: { readonly max?: number | undefined };
}

/** Errors: `TypeError` for what a host may take for a pool. */
export function requirePool(pool: ConnectionPool): void {
  const methods = ["query", "connect", "on"] as const;
  if (methods.every((name) => typeof (pool as Partial<ConnectionPool> | undefined)?.[name] === "function"))
    return;
  throw new TypeError(
    "`pool` must be a Pool of pg or of @neondatabase/serverless. neon() sends single queries over HTTP and has no connections; postgres.js and ORMs have other methods. With one of these, pass the URL to createPool and use its pool.",
  );
}

/** Options of {@link createPool}. */
export interface PoolOptions {
  /** Maximum number of connections. Default: `connection_limit` of the URL, else 10. */
  readonly max?: number;
  /**
   * Milliseconds to wait for a connection. Default: `connect_timeout` of the URL, else 1,500, so that an outage is
   * reported within 2 s.
   */
  readonly connectTimeout?: number;
  /** Timeout of a statement in milliseconds. Default 10,000. */
  readonly statementTimeout?: number;
  /** Called when an idle connection dies. Without a listener that would end the process. */
  readonly onError?: (error: Error) => void;
}

/** Creates a pool for a database URL; see {@link readAddress}. Errors: `TypeError` for a URL that cannot be used. */
export function createPool(url: string, options: PoolOptions = {}): Pool {
  const { config, connectTimeout = 1500, connectionLimit = 10 } = readAddress(url);
  const pool = new Pool({
    application_name: "chatkeep",
    ...config,
    max: options.max ?? connectionLimit,
    connectionTimeoutMillis: options.connectTimeout ?? connectTimeout,
    // A client-side timeout: transaction poolers refuse statement_timeout as a startup parameter.
    query_timeout: options.statementTimeout ?? 10_000,
    keepAlive: true,
  });
  pool.on("error", options.onError ?? (() => undefined));
  // Before the first event: a dying server may accept and end the connection in one packet.
  pool.on("connect", (connection) => connection.on("error", () => undefined));
  return pool;
}

/** Connections with a listener of ours: a pool lends the same one again, and a listener a loan would be a leak. */
const guarded = new WeakSet<Connection>();

/**
 * Takes a connection from the pool; the caller releases it. If it is lost, the current or next query fails. The driver
 * also emits an error event, which would end a process without a listener.
 */
export async function takeConnection(pool: Pick<ConnectionPool, "connect">): Promise<Connection> {
  const connection = await pool.connect();
  if (!guarded.has(connection)) connection.on("error", () => undefined);
  guarded.add(connection);
  return connection;
}

/** Opens one connection to inspect a server; the caller ends it. Errors: the driver's. Its loss as above. */
export async function openConnection(url: string, connectTimeout = 5000): Promise<Client> {
  const client = new Client({ ...readAddress(url).config, connectionTimeoutMillis: connectTimeout });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}
