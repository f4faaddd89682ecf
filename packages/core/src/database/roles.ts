import { MigrationError } from "./migration-error.ts";
import { type Queryable, ask, run, serverVersion } from "./statement.ts";

/**
 * Which second lock holds: `roles` of their own that own tables and functions, or row-level security
 * `forced` on the migrating role, where the server gives no right to create roles.
 */
export type Security = "roles" | "forced";

/** The SQLSTATE of a missing right. */
export const INSUFFICIENT_PRIVILEGE = "42501";

const ROLES = ["chatkeep_store", "chatkeep_engine"] as const;

/**
 * Makes our two roles, if they are not there and the server lets us; they are the same for every schema
 * of a server, cannot log in and hold no right but those on our tables. To be called in a transaction.
 */
export async function makeRoles(connection: Queryable): Promise<Security> {
  await run(connection, "savepoint roles");
  try {
    for (const role of ROLES) {
      await run(
        connection,
        `do $$ begin
           if to_regrole('${role}') is null then
             create role ${role} nologin nosuperuser nobypassrls noinherit;
           end if;
         exception when duplicate_object or unique_violation then null;
         end $$`,
      );
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
 * Lets the present role act as ours (`set role`) without having their rights otherwise: whoever logs in
 * touches no table. Before PostgreSQL 16 a member inherits, so {@link leaveRoles} ends it again.
 */
export async function joinRoles(connection: Queryable): Promise<void> {
  const since16 = (await serverVersion(connection)) >= 160_000;
  for (const role of ROLES) {
    const can = await ask(
      connection,
      `select pg_has_role(current_user, '${role}', '${since16 ? "set" : "member"}')`,
    );
    if (can === true) continue;
    await run(connection, `grant ${role} to current_user ${since16 ? "with inherit false, set true" : ""}`);
  }
}

/** Ends, before PostgreSQL 16, a membership through which a role that logs in would inherit our rights. */
export async function leaveRoles(connection: Queryable): Promise<void> {
  if ((await serverVersion(connection)) >= 160_000) return;
  const member =
    "select pg_has_role(current_user, 'chatkeep_engine', 'member') and not rolsuper from pg_roles where rolname = current_user";
  if ((await ask(connection, member)) === true)
    await run(connection, `revoke ${ROLES.join(", ")} from current_user`);
}
