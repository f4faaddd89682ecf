import { randomUUID } from "node:crypto";

import { FUNCTIONS, type SqlFunction } from "../database/functions.ts";
import { type ConnectionPool, type Queryable, takeConnection } from "../database/pool.ts";
import { releaseSchema } from "../database/release.ts";

/** The database does not isolate owners, because it differs from what `migrate` created. */
export class IsolationError extends Error {
  override readonly name = "IsolationError";
}

/** Options of {@link checkIsolation}. */
export interface IsolationOptions {
  /** The schema that `migrate` created. Default `chatkeep`. */
  readonly schema?: string;
}

/** The result of {@link checkIsolation}, in sentences. */
export interface Isolation {
  /** Faults: one owner could read another's rows. */
  readonly faults: string[];
  /** Other logins that can read all rows with their password. No request can. */
  readonly warnings: string[];
}

/**
 * Checks in the live database that no owner can read another's rows: inspects the catalogs, then writes a conversation,
 * tries to read it as another owner, and rolls back. So it takes one connection, not a pool. `migrate` must have run.
 * Errors: the driver's.
 */
export async function checkIsolation(
  connection: Queryable,
  { schema = "chatkeep" }: IsolationOptions = {},
): Promise<Isolation> {
  await connection.query({ text: "begin" });
  try {
    const faults = await checkCatalog(connection, schema);
    const warnings = await checkLogins(connection, schema);
    if (faults.length === 0) faults.push(...(await checkByReading(connection, releaseSchema(schema))));
    return { faults, warnings };
  } finally {
    await connection.query({ text: "rollback" });
  }
}

/** Returns the warnings of {@link checkIsolation}. Throws {@link IsolationError} with all faults. */
export async function requireIsolation(
  pool: Pick<ConnectionPool, "connect">,
  options: IsolationOptions = {},
): Promise<string[]> {
  const connection = await takeConnection(pool);
  let found: Isolation;
  try {
    found = await checkIsolation(connection, options);
    connection.release();
  } catch (error) {
    connection.release(true);
    throw error;
  }
  if (found.faults.length === 0) return found.warnings;
  throw new IsolationError(
    `The database does not keep one person's conversations from another's, so nothing is served:\n${found.faults.join("\n")}`,
  );
}

/**
 * Checks the catalogs. Every table with a column `owner_id` holds owners' rows, and so does `owners`. The audit log belongs
 * to the operator.
 */
async function checkCatalog(connection: Queryable, schema: string): Promise<string[]> {
  const { rows } = await connection.query({
    text: `
      with security as (
        select "${schema}".schema_security() as kind, r.rolname as engine, replace(r.rolname, 'engine', 'store') as store
        from pg_namespace n join pg_roles r on r.oid = n.nspowner where n.nspname = $1
      ), functions as (
        select p.proname, p.prosecdef, p.proacl, r.rolname, r.rolsuper or r.rolbypassrls as is_free,
          p.proname = any ($2::text[]) as is_store
        from pg_proc p join pg_roles r on r.oid = p.proowner
        where p.pronamespace = '"${releaseSchema(schema)}"'::regnamespace
      ), tables as (
        select c.relname, c.oid, c.relrowsecurity and c.relforcerowsecurity as is_locked, r.rolname,
          r.rolsuper or r.rolbypassrls as is_free,
          c.relname = 'owners' or c.relname <> 'audit' and exists (
            select from pg_attribute a where a.attrelid = c.oid and a.attname = 'owner_id'
          ) as is_owned
        from pg_class c join pg_roles r on r.oid = c.relowner
        where c.relnamespace = '"${schema}"'::regnamespace and c.relkind in ('r', 'p')
      )
      select format('The table %s has no forced row-level security.', relname) as fault from tables
      where is_owned and not is_locked
      union all
      select format('The table %s belongs to %s, whom row-level security does not bind.', relname, rolname) from tables
      where is_owned and is_free
      union all
      select format('The function %s runs as %s, whom row-level security does not bind.', proname, rolname) from functions
      where is_free
      union all
      select format('The function %s runs as whoever calls it.', proname) from functions where not prosecdef
      union all
      select format('The function %s runs as %s, not as %s.', proname, rolname, store) from functions, security
      where kind = 'roles' and is_store and rolname <> store
      union all
      select format('Anybody may call the function %s.', proname) from functions
      where proacl is null or exists (select from aclexplode(proacl) a where a.grantee = 0)
      union all
      select format('The table %s has a policy "%s" that is not ours.', p.tablename, p.policyname) from pg_policies p, security
      where p.schemaname = $1 and not (
        (p.policyname = 'owner' and p.qual like '%chatkeep.owner%')
        or (p.policyname = 'engine' and (
          (kind = 'roles' and p.roles = array[engine]) or (kind = 'forced' and p.qual like '%chatkeep.engine%')
        ))
        or (p.policyname = 'reader' and p.cmd = 'SELECT' and p.roles = array[replace(engine, 'engine', 'reader')::name])
      )
      union all
      select format('"%s" logs in and may %s in the tables of "%s" (%s): revoke it, nothing of ours needs it.',
        current_user, string_agg(distinct lower(privilege), ', '), $1, string_agg(distinct relname, ', '))
      from tables, security, unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE}'::text[]) privilege
      where kind = 'roles' and not (select r.rolsuper from pg_roles r where r.rolname = current_user)
        and has_table_privilege(tables.oid, privilege)
        and not (privilege = 'SELECT' and exists (
          select from pg_roles r where r.rolname = replace(engine, 'engine', 'reader') and pg_has_role(r.oid, 'usage')
        ))
        -- What a platform gives its owner on all tables.
        and not pg_has_role(
          case when privilege = 'SELECT' then 'pg_read_all_data' else 'pg_write_all_data' end, 'usage'
        )
      having count(*) > 0
    `,
    values: [schema, STORE_FUNCTIONS],
  });
  return rows.map((row) => (row as { fault: string }).fault);
}

