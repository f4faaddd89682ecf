import { ChatkeepError, type Json, type JsonObject } from "@chatkeep/protocol";

import { type ForeignConversation, object, text, time } from "../foreign.ts";

/** Runs a query; `pg`'s pools and clients do. */
interface Queryable {
  query(statement: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

export interface TableOptions {
  readonly tables: Queryable;
  /** The user, or the session of LangChain and n8n, by its id in the tables. */
  readonly of?: string | undefined;
  /** The name of the table, where it can be chosen. */
  readonly table?: string | undefined;
}

/** Reads the tables of another program. */
export interface TableReader {
  /** The program, for people. */
  readonly name: string;
  /** The name in ids and in `metadata.imported`. */
  readonly key: string;
  /** One conversation after another. */
  read(options: TableOptions): AsyncIterable<ForeignConversation>;
}

/** The rows of a statement that selects one JSON value. */
export async function rowsOf(
  { tables }: TableOptions,
  statement: string,
  values: unknown[],
): Promise<JsonObject[]> {
  const { rows } = await tables.query(statement, values);
  return rows.map((row) => object((row as { row: Json }).row) ?? {});
}

/**
 * The owners whose conversations are there, of which only one may be imported for one person. Errors: `invalid_request`
 * when `of` is not given and there are several.
 */
export function onlyOwner(owners: readonly JsonObject[], of: string | undefined): void {
  if (of !== undefined || owners.length <= 1) return;
  throw new ChatkeepError(
    "invalid_request",
    `There are conversations of ${owners.length} people. Say of whom: --of ID.`,
  );
}

/** A time as PostgreSQL writes it in JSON; without a zone it is in UTC. */
export function timeOf(value: Json | undefined): string | null {
  const written = text(value);
  if (written === undefined) return time(value);
  return time(/(Z|[+-]\d\d:?\d\d)$/.test(written) ? written : `${written.replace(" ", "T")}Z`);
}

/** A name in a statement. */
export function quoted(name: string): string {
  return name
    .split(".")
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join(".");
}
