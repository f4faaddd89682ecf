import { RELEASE, readFunctions, readMigrations, readSecurity, releaseSchema } from "./release.ts";
import type { Connection, ConnectionPool, Queryable } from "./pool.ts";

/** What {@link migrate} takes. */
export interface MigrateOptions {
  /** The schema of our tables (default `chatkeep`); that of our functions is named after it. */
  readonly schema?: string;
  /** Roles other than the migrating one that the server logs in as (default none): they may call the functions. */
  readonly grantTo?: readonly string[];
}

/** What {@link migrate} did. */
export interface Migrated {
  /** The version before, 0 for a new schema. */
  readonly from: number;
  readonly to: number;
  /** Which second lock holds: roles of their own, or row-level security forced on the migrating role. */
  readonly security: "roles" | "forced";
}

/** A schema that cannot be migrated; the message says what to do. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}

/** The oldest PostgreSQL that we work on, as `server_version_num`. */
const OLDEST_SERVER = 150_000;

/**
 * Brings the schema to this release, forward only. One transaction under one lock: any number of
 * processes may call it at once, through a transaction pooler too, and all but one find nothing to do.
 *
 * Errors: {@link MigrationError} when the server is too old, the schema is newer than this release, or
 * rights are missing; the driver's own when it cannot be reached.
 */
export async function migrate(pool: ConnectionPool, options: MigrateOptions = {}): Promise<Migrated> {
  const schema = options.schema ?? "chatkeep";
  if (!/^[a-z_][a-z0-9_]{0,47}$/.test(schema)) {
    throw new TypeError("`schema` has to be a plain name: small letters, digits and _, at most 48 of them.");
  }
  const connection = await pool.connect();
  try {
    await run(connection, "begin");
    const migrated = await migrateLocked(connection, schema, options.grantTo ?? []);
    await run(connection, "commit");
    connection.release();
    return migrated;
  } catch (error) {
    connection.release(true);
    if ((error as { code?: string }).code === "42501") {
      const detail = `This role lacks a right to set up the schema "${schema}" (${(error as Error).message}). Run "chatkeep migrate" once with a role that owns the database.`;
      throw new MigrationError(detail, { cause: error });
    }
    throw error;
  }
}

async function migrateLocked(connection: Connection, schema: string, grantTo: readonly string[]): Promise<Migrated> {
  const server = await value(connection, "select current_setting('server_version_num')");
  if (Number(server) < OLDEST_SERVER) {
    const version = await value(connection, "select current_setting('server_version')");
    throw new MigrationError(`PostgreSQL ${version} is too old: Chatkeep needs 15 or newer. Upgrade the server.`);
  }
  // Held until the commit, so it works behind a transaction pooler. The key is ours: "chat" in ASCII.
  await run(connection, "select pg_advisory_xact_lock(1667785076)");

  const exists = await value(connection, `select to_regclass('"${schema}".migrations')::text`);
  const from = exists === null ? 0 : Number(await value(connection, `select "${schema}".schema_version()`));
  if (from > RELEASE) {
    throw new MigrationError(
      `The schema "${schema}" is at version ${from}, this release knows only ${RELEASE}. Start the newer release, or point this one at another schema.`,
    );
  }
  const functions = releaseSchema(schema);
  const ready = await value(connection, `select to_regnamespace('"${functions}"')::text`);
  if (from === RELEASE && ready !== null) {
    const security = await value(connection, `select "${schema}".schema_security()`);
    await grantFunctions(connection, schema, functions, grantTo);
    return { from, to: RELEASE, security: security as Migrated["security"] };
  }

  const login = String(await value(connection, "select current_user"));
  const security = from === 0 ? await makeRoles(connection) : String(await value(connection, `select "${schema}".schema_security()`));
  const as = async (role: string): Promise<void> => {
    await run(connection, "reset role");
    if (security === "roles") await run(connection, `set local role ${role}`);
  };
  if (from === 0) {
    const owner = security === "roles" ? "chatkeep_engine" : quote(login);
    await run(connection, `create schema if not exists "${schema}" authorization ${owner}`);
  }
  if (from < RELEASE || ready === null) {
    const owner = security === "roles" ? "chatkeep_engine" : quote(login);
    await run(connection, `create schema "${functions}" authorization ${owner}`);
  }

  await as("chatkeep_engine");
  await run(connection, `set local search_path = "${schema}", pg_temp`);
  if (from === 0) {
    await run(connection, bookkeeping(security));
    await run(connection, `grant usage on schema "${schema}" to ${quote(login)}`);
  }
  for (const migration of readMigrations(from)) {
    await run(connection, migration.sql);
    await run(connection, `insert into migrations (version, name) values (${migration.version}, '${migration.name}')`);
  }
  if (from === 0) await run(connection, readSecurity(security as Migrated["security"]).replaceAll(":schema", `"${schema}"`));

  await run(connection, `set local search_path = "${functions}", "${schema}", pg_temp`);
  // A function's body is looked at when it is first called, so their order does not matter.
  for (const sql of [...readFunctions("sql/engine"), ...readFunctions("sql/book")]) await run(connection, sql);
  if (security === "roles") {
    await run(connection, `grant usage, create on schema "${functions}" to chatkeep_store`);
    await run(connection, `revoke execute on all functions in schema "${functions}" from public`);
    await run(connection, `grant execute on function conversation_exists(text) to chatkeep_store`);
    await as("chatkeep_store");
  }
  for (const sql of readFunctions("sql")) await run(connection, sql);
  await grantFunctions(connection, schema, functions, [login, ...grantTo]);
  await run(connection, "reset role");
  return { from, to: RELEASE, security: security as Migrated["security"] };
}

