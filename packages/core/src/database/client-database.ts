import { type Database, RAW, decodeRow, encode, statementOf } from "./database.ts";
import { failureOf } from "./failure.ts";
import { FUNCTIONS, type FunctionName, type SqlFunction } from "./functions.ts";
import type { Queryable } from "./pool.ts";
import { releaseSchema } from "./release.ts";

export interface ClientDatabaseOptions {
  /** The host's own connection, within a transaction of its own. */
  readonly client: Queryable;
  /** Default `chatkeep`. */
  readonly schema?: string | undefined;
}

/**
 * The SQL functions on one connection of the host's. Statements have no names, for the connection is not
 * ours to prepare on, and none is sent again: after an error the host's transaction is over.
 */
export function createClientDatabase({ client, schema }: ClientDatabaseOptions): Pick<Database, "call"> {
  const functions = releaseSchema(schema ?? "chatkeep");
  const call = async (
    name: FunctionName,
    args: Record<string, unknown>,
  ): Promise<Record<string, unknown>[]> => {
    const fn: SqlFunction = FUNCTIONS[name];
    const values = Object.entries(fn.args).map(([key, type]) => encode(type, args[key]));
    try {
      const { rows } = await client.query({ text: statementOf(functions, name, fn), values, types: RAW });
      return rows.map((row) => decodeRow(Object.entries(fn.returns), row as Record<string, string | null>));
    } catch (error) {
      throw failureOf(error);
    }
  };
  return { call: call as Database["call"] };
}
