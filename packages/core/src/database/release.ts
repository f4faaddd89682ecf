import { hash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";

/** One numbered migration. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

const MIGRATIONS = new URL("../migrations/", import.meta.url);
const FILE = /^(\d{4})_[a-z_]+\.sql$/;

/** The version of the schema that this release works with: the number of its last migration. */
export const RELEASE: number = Math.max(
  ...readdirSync(MIGRATIONS).map((file) => Number(FILE.exec(file)?.[1] ?? 0)),
);

/** The migrations after version `after`, in order. */
export function readMigrations(after: number): Migration[] {
  return readdirSync(MIGRATIONS)
    .sort()
    .flatMap((file) => {
      const version = Number(FILE.exec(file)?.[1] ?? 0);
      return version > after
        ? [{ version, name: file, sql: readFileSync(new URL(file, MIGRATIONS), "utf8") }]
        : [];
    });
}

/** The texts of the owners' functions are in the first, of the books' and the engine's in the others. */
const FOLDERS = ["sql", "sql/book", "sql/engine"] as const;

/** The texts of the SQL functions of a folder. */
export function readFunctions(folder: (typeof FOLDERS)[number]): string[] {
  const base = new URL(`../${folder}/`, import.meta.url);
  return readdirSync(base)
    .filter((file) => file.endsWith(".sql"))
    .sort()
    .map((file) => readFileSync(new URL(file, base), "utf8"));
}

/** The text of the row-level security that the server allows. */
export function readSecurity(kind: "roles" | "forced"): string {
  return readFileSync(new URL(`../security/${kind}.sql`, import.meta.url), "utf8");
}

const DIGEST: string = hash("sha256", FOLDERS.flatMap(readFunctions).join("\n")).slice(0, 8);

/**
 * The schema that holds the functions of this release, so that those of others can stand beside it: a node calls
 * the functions that it was made with, also where a change of them needed no migration.
 */
export function releaseSchema(schema: string): string {
  return `${schema}_v${RELEASE}_${DIGEST}`;
}
