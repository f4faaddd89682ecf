import { randomUUID } from "node:crypto";

import { type ConnectionPool, type Queryable, takeConnection } from "../database/pool.ts";
import { releaseSchema } from "../database/release.ts";

/** One owner's rows cannot be kept from another's: the database is not as `migrate` made it. */
export class IsolationError extends Error {
  override readonly name = "IsolationError";
}

/** What {@link checkIsolation} takes besides the pool. */
export interface IsolationOptions {
  /** The schema that `migrate` made (default `chatkeep`). */
  readonly schema?: string;
}

/**
 * Looks in the live database whether nobody can get at somebody else's rows, and gives a sentence for
 * each thing that is not as it has to be; none when all holds. It writes one conversation, tries to read
 * it as somebody else, and rolls it back; so it takes one connection, not a pool. `migrate` must have run.
 * Errors: the driver's own.
 */
export async function checkIsolation(
  connection: Queryable,
  { schema = "chatkeep" }: IsolationOptions = {},
): Promise<string[]> {
  await connection.query({ text: "begin" });
  try {
    const faults = await checkCatalog(connection, schema);
    return faults.length > 0 ? faults : await checkByReading(connection, releaseSchema(schema));
  } finally {
    await connection.query({ text: "rollback" });
  }
}

/** Throws an {@link IsolationError} with all that {@link checkIsolation} finds. */
export async function requireIsolation(
  pool: Pick<ConnectionPool, "connect">,
  options: IsolationOptions = {},
): Promise<void> {
  const connection = await takeConnection(pool);
  let faults: string[];
  try {
    faults = await checkIsolation(connection, options);
    connection.release();
  } catch (error) {
    connection.release(true);
    throw error;
  }
  if (faults.length === 0) return;
  throw new IsolationError(
    `The database does not keep one person's conversations from another's, so nothing is served:\n${faults.join("\n")}`,
  );
}

/**
 * What the catalogs tell. An owner's table is one with a column `owner_id`, and `owners` itself; the audit is
 * the operator's.
 */
async function checkCatalog(connection: Queryable, schema: string): Promise<string[]> {
  const { rows } = await connection.query({
    text: `
      with security as (
        select "${schema}".schema_security() as kind
      ), functions as (
        select p.proname, p.prosecdef, p.proacl, r.rolname, r.rolsuper or r.rolbypassrls as is_free,
          p.proargnames[1] = 'owner' and not p.proname in ('claim_session', 'record_audit', 'find_words', 'weigh_words') as is_store
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
      select format('The function %s runs as %s, not as chatkeep_store.', proname, rolname) from functions, security
      where kind = 'roles' and is_store and rolname <> 'chatkeep_store'
      union all
      select format('Anybody may call the function %s.', proname) from functions
      where proacl is null or exists (select from aclexplode(proacl) a where a.grantee = 0)
      union all
      select format('The table %s has a policy "%s" that is not ours.', p.tablename, p.policyname) from pg_policies p, security
      where p.schemaname = $1 and not (
        (p.policyname = 'owner' and p.qual like '%chatkeep.owner%')
        or (p.policyname = 'engine' and (
          (kind = 'roles' and p.roles = '{chatkeep_engine}') or (kind = 'forced' and p.qual like '%chatkeep.engine%')
        ))
      )
      union all
      select format('"%s" logs in and may %s the table %s.', current_user, lower(privilege), relname)
      from tables, security, unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE}'::text[]) privilege
      where kind = 'roles' and not (select r.rolsuper from pg_roles r where r.rolname = current_user)
        and has_table_privilege(tables.oid, privilege)
    `,
    values: [schema],
  });
  return rows.map((row) => (row as { fault: string }).fault);
}

/** Writes a conversation of one random owner and asks for it as another. */
async function checkByReading(connection: Queryable, functions: string): Promise<string[]> {
  const owner = randomUUID();
  const stranger = randomUUID();
  const conversation = randomUUID();
  await connection.query({
    text: `select from "${functions}".create_conversation($1, 'session', $2, true, null, null, null, null, false, 1, false)`,
    values: [owner, conversation],
  });
  const faults: string[] = [];
  for (const [name, args] of [
    ["get_conversation", "$1, $2"],
    ["page_messages", "$1, $2, null, null, 0, 1"],
    ["clear_messages", "$1, $2"],
  ]) {
    const outcome = await attempt(connection, `select from "${functions}".${name}(${args})`, [
      stranger,
      conversation,
    ]);
    if (outcome !== "forbidden") faults.push(`The function ${name} gives somebody else's conversation.`);
  }
  const { rows } = await connection.query({
    text: `select conversations::text as listed from "${functions}".list_conversations($1, false, null, 'activity', false, null, 0, 10)`,
    values: [stranger],
  });
  if ((rows[0] as { listed: string }).listed !== "[]") {
    faults.push("The function list_conversations lists somebody else's conversations.");
  }
  return faults;
}

/** Calls a function that has to refuse; gives the code that it raised. */
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
