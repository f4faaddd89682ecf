import { type FunctionName, signatureOf } from "../database/functions.ts";
import { type Connection, type ConnectionPool, requirePool, takeConnection } from "../database/pool.ts";
import { RELEASE, functionTexts, releaseSchema } from "../database/release.ts";
import { MIGRATIONS, SECURITY } from "../generated/sql.ts";
import { grantReader, hasReader, openToReader } from "./backup-role.ts";
import { type Install, type InstallFault, examineInstall, faultsOf, missingOf, remedyOf } from "./check.ts";
import { MigrationError } from "./migration-error.ts";
import { type Reowned, complete, dropReleases, dropViews, reown } from "./repair.ts";
import { lacksRight } from "./rights.ts";
import {
  INSUFFICIENT_PRIVILEGE,
  OWN_ROLE,
  type Security,
  grantFunctions,
  granteesOf,
  joinRoles,
  leaveRoles,
  makeRoles,
  nameRoles,
  newSuffix,
  quote,
} from "./roles.ts";
import { type Queryable, ask, run, runLong, serverVersion } from "./statement.ts";
import { makeVectors } from "./vectors.ts";
import { detachViews, hasViews, makeViews, viewsSchema } from "./views.ts";

export interface MigrateOptions {
  /** The schema of our tables (default `chatkeep`); that of our functions is named after it. */
  readonly schema?: string;
  /**
   * Logins other than the migrating one that may call the functions from now on, those of later releases too
   * (default none).
   */
  readonly grantTo?: readonly string[];
  /** Logins that may read all rows from now on, for `pg_dump --enable-row-security` (default none). */
  readonly backupTo?: readonly string[];
  /**
   * Whether to mend what a restore left wrong (default `false`): owners, rights, policies, missing indexes and
   * constraints. Makes the functions of this release anew and drops those of others.
   */
  readonly repair?: boolean;
  /** Whether a place for embeddings is made where the server has pgvector 0.7 or newer (default `false`). */
  readonly vectors?: boolean;
}

/** What {@link migrate} did. */
export interface Migrated {
  /** The version before, 0 for a new schema. */
  readonly from: number;
  /** The version now: this release's, or that of a newer release which this one can work beside. */
  readonly to: number;
  readonly security: Security;
  /** Whether there is a place for embeddings; only where one was asked for. */
  readonly vectors?: boolean;
}

/** The oldest PostgreSQL that we work on, as `server_version_num`. */
const OLDEST_SERVER = 150_000;

/**
 * Brings the schema to this release, forward only. One transaction under one lock: any number of
 * processes may call it at once, through a transaction pooler too, and all but one find nothing to do.
 *
 * Errors: {@link MigrationError} when the server is too old or its database is not UTF8, a newer release made the schema such that this one
 * cannot work with it, or rights are missing; the driver's own when it cannot be reached, and with the code `55P03` or `40P01` when
 * a table is in use for more than 2 s or by whoever waits for us: try again.
 */
export async function migrate(pool: ConnectionPool, options: MigrateOptions = {}): Promise<Migrated> {
  const schema = options.schema ?? "chatkeep";
  if (!/^[a-z_][a-z0-9_]{0,47}$/.test(schema)) {
    throw new TypeError("`schema` has to be a plain name: small letters, digits and _, at most 48 of them.");
  }
  requirePool(pool);
  const connection = await takeConnection(pool);
  try {
    // Whatever the default is: whoever waited for the lock sees what was committed meanwhile.
    await run(connection, "begin isolation level read committed");
    // A platform's limit is meant for requests; a migration takes what it needs.
    await run(connection, "set local statement_timeout = 0");
    const migrated = await migrateLocked(connection, { ...options, schema });
    await run(connection, "commit");
    connection.release();
    return migrated;
  } catch (error) {
    const told = await tell(connection, schema, error, options.repair === true);
    connection.release(true);
    throw told;
  }
}

/** The error to throw: for a missing right, one that says who has it. */
async function tell(
  connection: Connection,
  schema: string,
  error: unknown,
  repair: boolean,
): Promise<unknown> {
  if ((error as { code?: string }).code !== INSUFFICIENT_PRIVILEGE) return error;
  return run(connection, "rollback")
    .then(() => lacksRight(connection, schema, error as Error, repair ? "migrate --repair" : "migrate"))
    .catch(() => error);
}

