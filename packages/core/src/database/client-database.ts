import { type Database, RAW, statementOf } from "./database.ts";
import { failureOf } from "./failure.ts";
import { FUNCTIONS, type FunctionName, type SqlFunction } from "./functions.ts";
import type { Queryable } from "./pool.ts";
import { releaseSchema } from "./release.ts";
import { decodeRow, encode } from "./values.ts";

export interface ClientDatabaseOptions {
  /** The host's connection, inside its transaction. */
  readonly client: Queryable;
  /** Default `chatkeep`. */
  readonly schema?: string | undefined;
  /** Milliseconds that a statement may take. Default: the connection's. */
  readonly timeout?: number;
}

/**
 * The SQL functions on a connection of the host. Statements are not prepared, because the connection is not ours, and
 * never retried, because an error aborts the host's transaction.
 */
export function createClientDatabase(options: ClientDatabaseOptions): Pick<Database, "call"> {
  const { client, schema, timeout } = options;
  const functions = releaseSchema(schema ?? "chatkeep");
  const call = async (
    name: FunctionName,
    args: Record<string, unknown>,
  ): Promise<Record<string, unknown>[]> => {
    const fn: SqlFunction = FUNCTIONS[name];
    const values = Object.entries(fn.args).map(([key, type]) => encode(type, args[key]));
    try {
      const { rows } = await client.query({
        text: statementOf(functions, name, fn),
        values,
        types: RAW,
        ...(timeout === undefined ? {} : { query_timeout: timeout }),
      });
      return rows.map((row) => decodeRow(Object.entries(fn.returns), row as Record<string, string | null>));
    } catch (error) {
      throw failureOf(error);
    }
  };
  return { call: call as Database["call"] };
}
