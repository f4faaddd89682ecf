import { type ConnectionPool, migrate } from "@chatkeep/core";

/** Makes a schema whose tables have no row-level security, so that its price is not in what is measured there. Resolves with its name. */
export async function migrateOpen(pool: ConnectionPool): Promise<string> {
  const schema = "chatkeep_open";
  await migrate(pool, { schema });
  await pool.query({
    text: `do $$ declare t regclass; begin
      for t in select c.oid from pg_class c
        where c.relnamespace = '${schema}'::regnamespace and c.relkind in ('r', 'p') and c.relrowsecurity
      loop
        execute format('alter table %s disable row level security', t);
        execute format('alter table %s no force row level security', t);
      end loop;
    end $$`,
  });
  return schema;
}
