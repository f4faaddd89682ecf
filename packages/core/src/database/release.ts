import { FUNCTIONS_DIGEST, FUNCTION_TEXTS, MIGRATIONS } from "../generated/sql.ts";
import { FUNCTIONS, type SqlFunction } from "./functions.ts";

/** The version of the schema that this release works with: the number of its last migration. */
export const RELEASE: number = Math.max(...MIGRATIONS.map(({ version }) => version));

export function functionTexts(role: SqlFunction["role"]): string[] {
  return Object.entries<SqlFunction>(FUNCTIONS).flatMap(([name, fn]) =>
    fn.role === role ? [FUNCTION_TEXTS[name]!] : [],
  );
}

/**
 * The schema of this release's functions. Each release has its own, so that a node always calls the functions that it
 * was built with, even when they changed without a migration.
 */
export function releaseSchema(schema: string): string {
  return `${schema}_v${RELEASE}_${FUNCTIONS_DIGEST}`;
}

/** Matches the names of the schemas of functions that belong to `schema`, as a regular expression in SQL. */
export function releasesOf(schema: string): string {
  return `'^${schema}_v[0-9]+_[0-9a-f]{8}$'`;
}
