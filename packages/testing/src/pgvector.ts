import { existsSync } from "node:fs";

/** Where Debian's `postgresql-18-pgvector` puts its library, and the folder above its `extension`. */
const LIBRARY = "/usr/lib/postgresql/18/lib";
const SHARE = "/usr/share/postgresql/18";

/** Whether pgvector is installed for the PostgreSQL 18 that we bring; `.ci/pgvector` sees to it. */
export function hasPgvector(): boolean {
  return process.env["TEST_POSTGRES"] === undefined && existsSync(`${LIBRARY}/vector.so`);
}

/** Settings with which the embedded PostgreSQL 18 finds Debian's pgvector beside its own extensions. */
export const PGVECTOR_SETTINGS: Record<string, string> = {
  dynamic_library_path: `$libdir:${LIBRARY}`,
  extension_control_path: `$system:${SHARE}`,
};