const STORE_FUNCTIONS = Object.entries<SqlFunction>(FUNCTIONS).flatMap(([name, fn]) =>
  fn.role === "store" ? [name] : [],
);

/**
 * Finds logins that can read all rows directly. Since PostgreSQL 16 the creator of a role can join it, and a platform's
 * owner role can read all tables. Any other login is a fault.
 */
async function checkLogins(connection: Queryable, schema: string): Promise<string[]> {
  const { rows } = await connection.query({
    text: `
      with ours as (
        select n.nspowner, r.rolname as engine from pg_namespace n join pg_roles r on r.oid = n.nspowner
        where n.nspname = $1 and "${schema}".schema_security() = 'roles'
      ), logins as (
        select r.oid, r.rolname from pg_roles r where r.rolcanlogin and not r.rolsuper
      )
      select format('"%s" may read all rows of all tables (%s): keep its password as secret as the data, or serve as a login without that right ("chatkeep grant LOGIN").',
        l.rolname, string_agg(p.name, ' and ')) as warning
      from logins l, ours, unnest('{pg_read_all_data,pg_write_all_data}'::text[]) p (name)
      where l.rolname = current_user and pg_has_role(l.oid, p.name, 'usage')
      group by l.rolname
      union all
      select format('"%s" may read all rows, to back them up: serve as another login ("chatkeep grant LOGIN").', l.rolname)
      from logins l, ours join pg_roles r on r.rolname = replace(ours.engine, 'engine', 'reader')
      where l.rolname = current_user and pg_has_role(l.oid, r.oid, 'usage')
      union all
      select format('"%s" may act as "%s", which reads all rows, though it may create nothing in this database: "revoke %s from %s".',
        l.rolname, engine, engine, quote_ident(l.rolname))
      from logins l, ours
      where pg_has_role(l.oid, nspowner, 'member') and not has_database_privilege(l.oid, current_database(), 'create')
    `,
    values: [schema],
  });
  return rows.map((row) => (row as { warning: string }).warning);
}

/** Writes a conversation as a random owner and reads it as another. */
async function checkByReading(connection: Queryable, functions: string): Promise<string[]> {
  const owner = randomUUID();
  const stranger = randomUUID();
  const conversation = randomUUID();
  await connection.query({
    text: `select from "${functions}".create_conversation($1, 'session', $2, true, null, null, null, null, '{}', null, null, false, 1, false)`,
    values: [owner, conversation],
  });
  const faults: string[] = [];
  for (const [name, args] of [
    ["get_conversation", "$1, $2"],
    ["page_messages", "$1, $2, null, null, null, 0, 1"],
    ["clear_messages", "$1, $2"],
  ]) {
    const outcome = await attempt(connection, `select from "${functions}".${name}(${args})`, [
      stranger,
      conversation,
    ]);
    if (outcome !== "forbidden") faults.push(`The function ${name} gives somebody else's conversation.`);
  }
  const { rows } = await connection.query({
    text: `select conversations::text as listed from "${functions}".list_conversations($1, false, false, null, null, null, 'activity', false, null, 0, 10)`,
    values: [stranger],
  });
  if ((rows[0] as { listed: string }).listed !== "[]") {
    faults.push("The function list_conversations lists somebody else's conversations.");
  }
  return faults;
}

/** Calls a function that must refuse, and returns the error's code. */
async function attempt(connection: Queryable, text: string, values: unknown[]): Promise<string | undefined> {
  await connection.query({ text: "savepoint attempt" });
  try {
    await connection.query({ text, values });
    return undefined;
  } catch (error) {
    await connection.query({ text: "rollback to savepoint attempt" });
    const { code, message } = error as { code?: string; message?: string };
    if (code !== "CK000") throw error;
    return message;
  }
}
