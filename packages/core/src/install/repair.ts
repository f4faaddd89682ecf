import { releasesOf } from "../database/release.ts";
import { SCHEMA_OBJECTS } from "../generated/sql.ts";
import { type Install, examineInstall } from "./check.ts";
import {
  OWN_ROLE,
  type Security,
  granteesOf,
  joinRole,
  joinRoles,
  literal,
  makeRoles,
  nameRoles,
  newSuffix,
  quote,
} from "./roles.ts";
import { type Queryable, ask, run, runLong } from "./statement.ts";
import { hasViews, viewsSchema } from "./views.ts";

/** An install whose parts have the owner that they need; its policies, rights and functions are still to be made. */
export interface Reowned {
  readonly security: Security;
  /** Of the roles. */
  readonly suffix: string;
  /** The logins that could use it before. */
  readonly logins: readonly string[];
}

/**
 * Gives all tables to the roles that they had, where this login may act as them, or else to new ones, and drops the functions of all releases:
 * they hold no data, and `migrate` makes this release's anew. To be called in a transaction.
 */
export async function reown(given: Queryable, schema: string, install: Install): Promise<Reowned> {
  const [, former] = OWN_ROLE.exec(install.tables["migrations"] ?? "") ?? [];
  const suffix = former ?? newSuffix();
  const connection = nameRoles(given, suffix);
  const logins = former === undefined ? [] : await granteesOf(connection, schema);
  await dropReleases(given, schema);
  let security: Security = "roles";
  if (former === undefined) security = await makeRoles(connection, schema);
  else await joinRoles(connection);
  const login = String(await ask(connection, "select current_user"));
  const owner = security === "roles" ? `chatkeep_engine${suffix}` : login;
  const spaces = `array[to_regnamespace('"${schema}"')::oid, to_regnamespace('"${viewsSchema(schema)}"')::oid]`;
  // Each has to see the schemas while what is in them changes hands.
  const { rows } = await connection.query({
    text: `select n.nspname as name, r.rolname as owner from pg_namespace n join pg_roles r on r.oid = n.nspowner where n.oid = any (${spaces})`,
  });
  for (const space of rows as { name: string; owner: string }[]) {
    const opened = `grant usage, create on schema ${quote(space.name)} to ${quote(owner)}, current_user`;
    await asOwner(connection, space.owner, opened);
  }
  await run(
    connection,
    `do $chatkeep$ declare o record; begin
      for o in
        select case c.relkind when 'S' then 'sequence' when 'v' then 'view' else 'table' end as kind, c.oid::regclass::text as name
        from pg_class c
        where c.relnamespace = any (${spaces}) and c.relkind in ('r', 'p', 'S', 'v')
          and c.relowner <> ${literal(quote(owner))}::regrole
          -- It follows its table.
          and not (c.relkind = 'S' and exists (select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i')))
        union all
        select 'function', p.oid::regprocedure::text from pg_proc p
        where p.pronamespace = any (${spaces}) and p.proowner <> ${literal(quote(owner))}::regrole
        union all
        select 'text search configuration', t.oid::regconfig::text from pg_ts_config t
        where t.cfgnamespace = '"${schema}"'::regnamespace and t.cfgowner <> ${literal(quote(owner))}::regrole
        union all
        select 'text search dictionary', t.oid::regdictionary::text from pg_ts_dict t
        where t.dictnamespace = '"${schema}"'::regnamespace and t.dictowner <> ${literal(quote(owner))}::regrole
      loop
        execute format('alter %s %s owner to %I', o.kind, o.name, ${literal(owner)});
      end loop;
      for o in select n.nspname as name from pg_namespace n where n.oid = any (${spaces}) and n.nspowner <> ${literal(quote(owner))}::regrole loop
        execute format('alter schema %I owner to %I', o.name, ${literal(owner)});
      end loop;
    end $chatkeep$`,
  );
  return { security, suffix, logins };
}

/** Drops the functions of every release. */
export async function dropReleases(connection: Queryable, schema: string): Promise<void> {
  await dropSchemas(connection, `n.nspname ~ ${releasesOf(schema)}`);
}

/** Drops the views. Errors: `MigrationError` where their schema is somebody else's. */
export async function dropViews(connection: Queryable, schema: string): Promise<void> {
  if (await hasViews(connection, schema))
    await dropSchemas(connection, `n.nspname = '${viewsSchema(schema)}'`);
}

/** Drops schemas, each as its owner. */
async function dropSchemas(connection: Queryable, condition: string): Promise<void> {
  const { rows } = await connection.query({
    text: `select n.nspname as name, r.rolname as owner from pg_namespace n join pg_roles r on r.oid = n.nspowner
      where ${condition}`,
  });
  for (const { name, owner } of rows as { name: string; owner: string }[])
    await asOwner(connection, owner, `drop schema ${quote(name)} cascade`);
}

