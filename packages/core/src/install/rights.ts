import { MigrationError } from "./migration-error.ts";
import { type Queryable, ask } from "./statement.ts";

/** The commands that need the rights of an owner, and what each does to the schema. */
const WORK = { migrate: "migrate", "migrate --repair": "mend", uninstall: "remove" } as const;

/** The error of a login that lacks a right to migrate or to use `schema`: who has it, and what to run. */
export async function lacksRight(
  connection: Queryable,
  schema: string,
  cause: Error,
  command: keyof typeof WORK = "migrate",
): Promise<MigrationError> {
  const login = String(await ask(connection, "select current_user"));
  const owners = await migratingLogins(connection, schema);
  const who = owners.length === 0 ? "a superuser" : owners.map((name) => `"${name}"`).join(" or ");
  const told = (sentence: string): MigrationError =>
    new MigrationError(`${sentence} (PostgreSQL: ${cause.message}.)`, { cause });

  if (command !== "migrate") {
    return told(
      `"${login}" may not ${WORK[command]} the schema "${schema}". Run "chatkeep ${command}" as ${who}.`,
    );
  }
  const exists = await ask(connection, `select oid from pg_namespace where nspname = '${schema}'`);
  if (exists === null) {
    return told(
      `"${login}" may not set up the schema "${schema}". Run "chatkeep migrate" with a role that owns the database, then "chatkeep grant ${login}" with the same role.`,
    );
  }
  if ((await ask(connection, `select has_schema_privilege('${schema}', 'usage')`)) !== true) {
    return told(
      `"${login}" may not use the schema "${schema}". Run "chatkeep grant ${login}" as ${who}, who may migrate it.`,
    );
  }
  return told(
    `"${login}" may use the schema "${schema}", but not bring it to this release. Run "chatkeep migrate" as ${who}; what "${login}" may use stays as it is.`,
  );
}

/** The logins, superusers aside, that can migrate the schema: the members of its own role, or its owner. */
async function migratingLogins(connection: Queryable, schema: string): Promise<string[]> {
  const { rows } = await connection.query({
    text: `select r.rolname as name from pg_namespace n, pg_roles r
      where n.nspname = '${schema}' and r.rolcanlogin and not r.rolsuper
        and pg_has_role(r.oid, n.nspowner, 'member') and has_database_privilege(r.oid, current_database(), 'create')
      order by 1`,
  });
  return rows.map((row) => (row as { name: string }).name);
}
