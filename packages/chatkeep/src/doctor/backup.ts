import type { Finding, ServerConnection } from "./checks.ts";

/** How `pg_dump` with this login holds all rows; nothing where the schema is not there yet. */
export async function* findBackup(connection: ServerConnection, schema: string): AsyncGenerator<Finding> {
  const { rows } = await connection.query(
    `select
       r.rolname as login, r.rolsuper or (r.rolbypassrls and pg_has_role(r.oid, 'pg_read_all_data', 'usage')) as is_free,
       o.rolname as owner, t.relowner = r.oid as is_owner,
       exists (
         select from pg_roles k
         where k.rolname = replace(o.rolname, 'chatkeep_engine', 'chatkeep_reader') and k.oid <> o.oid and pg_has_role(r.oid, k.oid, 'usage')
       ) as is_reader
     from pg_class t join pg_roles o on o.oid = t.relowner, pg_roles r
     where t.oid = to_regclass($1) and r.rolname = current_user`,
    [`"${schema}".messages`],
  );
  const [row] = rows as {
    login: string;
    owner: string;
    is_free: boolean;
    is_owner: boolean;
    is_reader: boolean;
  }[];
  if (row === undefined) return;
  const tell = (state: Finding["state"], text: string): Finding => ({ check: "backup", state, text });
  if (row.is_free) yield tell("ok", "pg_dump with this login holds everything");
  else if (row.is_reader) yield tell("ok", "pg_dump --enable-row-security with this login holds everything");
  else if (row.is_owner)
    yield tell("ok", 'PGOPTIONS="-c chatkeep.engine=on" pg_dump --enable-row-security holds everything');
  else {
    const text = `pg_dump with "${row.login}" fails: run "chatkeep grant --backup LOGIN", then pg_dump --enable-row-security as LOGIN`;
    yield tell("note", text);
  }
}
