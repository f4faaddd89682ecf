import { randomBytes } from "node:crypto";

import { releasesOf } from "../database/release.ts";
import { MigrationError } from "./migration-error.ts";
import { type Queryable, ask, run, serverVersion } from "./statement.ts";

/**
 * Which second lock holds: `roles` of their own that own tables and functions, or row-level security
 * `forced` on the migrating role, where the server gives no right to create roles.
 */
export type Security = "roles" | "forced";

/** The two roles of an install as the SQL files write them; see {@link nameRoles}. */
export const ROLES = ["chatkeep_store", "chatkeep_engine"] as const;

/** The SQLSTATE of a missing right. */
export const INSUFFICIENT_PRIVILEGE = "42501";

/**
 * The same connection, on which `chatkeep_store`, `chatkeep_engine` and `chatkeep_reader` in a statement's text stand for the roles of
 * this install. Roles belong to the whole server: under one name for all, whoever made them for one database could
 * act as them in another.
 */
export function nameRoles(connection: Queryable, suffix: string): Queryable {
  const name = (text: string): string =>
    text.replaceAll(/\bchatkeep_(?:store|engine|reader)\b/g, `$&${suffix}`);
  return { query: (config) => connection.query({ ...config, text: name(config.text) }) };
}

/** A suffix for the roles of a new install, that nobody has made roles under yet. */
export function newSuffix(): string {
  return `_${randomBytes(4).toString("hex")}`;
}

/** The name of a role that owns an install's tables; installs from before version 11 have no suffix. */
export const OWN_ROLE: RegExp = /^chatkeep_engine((?:_[0-9a-f]{8})?)$/;

/** What is said of the roles of an install, so that `uninstall` finds those that were left behind. */
export function roleComment(database: string, schema: string): string {
  return `Chatkeep: owns the schema "${schema}" of the database "${database}".`;
}

/**
 * Makes the two roles of a new install, if the server lets us; they cannot log in and hold no right but those on
 * our tables. To be called in a transaction.
 */
export async function makeRoles(connection: Queryable, schema: string): Promise<Security> {
  const database = String(await ask(connection, "select current_database()"));
  await run(connection, "savepoint roles");
  try {
    for (const role of ROLES) {
      await run(connection, `create role ${role} nologin nosuperuser nobypassrls noinherit`);
      await run(connection, `comment on role ${role} is ${literal(roleComment(database, schema))}`);
    }
    await joinRoles(connection);
    await run(connection, "release savepoint roles");
    return "roles";
  } catch (error) {
    if ((error as { code?: string }).code !== INSUFFICIENT_PRIVILEGE) throw error;
    await run(connection, "rollback to savepoint roles");
  }
  if ((await ask(connection, "select rolbypassrls from pg_roles where rolname = current_user")) === true) {
    throw new MigrationError(
      "This role bypasses row-level security and may not create roles, so nothing would keep one owner's rows from another's. Use a role without BYPASSRLS, or one with CREATEROLE.",
    );
  }
  return "forced";
}

/**
 * Lets the present role act as ours (`set role`), without inheriting their rights, until {@link leaveRoles}:
 * whoever logs in touches no table.
 */
export async function joinRoles(connection: Queryable): Promise<void> {
  for (const role of ROLES) await joinRole(connection, role);
}

/** As {@link joinRoles}, one of them. */
export async function joinRole(connection: Queryable, role: string): Promise<void> {
  const since16 = (await serverVersion(connection)) >= 160_000;
  const can = await ask(
    connection,
    `select pg_has_role(current_user, '${role}', '${since16 ? "set" : "member"}')`,
  );
  if (can === true) return;
  await run(connection, `grant ${role} to current_user ${since16 ? "with inherit false, set true" : ""}`);
}

/** Ends what {@link joinRoles} gave. The role that made ours can join again, for the next migration. */
export async function leaveRoles(connection: Queryable): Promise<void> {
  const since16 = (await serverVersion(connection)) >= 160_000;
  const { rows } = await connection.query({
    text: `select m.roleid::regrole::text as role from pg_auth_members m join pg_roles me on me.oid = m.member
      where m.roleid::regrole in (${ROLES.map((role) => `'${role}'`).join(", ")})
        and me.rolname = current_user and not me.rolsuper ${since16 ? "and m.grantor = me.oid" : ""}`,
  });
  for (const row of rows) {
    const { role } = row as { role: string };
    await run(connection, `revoke ${role} from current_user ${since16 ? "granted by current_user" : ""}`);
  }
}

/**
 * The logins that may call the functions, besides the install's own roles. One that may use the tables' schema alone
 * has foreign keys to it; where the functions are gone, that is who has no right on the views.
 */
export async function granteesOf(connection: Queryable, schema: string): Promise<string[]> {
  const { rows } = await connection.query({
    text: `
      with spaces as (select n.oid, n.nspowner, n.nspacl, n.nspname <> '${schema}' as is_release from pg_namespace n
        where n.nspname = '${schema}' or n.nspname ~ ${releasesOf(schema)})
      select distinct r.rolname as name
      from spaces n cross join aclexplode(n.nspacl) a join pg_roles r on r.oid = a.grantee
      where a.grantee <> n.nspowner and r.rolname not in ('chatkeep_store', 'chatkeep_reader')
        and (n.is_release or not exists (select from spaces s where s.is_release) and not exists (
          select from pg_namespace v cross join aclexplode(v.nspacl) g where v.nspname = '${schema}_views' and g.grantee = r.oid
        ))`,
  });
  return rows.map((row) => (row as { name: string }).name);
}

/**
 * Gives the functions of every release of `schema` to `logins`, and to nobody else. `as` acts as one of our roles:
 * only its owner can give a function away.
 */
export async function grantFunctions(
  connection: Queryable,
  schema: string,
  logins: readonly string[],
  as: (role: (typeof ROLES)[number]) => Promise<void>,
): Promise<void> {
  for (const login of logins) {
    if ((await ask(connection, `select oid from pg_roles where rolname = ${literal(login)}`)) !== null)
      continue;
    throw new MigrationError(
      `There is no login "${login}". Create it first: create role ${quote(login)} login password '…'.`,
    );
  }
  const to = logins.map(quote).join(", ");
  for (const role of ROLES) {
    await as(role);
    await run(
      connection,
      `do $chatkeep$ declare f regprocedure; s regnamespace; begin
        for f in
          select p.oid from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_roles o on o.oid = p.proowner
          where n.nspname ~ ${releasesOf(schema)} and o.rolname = current_user
        loop
          execute format('revoke execute on function %s from public', f);
          execute format('grant execute on function %s to %s', f, ${literal(to)});
        end loop;
        for s in
          select n.oid from pg_namespace n join pg_roles o on o.oid = n.nspowner
          where (n.nspname ~ ${releasesOf(schema)} or n.nspname = '${schema}') and o.rolname = current_user
        loop
          execute format('grant usage on schema %s to %s', s, ${literal(to)});
        end loop;
      end $chatkeep$`,
    );
  }
}

/** An identifier as SQL writes it: `"App"`. */
export function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

/** A text as SQL writes it. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
