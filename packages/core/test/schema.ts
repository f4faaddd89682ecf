import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { releaseSchema } from "@chatkeep/core";
import { createDatabase, startPostgres } from "@chatkeep/testing";
import type { Pool } from "pg";

/** The schema as it is checked in; `npm run schema` writes it, a test compares it. */
export const SCHEMA_FILE: string = fileURLToPath(new URL("../schema.sql", import.meta.url));

/**
 * The schema of a migrated database as text: tables, constraints, indexes, policies and rights, and the head
 * of every function. From the catalogs, not by pg_dump, which the embedded PostgreSQL comes without and whose
 * text differs from version to version. The functions' bodies are in src/sql.
 */
export async function dumpSchema(pool: Pool): Promise<string> {
  const client = await pool.connect();
  try {
    // Names in the default schema are then printed without it.
    await client.query("set search_path = chatkeep");
    const schemas = ["chatkeep", releaseSchema("chatkeep")];
    const lines: string[] = [HEAD];
    for (const [title, sql] of SECTIONS) {
      const { rows } = await client.query<{ line: string }>(sql, sql.includes("$1") ? [schemas] : []);
      // Their names change with every text of a function and with every database.
      const named = rows.map(({ line }) =>
        line
          .replaceAll(releaseSchema("chatkeep"), "chatkeep_functions")
          .replaceAll(/\b(chatkeep_(?:store|engine))_[0-9a-f]{8}\b/g, "$1"),
      );
      lines.push(`-- ${title}`, ...named, "");
    }
    return lines.join("\n");
  } finally {
    client.release(true);
  }
}

const HEAD = "-- The schema after the last migration. Made by: npm run schema --workspace @chatkeep/core\n";

