import { type Connection, type ConnectionPool, takeConnection } from "../database/pool.ts";
import { examineInstall, foreignOf } from "./check.ts";
import { MigrationError } from "./migration-error.ts";
import { asOwner } from "./repair.ts";
import { lacksRight } from "./rights.ts";
import { INSUFFICIENT_PRIVILEGE, joinRole, quote, roleComment } from "./roles.ts";
import { type Queryable, ask, run, runLong } from "./statement.ts";
import { hasViews, viewsSchema } from "./views.ts";

export interface UninstallOptions {
  /** The schema of our tables (default `chatkeep`). */
  readonly schema?: string;
}

/** What {@link uninstall} removes, or removed. */
export interface Removal {
  /** The schemas: of the tables, of functions and of the views. */
  readonly schemas: readonly string[];
  /** Bytes of the tables with their indexes. */
  readonly bytes: number;
  /** Conversations by PostgreSQL's own estimate. */
  readonly conversations: number;
  readonly roles: readonly string[];
  /** Roles that stay, because another database of this server uses them. */
  readonly keptRoles: readonly string[];
  /** What other schemas have that depends on these: foreign keys and views, removed as well. */
  readonly dependents: readonly string[];
}

/** What {@link uninstall} would remove; changes nothing. Errors: as `uninstall`. */
export async function planUninstall(
  pool: Pick<ConnectionPool, "connect">,
  { schema = "chatkeep" }: UninstallOptions = {},
): Promise<Removal> {
  const connection = await takeConnection(pool);
  try {
    return await findRemoval(connection, schema);
  } finally {
    connection.release();
  }
}

/**
 * Removes all tables with their rows, all functions and the roles of an install, whole or in pieces, in one transaction.
 * Extensions stay, since others may use them. Errors: {@link MigrationError} where a right is missing or the schema
 * holds tables that are not Chatkeep's; the driver's own, with `55P03` where a table is in use for more than 2 s.
 */
export async function uninstall(
  pool: Pick<ConnectionPool, "connect">,
  { schema = "chatkeep" }: UninstallOptions = {},
): Promise<Removal> {
  const connection = await takeConnection(pool);
  try {
    await run(connection, "begin isolation level read committed");
    await run(connection, "set local statement_timeout = 0");
    const removal = await remove(connection, schema);
    await run(connection, "commit");
    connection.release();
    return removal;
  } catch (error) {
    const told =
      (error as { code?: string }).code === INSUFFICIENT_PRIVILEGE
        ? await run(connection, "rollback")
            .then(() => lacksRight(connection, schema, error as Error, "uninstall"))
            .catch(() => error)
        : error;
    connection.release(true);
    throw told;
  }
}

async function remove(connection: Connection, schema: string): Promise<Removal> {
  // The lock of `migrate`.
  await runLong(connection, "select pg_advisory_xact_lock(1667785076)");
  await run(connection, "set local lock_timeout = '2s'");
  const removal = await findRemoval(connection, schema);
  const owners = await ownersOf(connection, removal.schemas);
  for (const name of removal.schemas)
    await asOwner(connection, owners.get(name)!, `drop schema ${quote(name)} cascade`);
  const kept: string[] = [];
  for (const role of removal.roles) if (!(await dropRole(connection, role))) kept.push(role);
  return { ...removal, roles: removal.roles.filter((role) => !kept.includes(role)), keptRoles: kept };
}

async function findRemoval(connection: Queryable, schema: string): Promise<Removal> {
  const install = await examineInstall(connection, schema);
  const foreign = foreignOf(install);
  if (foreign.length > 0) {
    throw new MigrationError(
      `The schema "${schema}" holds tables that Chatkeep did not create (${foreign.slice(0, 3).join(", ")}). Move them to another schema first, or drop the schema yourself.`,
    );
  }
  const schemas = [
    ...(install.owner === null ? [] : [schema]),
    ...install.releases.map(({ name }) => name),
    ...((await hasViews(connection, schema)) ? [viewsSchema(schema)] : []),
  ];
  const database = String(await ask(connection, "select current_database()"));
  const { rows } = await connection.query({
    text: `
      with ours as (select n.oid, n.nspowner from pg_namespace n where n.nspname = any ($1::text[])),
      tables as (select c.oid, c.relname, c.reltuples from pg_class c join ours on ours.oid = c.relnamespace where c.relkind = 'r')
            select json_build_object(
        'bytes', (select coalesce(sum(pg_total_relation_size(t.oid)), 0) from tables t),
        'conversations', (
          select coalesce(sum(greatest(t.reltuples, pg_stat_get_live_tuples(t.oid), 0)), 0)::bigint from tables t
          where t.relname = 'conversations'
        ),
        'roles', (
          select coalesce(json_agg(r.rolname order by r.rolname), '[]') from pg_roles r
          where r.rolname ~ '^chatkeep_(store|engine|reader)(_[0-9a-f]{8})?$' and (
            regexp_replace(r.rolname, 'store|reader', 'engine') in (
              select o.rolname from ours join pg_roles o on o.oid = ours.nspowner
            )
            -- Left behind by "drop schema": nothing on this server is theirs.
            or shobj_description(r.oid, 'pg_authid') = $2
              and not exists (select from pg_shdepend d where d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid)
          )
        ),
        'dependents', (
          select coalesce(json_agg(distinct d.name), '[]') from (
            select format('the foreign key %I of %I.%I', k.conname, c.relnamespace::regnamespace, c.relname) as name
            from pg_constraint k join tables t on t.oid = k.confrelid join pg_class c on c.oid = k.conrelid
            where k.contype = 'f' and k.connamespace not in (select oid from ours)
            union all
            select format('the view %I.%I', v.relnamespace::regnamespace, v.relname)
            from pg_depend d join pg_rewrite w on w.oid = d.objid and d.classid = 'pg_rewrite'::regclass
            join pg_class v on v.oid = w.ev_class join tables t on t.oid = d.refobjid and d.refclassid = 'pg_class'::regclass
            where v.relnamespace not in (select oid from ours)
          ) d
        )
      ) as found`,
    values: [schemas, roleComment(database, schema)],
  });
  const { found } = rows[0] as { found: Omit<Removal, "schemas" | "keptRoles"> };
  return { ...found, schemas, keptRoles: [] };
}

async function ownersOf(connection: Queryable, schemas: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await connection.query({
    text: "select n.nspname as name, r.rolname as owner from pg_namespace n join pg_roles r on r.oid = n.nspowner where n.nspname = any ($1::text[])",
    values: [schemas],
  });
  return new Map((rows as { name: string; owner: string }[]).map(({ name, owner }) => [name, owner]));
}

/** Drops a role with what it was granted in this database; `false` where another database uses it. */
async function dropRole(connection: Queryable, role: string): Promise<boolean> {
  await run(connection, "savepoint role");
  try {
    await joinRole(connection, role);
    await run(connection, `set local role ${role}`);
    await run(connection, `drop owned by ${role}`);
    await run(connection, "reset role");
    await run(connection, `drop role ${role}`);
    await run(connection, "release savepoint role");
    return true;
  } catch (error) {
    // "Other objects depend on it."
    if ((error as { code?: string }).code !== "2BP01") throw error;
    await run(connection, "rollback to savepoint role");
    return false;
  }
}
