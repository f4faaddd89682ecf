import { Client, Pool, type PoolConfig } from "pg";
import { parse } from "pg-connection-string";

/** What a query needs of a connection: `pg`'s Pool, PoolClient and Client have it, and Neon's have its shape. */
export interface Queryable {
  query(config: QueryConfig): Promise<{ rows: unknown[] }>;
}

/** A statement as `pg` takes it. */
export interface QueryConfig {
  text: string;
  values?: unknown[];
  /** Prepared under this name where the pooler keeps names. */
  name?: string;
  types?: { getTypeParser: () => (value: string) => unknown };
  /** Milliseconds it may take, instead of the pool's own. */
  query_timeout?: number;
}

/** A connection held for a while: for a transaction, or to listen. */
export interface Connection extends Queryable {
  on(
    event: "notification",
    listener: (message: { channel: string; payload?: string | undefined }) => void,
  ): unknown;
  on(event: "error" | "end", listener: (error?: Error) => void): unknown;
  /** With `true` it is closed and not used again. */
  release(destroy?: boolean): void;
}

/** A pool of connections: the smallest part of `pg`'s Pool that we need. */
export interface ConnectionPool extends Queryable {
  connect(): Promise<Connection>;
  on(event: "error", listener: (error: Error) => void): unknown;
}

/** What {@link createPool} takes besides the URL. */
export interface PoolOptions {
  /** Connections at the most (default 10). */
  readonly max?: number;
  /** Milliseconds to wait for a connection (default 1,500: an outage is told within 2 s). */
  readonly connectTimeout?: number;
  /** Milliseconds a statement may take (default 10,000). */
  readonly statementTimeout?: number;
  /** Told when an idle connection dies; without a listener that would end the process. */
  readonly onError?: (error: Error) => void;
}

/**
 * A pool for the URL as Neon, Docker and libpq print it: `postgres://` or `postgresql://`, `sslmode`,
 * `sslrootcert`, `channel_binding`. With `sslmode=require` and stricter the server's certificate is
 * verified; `sslmode=no-verify` gives that up. Errors: `TypeError` when the URL cannot be read.
 */
export function createPool(url: string, options: PoolOptions = {}): Pool {
  const pool = new Pool({
    ...connectionConfig(url),
    max: options.max ?? 10,
    connectionTimeoutMillis: options.connectTimeout ?? 1500,
    // Kept by the client: a transaction pooler refuses statement_timeout at the start of a connection.
    query_timeout: options.statementTimeout ?? 10_000,
    keepAlive: true,
    application_name: "chatkeep",
  });
  pool.on("error", options.onError ?? (() => undefined));
  // From its first moment on: a server that dies may say so in the same packet in which it let us in.
  pool.on("connect", (connection) => connection.on("error", () => undefined));
  return pool;
}

/**
 * Takes a connection out of the pool; the caller releases it. When it is lost, the query that runs on it, or
 * the next one, says so. The driver says it besides as an event, which ends a process that does not listen.
 */
export async function takeConnection(pool: Pick<ConnectionPool, "connect">): Promise<Connection> {
  const connection = await pool.connect();
  connection.on("error", () => undefined);
  return connection;
}

/** Opens one connection, to look at a server; the caller ends it. Errors: the driver's own; its loss as above. */
export async function openConnection(url: string, connectTimeout = 5000): Promise<Client> {
  const client = new Client({ ...connectionConfig(url), connectionTimeoutMillis: connectTimeout });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

function connectionConfig(url: string): PoolConfig {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new TypeError(
      "The database URL cannot be read. It looks like postgres://user:password@host:5432/database.",
    );
  }
  if (parsed.protocol !== "postgres:" && parsed.protocol !== "postgresql:") {
    throw new TypeError(
      `The database URL begins with ${parsed.protocol}//; it has to begin with postgres://.`,
    );
  }
  const mode = parsed.searchParams.get("sslmode");
  const binding = parsed.searchParams.get("channel_binding");
  parsed.searchParams.delete("channel_binding");
  // What Node trusts by itself; the driver would look for a file of this name.
  if (parsed.searchParams.get("sslrootcert") === "system") parsed.searchParams.delete("sslrootcert");
  // The driver warns that it verifies under these names as well; we mean it to.
  if (mode === "require" || mode === "verify-ca") parsed.searchParams.set("sslmode", "verify-full");
  // "If the server has it": the driver cannot ask first, so off this machine it is taken at its word.
  if (mode === "prefer" || mode === "allow") {
    parsed.searchParams.set("sslmode", isLocal(parsed.hostname) ? "disable" : "verify-full");
  }
  const config = parse(parsed.href) as unknown as PoolConfig;
  return { ...config, enableChannelBinding: binding === "require" || binding === "prefer" };
}

function isLocal(host: string): boolean {
  return (
    host === "" || host === "localhost" || host === "127.0.0.1" || host === "[::1]" || host.startsWith("%2F")
  );
}
