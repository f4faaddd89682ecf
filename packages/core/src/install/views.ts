import { VIEWS } from "../generated/sql.ts";
import { MigrationError } from "./migration-error.ts";
import { quote } from "./roles.ts";
import { type Queryable, run } from "./statement.ts";

/** The schema of the views on an install's tables. */
export function viewsSchema(schema: string): string {
  return `${schema}_views`;
}

/** Whether the schema of the views is there. Errors: {@link MigrationError} where it is somebody else's. */
export async function hasViews(connection: Queryable, schema: string): Promise<boolean> {
  const views = viewsSchema(schema);
  const { rows } = await connection.query({
    text: `
      select r.rolname as owner,
        exists (select from pg_proc p where p.pronamespace = n.oid and p.proname = 'grant_to')
          or not exists (select from pg_class c where c.relnamespace = n.oid) as is_ours
      from pg_namespace n join pg_roles r on r.oid = n.nspowner where n.nspname = '${views}'`,
  });
  const [found] = rows as { owner: string; is_ours: boolean }[];
  if (found === undefined) return false;
  if (found.is_ours) return true;
  throw new MigrationError(
    `The schema "${views}" belongs to "${found.owner}" and holds tables that Chatkeep did not create. Rename it, or set CHATKEEP_SCHEMA to another name.`,
  );
}

/**
 * Takes the views off their tables, so that a migration may change those: each keeps its columns, its rights and whoever depends on it, and
 * has no rows until {@link makeViews}. To be called in a transaction.
 */
export async function detachViews(connection: Queryable, schema: string): Promise<void> {
  await run(
    connection,
    `do $chatkeep$ declare v record; begin
      for v in
        select c.oid::regclass as name, string_agg(format('null::%s%s as %I', format_type(a.atttypid, a.atttypmod), case when a.attcollation <> 0 then ' collate ' || a.attcollation::regcollation end, a.attname), ', ' order by a.attnum) as columns
        from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relnamespace = to_regnamespace('"${viewsSchema(schema)}"') and c.relkind = 'v'
        group by c.oid
      loop
        execute format('create or replace view %s as select %s where false', v.name, v.columns);
      end loop;
    end $chatkeep$`,
  );
}

/** Makes the views and their functions, or brings them to this release. To be called as their owner, in a transaction. */
export async function makeViews(connection: Queryable, schema: string, login: string): Promise<void> {
  const views = viewsSchema(schema);
  await run(connection, `set local search_path = "${views}", pg_temp`);
  for (const sql of VIEWS) {
    const named = sql.replaceAll(":views", `"${views}"`).replaceAll(":schema", `"${schema}"`);
    await run(connection, named);
  }
  // Whoever migrates could read all rows anyway; a login that only serves lets nobody.
  await run(connection, `grant usage on schema "${views}" to ${quote(login)}`);
  await run(connection, `grant execute on function grant_to(name, text) to ${quote(login)}`);
}
