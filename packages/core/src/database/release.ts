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

/** The schema that holds the functions of this release, so that those of others can stand beside it. */
export function releaseSchema(schema: string): string {
  return `${schema}_v${RELEASE}`;
}

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

/** The texts of the SQL functions: the owners', the books', and the engine's. */
export function readFunctions(folder: "sql" | "sql/book" | "sql/engine"): string[] {
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