/** Each makes one text column `line`; $1, where it is named, is the names of the schemas. */
const SECTIONS: readonly (readonly [string, string])[] = [
  [
    "Roles",
    `select format('create role %I%s%s%s%s%s;', rolname,
       case when rolcanlogin then ' login' else ' nologin' end,
       case when rolsuper then ' superuser' else ' nosuperuser' end,
       case when rolbypassrls then ' bypassrls' else ' nobypassrls' end,
       case when rolinherit then ' inherit' else ' noinherit' end,
       case when rolcreaterole then ' createrole' else '' end) as line
     from pg_roles where rolname in (
       select unnest(array[o.rolname, replace(o.rolname, 'engine', 'store')])
       from pg_namespace n join pg_roles o on o.oid = n.nspowner where n.nspname = 'chatkeep'
     ) order by rolname`,
  ],
  [
    "Sequences",
    `select format('create sequence %s as %s;', seqrelid::regclass, seqtypid::regtype) as line
     from pg_sequence s join pg_class c on c.oid = s.seqrelid
     where c.relnamespace::regnamespace::text = any ($1)
       and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'i')
     order by 1`,
  ],
  [
    "Tables",
    `select format(E'create %stable %s (\\n%s\\n)%s;%s%s\\n',
       case c.relpersistence when 'u' then 'unlogged ' else '' end, c.oid::regclass,
       (select string_agg(format('  %s %s%s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
           case when a.attcollation <> t.typcollation then ' collate ' || a.attcollation::regcollation else '' end,
           case when a.attnotnull then ' not null' else '' end,
           case a.attidentity when 'a' then ' generated always as identity' else '' end,
           case when a.attgenerated = 's' then ' generated always as (' || pg_get_expr(d.adbin, d.adrelid) || ') stored'
             else coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') end),
           E',\\n' order by a.attnum)
         from pg_attribute a
         join pg_type t on t.oid = a.atttypid
         left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
       coalesce(' partition by ' || pg_get_partkeydef(c.oid), ''),
       case when c.relrowsecurity then E'\\nalter table ' || c.oid::regclass || ' enable row level security;' else '' end,
       case when c.relforcerowsecurity then E'\\nalter table ' || c.oid::regclass || ' force row level security;' else '' end
     ) as line
     from pg_class c
     where c.relnamespace::regnamespace::text = any ($1) and c.relkind in ('r', 'p') and not c.relispartition
     order by c.relname`,
  ],
  [
    "Partitions",
    `select format('create table %s partition of %s %s;%s%s', c.oid::regclass, i.inhparent::regclass,
       pg_get_expr(c.relpartbound, c.oid),
       case when c.relrowsecurity then ' -- row level security' else '' end,
       case when c.relforcerowsecurity then ', forced' else '' end) as line
     from pg_class c join pg_inherits i on i.inhrelid = c.oid
     where c.relnamespace::regnamespace::text = any ($1) and c.relispartition and c.relkind = 'r'
     order by c.relname`,
  ],
  [
    "Constraints",
    // PostgreSQL 18 keeps "not null" as constraints too; they are in the tables above.
    `select format('alter table %s add constraint %I %s;', n.conrelid::regclass, n.conname, pg_get_constraintdef(n.oid)) as line
     from pg_constraint n join pg_class c on c.oid = n.conrelid
     where n.connamespace::regnamespace::text = any ($1) and n.contype <> 'n' and not c.relispartition
     order by n.conrelid::regclass::text, n.contype desc, n.conname`,
  ],
  [
    "Indexes",
    `select pg_get_indexdef(i.indexrelid) || ';' as line
     from pg_index i join pg_class c on c.oid = i.indrelid
     where c.relnamespace::regnamespace::text = any ($1) and not c.relispartition
       and not exists (select from pg_constraint n where n.conindid = i.indexrelid)
     order by i.indrelid::regclass::text, i.indexrelid::regclass::text`,
  ],
  [
    "Policies",
    `select format('create policy %I on %s to %s using (%s)%s;', p.polname, p.polrelid::regclass,
       case when p.polroles = '{0}' then 'public'
         else (select string_agg(r::regrole::text, ', ' order by r::regrole::text) from unnest(p.polroles) r) end,
       pg_get_expr(p.polqual, p.polrelid),
       coalesce(' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '')) as line
     from pg_policy p join pg_class c on c.oid = p.polrelid
     where c.relnamespace::regnamespace::text = any ($1)
     order by p.polrelid::regclass::text, p.polname`,
  ],
  [
    "Rights",
    `select format('grant %s on %s to %s;', string_agg(lower(a.privilege_type), ', ' order by a.privilege_type),
       c.oid::regclass, a.grantee::regrole) as line
     from pg_class c cross join lateral aclexplode(c.relacl) a
     where c.relnamespace::regnamespace::text = any ($1) and a.grantee <> c.relowner
     group by c.oid, a.grantee order by c.oid::regclass::text, a.grantee::regrole::text`,
  ],
  [
    "Rights on columns",
    `select format('grant %s (%s) on %s to %s;', lower(a.privilege_type),
       string_agg(t.attname, ', ' order by t.attname), c.oid::regclass, a.grantee::regrole) as line
     from pg_class c join pg_attribute t on t.attrelid = c.oid cross join lateral aclexplode(t.attacl) a
     where c.relnamespace::regnamespace::text = any ($1)
     group by c.oid, a.grantee, a.privilege_type order by 1`,
  ],
  [
    "Views",
    `select format(E'create view chatkeep_views.%s (\\n%s\\n); -- %s\\n', c.relname,
       string_agg(format('  %s %s, -- %s', a.attname, format_type(a.atttypid, a.atttypmod), col_description(c.oid, a.attnum)),
         E'\\n' order by a.attnum),
       obj_description(c.oid, 'pg_class')) as line
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
     where c.relnamespace = 'chatkeep_views'::regnamespace and c.relkind = 'v'
     group by c.oid order by c.relname`,
  ],
  [
    "Functions",
    `select format('create function %s.%s(%s) returns %s language %s%s%s owner %s;%s',
       p.pronamespace::regnamespace, p.proname, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid),
       l.lanname, case when p.prosecdef then ' security definer' else '' end,
       coalesce(' set ' || array_to_string(p.proconfig, ' set '), ''), p.proowner::regrole,
       case when p.proacl is null or exists (
           select from aclexplode(p.proacl) a where a.grantee = 0 and a.privilege_type = 'EXECUTE'
         ) then ' -- for everybody' else '' end) as line
     from pg_proc p join pg_language l on l.oid = p.prolang
     where p.pronamespace::regnamespace::text = any ($1)
     order by p.pronamespace::regnamespace::text, p.proname`,
  ],
];

async function write(): Promise<void> {
  await using postgres = await startPostgres();
  await using database = await createDatabase({ server: postgres.url("postgres") });
  writeFileSync(SCHEMA_FILE, await dumpSchema(database.pool));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await write();