async function migrateLocked(
  given: Connection,
  {
    schema,
    grantTo = [],
    backupTo = [],
    vectors,
    repair = false,
  }: MigrateOptions & { readonly schema: string },
): Promise<Migrated> {
  await checkServer(given);
  // Held until the commit, so it works behind a transaction pooler. The number is "chat" in ASCII.
  await runLong(given, "select pg_advisory_xact_lock(1667785076)");
  // While we wait for whoever uses a table, as a backup does for hours, whoever comes for it waits behind us.
  await run(given, "set local lock_timeout = '2s'");

  const install = await examineInstall(given, schema);
  refuse(faultsOf(install, schema), repair);
  const exists = install.security !== null;
  if (repair && !exists) await dropReleases(given, schema);
  const reowned = repair && exists ? await reown(given, schema, install) : undefined;
  const from = exists ? await versionOf(given, schema, reowned) : 0;
  const breaking = from > RELEASE ? Number(await ask(given, `select "${schema}".breaking_version()`)) : 0;
  if (breaking > RELEASE) {
    throw new MigrationError(
      `The schema "${schema}" is at version ${from}, and this release works with none after ${breaking - 1}. Start the newer release, or point this one at another schema.`,
    );
  }
  const to = Math.max(from, RELEASE);
  const kept = reowned?.security ?? install.security;
  if (kept !== null && from === RELEASE) refuse(missingOf(install, schema, kept), repair);
  const suffix = reowned?.suffix ?? (kept === null ? newSuffix() : suffixOf(install));
  const connection = nameRoles(given, suffix);
  const security = kept ?? (await makeRoles(connection, schema));
  const functions = releaseSchema(schema);
  const has = await ask(connection, `select to_regnamespace('"${functions}"')`);
  if (backupTo.length > 0 && security === "forced") throw new MigrationError(backupOfForced(schema));
  if (from === to && has !== null && grantTo.length + backupTo.length === 0 && vectors !== true) {
    // Releases before version 11 stayed in them.
    if (security === "roles") await leaveRoles(connection);
    await registerRelease(connection, functions);
    return { from, to, security };
  }
  if (security === "roles") await joinRoles(connection);
  const login = String(await ask(connection, "select current_user"));
  const grantees = reowned?.logins ?? (await granteesOf(connection, schema));
  const logins = [...new Set([login, ...grantTo, ...grantees])];

  /** Acts as a role of ours, or, where there are none, as the one that migrates. */
  const as = async (role: "chatkeep_engine" | "chatkeep_store"): Promise<void> => {
    await run(connection, "reset role");
    if (security === "roles") await run(connection, `set local role ${role}`);
  };
  const owner = security === "roles" ? "chatkeep_engine" : quote(login);
  if (install.owner === null) await run(connection, `create schema "${schema}" authorization ${owner}`);
  // An administrator made it, and it is empty.
  else if (!exists && security === "roles")
    await run(connection, `alter schema "${schema}" owner to ${owner}`);
  if (has === null) await run(connection, `create schema "${functions}" authorization ${owner}`);
  // Without their tables they are only functions, of roles that are gone.
  if (!exists) await dropViews(connection, schema);
  const hadViews = await hasViews(connection, schema);
  if (!hadViews) await run(connection, `create schema "${viewsSchema(schema)}" authorization ${owner}`);

  if (from < RELEASE) await makeExtension(connection);
  await as("chatkeep_engine");
  await run(connection, `set local search_path = "${schema}", pg_temp`);
  if (!exists) await run(connection, bookkeeping(security));
  if (from < RELEASE && hadViews) await detachViews(connection, schema);
  for (const { version, name, breaking, sql } of MIGRATIONS.filter((migration) => migration.version > from)) {
    await runLong(connection, sql);
    // The column `breaking` came with version 11.
    const [columns, values] = breaking
      ? ["version, name, breaking", `${version}, '${name}', true`]
      : ["version, name", `${version}, '${name}'`];
    await run(connection, `insert into migrations (${columns}) values (${values})`);
  }
  if (!exists) await run(connection, SECURITY[security].replaceAll(":schema", `"${schema}"`));
  if (reowned !== undefined && to === RELEASE) await complete(connection, schema, security);

  if (has === null) {
    await run(connection, `set local search_path = "${functions}", "${schema}", pg_temp`);
    // What a function's body names is looked up when it is first called, so their order does not matter.
    for (const sql of functionTexts("engine")) await run(connection, sql);
    if (security === "roles") {
      await run(connection, `grant usage, create on schema "${functions}" to chatkeep_store`);
      await run(
        connection,
        `grant execute on function ${OF_THE_STORE.map(signatureOf).join(", ")} to chatkeep_store`,
      );
    }
    await as("chatkeep_store");
    for (const sql of functionTexts("store")) await run(connection, sql);
    if (security === "roles") {
      await run(
        connection,
        `grant execute on function ${OF_THE_ENGINE.map(signatureOf).join(", ")} to chatkeep_engine`,
      );
    }
  }
  // An older release leaves the views of a newer one.
  if (to === RELEASE && (has === null || !hadViews)) {
    await as("chatkeep_engine");
    await makeViews(connection, schema, login);
  }
  if (has === null || grantTo.length > 0) await grantFunctions(connection, schema, logins, as);
  await run(connection, "reset role");
  if (backupTo.length > 0) await grantReader(connection, schema, backupTo);
  if (security === "roles" && (await hasReader(connection))) {
    await as("chatkeep_engine");
    await openToReader(connection, schema);
    await run(connection, "reset role");
  }
  const made = vectors === true ? { vectors: await makeVectors(connection, { schema, functions, as }) } : {};
  if (security === "roles") await leaveRoles(connection);
  await registerRelease(connection, functions);
  return { from, to, security, ...made };
}