/** Makes the two roles, if the server lets us; they are the same for every schema and hold no right of their own. */
async function makeRoles(connection: Connection): Promise<"roles" | "forced"> {
  await run(connection, "savepoint roles");
  try {
    for (const role of ["chatkeep_store", "chatkeep_engine"]) {
      await run(
        connection,
        `do $$ begin
           create role ${role} nologin nosuperuser nobypassrls noinherit;
         exception when duplicate_object or unique_violation then null;
         end $$`,
      );
      // Enough to act as it when it is said (set role); its rights are not ours otherwise.
      const isMember = await value(
        connection,
        `select r.rolsuper or pg_has_role(current_user, '${role}', 'member') from pg_roles r where r.rolname = current_user`,
      );
      if (isMember !== true) await run(connection, `grant ${role} to current_user`);
      await run(connection, `set local role ${role}`);
      await run(connection, "reset role");
    }
    await run(connection, "release savepoint roles");
    return "roles";
  } catch (error) {
    await run(connection, "rollback to savepoint roles");
    if ((error as { code?: string }).code !== "42501") throw error;
    const bypasses = await value(
      connection,
      "select rolsuper or rolbypassrls from pg_roles where rolname = current_user",
    );
    if (bypasses === true) {
      throw new MigrationError(
        "This role bypasses row-level security and may not create roles, so nothing would keep one owner's rows from another. Use a role without BYPASSRLS, or one with CREATEROLE.",
      );
    }
    return "forced";
  }
}

function bookkeeping(security: string): string {
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

async function grantFunctions(
  connection: Connection,
  schema: string,
  functions: string,
  roles: readonly string[],
): Promise<void> {
  if (roles.length === 0) return;
  const to = roles.map(quote).join(", ");
  await run(connection, "reset role");
  for (const role of (await value(connection, `select "${schema}".schema_security()`)) === "roles" ? ["chatkeep_engine", "chatkeep_store"] : []) {
    await run(connection, `set local role ${role}`);
    if (role === "chatkeep_engine") {
      await run(connection, `grant usage on schema "${schema}", "${functions}" to ${to}`);
    }
    await run(connection, ownFunctionsGrant(functions, to));
    await run(connection, "reset role");
  }
}

/** Grants the functions that the present role owns: another's cannot be granted. */
function ownFunctionsGrant(functions: string, to: string): string {
  return `do $$ declare f regprocedure; begin
    for f in select p.oid::regprocedure from pg_proc p
      where p.pronamespace = '"${functions}"'::regnamespace and p.proowner = current_user::regrole
    loop
      execute format('revoke execute on function %s from public', f);
      execute format('grant execute on function %s to ${to.replaceAll("'", "''")}', f);
    end loop;
  end $$`;
}

function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

async function run(connection: Queryable, text: string): Promise<void> {
  await connection.query({ text });
}

async function value(connection: Queryable, text: string): Promise<unknown> {
  const { rows } = await connection.query({ text });
  const row = rows[0] as Record<string, unknown> | undefined;
  return row === undefined ? null : (Object.values(row)[0] ?? null);
}