/** Runs a statement as the owner of what it is about, where that is a role of ours; else as whoever logged in. */
export async function asOwner(connection: Queryable, owner: string, statement: string): Promise<void> {
  if (!OWN_ROLE.test(owner)) return run(connection, statement);
  await joinRole(connection, owner);
  await run(connection, `set local role ${owner}`);
  await run(connection, statement);
  await run(connection, "reset role");
}

/**
 * Makes what a whole schema has and this one lacks, and its policies and rights anew. To be called in a transaction,
 * at the version of this release, as the owner of the tables.
 */
export async function complete(connection: Queryable, schema: string, security: Security): Promise<void> {
  const install = await examineInstall(connection, schema);
  await run(connection, `set local search_path = "${schema}", pg_temp`);
  await run(
    connection,
    `create or replace function schema_security() returns text language sql immutable as $$ select '${security}' $$`,
  );
  await run(connection, "delete from releases");
  await run(connection, CLOSE_ALL);
  for (const { sql } of missing(install, "index")) await runLong(connection, await indexOf(connection, sql));
  // A foreign key needs the key that it points at.
  const constraints = missing(install, "constraint");
  for (const isForeign of [false, true]) {
    for (const { sql } of constraints)
      if (/\bFOREIGN KEY\b/.test(sql) === isForeign) await runLong(connection, sql);
  }
  for (const { kind, sql } of SCHEMA_OBJECTS) {
    if (kind === "policy") await run(connection, policyOf(sql, security));
    if (kind === "right" && security === "roles") await run(connection, sql);
  }
  if (security === "roles") await run(connection, `grant usage on schema "${schema}" to chatkeep_store`);
  if ((await ask(connection, "select to_regclass('message_vectors')")) === null) return;
  await run(
    connection,
    "create policy owner on message_vectors using (owner_id = nullif(current_setting('chatkeep.owner', true), '')::uuid)",
  );
  const engine = "create policy engine on message_vectors to chatkeep_engine using (true) with check (true)";
  await run(connection, policyOf(engine, security));
  if (security === "forced") return;
  await run(connection, "grant select, insert, update, delete on message_vectors to chatkeep_store");
  await run(connection, "grant select on vector_model to chatkeep_store");
}

/** Row-level security on every owner's table, with no policy and no right yet. */
const CLOSE_ALL = `do $chatkeep$ declare o record; begin
  for o in select c.oid::regclass as name from pg_class c
    where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and c.relname <> 'audit'
      and (c.relname = 'owners' or exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'owner_id'))
  loop
    execute format('alter table %s enable row level security', o.name);
    execute format('alter table %s force row level security', o.name);
  end loop;
  for o in select p.polname, p.polrelid::regclass as name from pg_policy p join pg_class c on c.oid = p.polrelid
    where c.relnamespace = current_schema()::regnamespace
  loop
    execute format('drop policy %I on %s', o.polname, o.name);
  end loop;
  for o in select distinct c.oid::regclass as name, case c.relkind when 'S' then 'sequence' else 'table' end as kind,
      case a.grantee when 0 then 'public' else a.grantee::regrole::text end as grantee
    from pg_class c cross join aclexplode(c.relacl) a
    where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p', 'S') and a.grantee <> c.relowner
  loop
    execute format('revoke all on %s %s from %s', o.kind, o.name, o.grantee);
  end loop;
end $chatkeep$`;

const FORCED = "current_setting('chatkeep.engine', true) = 'on'";

/** The engine's policy is for its role, or, where there is none, for whoever sets `chatkeep.engine`. */
function policyOf(sql: string, security: Security): string {
  if (security === "roles") return sql;
  return sql.replace(
    "to chatkeep_engine using (true) with check (true)",
    `using (${FORCED}) with check (${FORCED})`,
  );
}

function missing({ objects }: Install, wanted: "index" | "constraint"): { readonly sql: string }[] {
  return SCHEMA_OBJECTS.filter(
    ({ kind, table, name }) => kind === wanted && !objects.has(`${kind} ${table} ${name}`),
  );
}

/** The text of an index; without btree_gin, that of the words has no owner (see 0005_search.sql). */
async function indexOf(connection: Queryable, sql: string): Promise<string> {
  const text = sql.replace(" ON chatkeep.", " ON ");
  const has = await ask(connection, "select oid from pg_extension where extname = 'btree_gin'");
  return has === null ? text.replace("gin (owner_id, ", "gin (") : text;
}
