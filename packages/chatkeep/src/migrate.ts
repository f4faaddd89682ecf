import { migrate } from "@chatkeep/core";
import type { Log } from "@chatkeep/server";

import { whenAwake, withDatabase } from "./database.ts";
import type { Environment } from "./environment.ts";

/** Options of {@link runMigrate}. */
export interface RunMigrateOptions {
  /** Logins that may serve from now on. */
  readonly logins?: readonly string[];
  /** Whether they may read all rows instead, to back them up. */
  readonly backup?: boolean | undefined;
  /** Whether to mend what a restore left wrong. */
  readonly repair?: boolean | undefined;
}

/**
 * `chatkeep migrate` and `chatkeep grant`: brings the schema to this release, lets `logins` serve it, and says what
 * it did in one sentence.
 */
export async function runMigrate(
  environment: Environment,
  log: Log,
  { logins = [], backup = false, repair = false }: RunMigrateOptions = {},
): Promise<string> {
  const { schema, embedding } = environment;
  return withDatabase(environment, log, async (pool) => {
    const { from, to } = await whenAwake(() =>
      migrate(pool, {
        schema,
        grantTo: backup ? [] : logins,
        backupTo: backup ? logins : [],
        repair,
        ...(embedding === undefined ? {} : { vectors: true }),
      }),
    );
    const names = logins.map((login) => `"${login}"`).join(", ");
    if (backup)
      return `${names} may read all rows of the schema "${schema}": back up with pg_dump --enable-row-security.`;
    if (logins.length > 0)
      return `The schema "${schema}" is at version ${to}, and ${names} may serve it, in later releases too.`;
    if (repair) return `The schema "${schema}" is at version ${to}, and whole.`;
    return from === to
      ? `The schema "${schema}" is at version ${to}; there was nothing to do.`
      : `The schema "${schema}" was brought from version ${from} to ${to}.`;
  });
}