/** Throws the first fault, unless it is one that `repair` mends. */
function refuse(faults: readonly InstallFault[], repair: boolean): void {
  const fault = faults.find(({ remedy }) => !repair || remedy !== "repair");
  if (fault !== undefined) throw new MigrationError(`${fault.text} ${remedyOf(fault)}`);
}

/** The version that the schema is at. */
async function versionOf(connection: Queryable, schema: string, reowned?: Reowned): Promise<number> {
  if (reowned?.security === "roles") await run(connection, `set local role chatkeep_engine${reowned.suffix}`);
  const version = Number(await ask(connection, `select "${schema}".schema_version()`));
  if (reowned !== undefined) await run(connection, "reset role");
  return version;
}

function backupOfForced(schema: string): string {
  return `The schema "${schema}" has no roles of its own. Back it up as the login that owns it: PGOPTIONS="-c chatkeep.engine=on" pg_dump --enable-row-security.`;
}

/** The suffix of the roles of an install that is whole. */
function suffixOf({ tables }: Install): string {
  return OWN_ROLE.exec(tables["migrations"]!)?.[1] ?? "";
}

/** Keeps the functions of this release from being dropped: nobody may have called them yet. */
async function registerRelease(connection: Queryable, functions: string): Promise<void> {
  await run(connection, `select "${functions}".register_release()`);
}

/** Search is faster with btree_gin (see 0005_search.sql); where the server does not let us have it, it works without. */
async function makeExtension(connection: Queryable): Promise<void> {
  await run(connection, "savepoint extension");
  try {
    await run(connection, "create extension if not exists btree_gin with schema public");
    await run(connection, "release savepoint extension");
  } catch {
    await run(connection, "rollback to savepoint extension");
  }
}

/** The engine's functions that the owners' call: none gives a word of what anybody wrote. */
const OF_THE_STORE: readonly FunctionName[] = [
  "conversation_exists",
  "handle_exists",
  "hold_node",
  "record_audit",
  "match_messages",
  "match_titles",
  "match_terms",
];

/** The one of the owners' functions that the engine calls: for the owner that it names, as everybody does. */
const OF_THE_ENGINE: readonly FunctionName[] = ["purge_messages", "release_files", "erase_file"];

async function checkServer(connection: Queryable): Promise<void> {
  if ((await serverVersion(connection)) < OLDEST_SERVER) {
    const version = String(await ask(connection, "select current_setting('server_version')"));
    throw new MigrationError(
      `PostgreSQL ${version} is too old: Chatkeep needs 15 or newer. Upgrade the server.`,
    );
  }
  const encoding = String(await ask(connection, "select current_setting('server_encoding')"));
  if (encoding !== "UTF8") {
    throw new MigrationError(
      `The database has the encoding ${encoding}, and Chatkeep needs UTF8. Make another with "createdb -T template0 -E UTF8 NAME".`,
    );
  }
}

function bookkeeping(security: Security): string {
  return `
    create table migrations (
      version integer primary key,
      name text not null,
      migrated_at timestamptz not null default clock_timestamp()
    );
    create function schema_version() returns integer language sql security definer set search_path from current
      as 'select coalesce(max(version), 0) from migrations';
    create function schema_security() returns text language sql immutable as $$ select '${security}' $$;
  `;
}
