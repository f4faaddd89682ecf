import type { Log } from "@chatkeep/server";

import type { Environment } from "./environment.ts";

/** The database that the command works on. */
export interface OpenDatabase {
  readonly url: string;
  readonly kind: "embedded" | "external";
  /** Ends the embedded one; leaves an external one alone. */
  close(): Promise<void>;
}

/** The database that the environment names, or the embedded one, started. Throws its `EmbeddedDatabaseError`. */
export async function openDatabase({ databaseUrl, home }: Environment, log: Log): Promise<OpenDatabase> {
  if (databaseUrl !== undefined)
    return { url: databaseUrl, kind: "external", close: () => Promise.resolve() };
  const { openEmbeddedDatabase } = await import("./embedded.ts");
  const embedded = await openEmbeddedDatabase({ home, log });
  return { url: embedded.url, kind: "embedded", close: () => embedded.close() };
}
