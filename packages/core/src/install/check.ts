import { FUNCTIONS, type SqlFunction } from "../database/functions.ts";
import { RELEASE, releaseSchema, releasesOf } from "../database/release.ts";
import { MIGRATIONS, SCHEMA_OBJECTS, VECTOR_TABLES } from "../generated/sql.ts";
import { OWN_ROLE, type Security } from "./roles.ts";
import { type Queryable, ask } from "./statement.ts";

/** What the catalogs show of an install, whole or in pieces; any login may read them. */
export interface Install {
  /** The owner of the tables' schema; `null`: there is none. */
  readonly owner: string | null;
  /** The tables in it and their owners. */
  readonly tables: Readonly<Record<string, string>>;
  /** How `migrate` secured it; `null` where the table `migrations` or its functions are not there. */
  readonly security: Security | null;
  /** Everything in the schema that belongs to somebody other than the owner of `migrations`. */
  readonly strayed: readonly string[];
  /** What {@link SCHEMA_OBJECTS} lists and is there, as `kind table name`. */
  readonly objects: ReadonlySet<string>;
  /** The schemas of functions. */
  readonly releases: readonly { readonly name: string; readonly owner: string }[];
  /** The functions of this release, each with its owner. */
  readonly functions: Readonly<Record<string, string>>;
}

/** Something about an install that keeps it from working. */
export interface InstallFault {
  /** A sentence without its remedy. */
  readonly text: string;
  /** What mends it: `migrate --repair`, a backup, or another name for the schema. */
  readonly remedy: "repair" | "restore" | "rename";
}

/** The tables of this release and of all before it. */
const OUR_TABLES = new Set([
  ...SCHEMA_OBJECTS.filter(({ kind }) => kind === "table").map(({ table }) => table),
  ...[VECTOR_TABLES, ...MIGRATIONS.map(({ sql }) => sql)].flatMap((sql) =>
    [...sql.matchAll(/^create (?:unlogged )?table (\w+)/gm)].map(([, name]) => name!),
  ),
]);

/** Reads what is there of an install. */
export async function examineInstall(connection: Queryable, schema: string): Promise<Install> {
  const { rows } = await connection.query({
    text: `
      with space as (select n.oid, n.nspowner from pg_namespace n where n.nspname = '${schema}'),
      tables as (
        select c.* from pg_class c join space on space.oid = c.relnamespace where c.relkind in ('r', 'p', 'f', 'v', 'm')
      ), bookkeeping as (select t.relowner from tables t where t.relname = 'migrations'),
      owned (name, owner) as (
        select 'table ' || t.relname, t.relowner from tables t
        union all
        select 'function ' || p.proname, p.proowner from pg_proc p join space on space.oid = p.pronamespace
        union all
        select 'schema ', space.nspowner from space
      ), release as (select to_regnamespace('"${releaseSchema(schema)}"') as oid)
      select json_build_object(
        'owner', (select r.rolname from space join pg_roles r on r.oid = space.nspowner),
        'tables', (select coalesce(json_object_agg(t.relname, r.rolname), '{}') from tables t join pg_roles r on r.oid = t.relowner),
        -- Its text, since calling it takes a right.
        'security', (
          select substring(p.prosrc from '''(roles|forced)''') from pg_proc p join space on space.oid = p.pronamespace
          where p.proname = 'schema_security' and exists (select from bookkeeping)
        ),
        'strayed', (select coalesce(json_agg(o.name order by o.name), '[]') from owned o, bookkeeping b where o.owner <> b.relowner),
        'objects', (
          select coalesce(json_agg(name), '[]') from (
            select 'table ' || t.relname || ' ' as name from tables t where t.relkind in ('r', 'p')
            union all
            select format('constraint %s %s', t.relname, n.conname) from pg_constraint n join tables t on t.oid = n.conrelid
            union all
            select format('index %s %s', t.relname, x.relname)
            from pg_index i join tables t on t.oid = i.indrelid join pg_class x on x.oid = i.indexrelid
            union all
            select format('policy %s %s', t.relname, p.polname) from pg_policy p join tables t on t.oid = p.polrelid
            union all
            select format('right %s ', c.relname) from pg_class c join space on space.oid = c.relnamespace
            where (c.relacl is not null and exists (select from aclexplode(c.relacl) a join pg_roles r on r.oid = a.grantee where r.rolname ~ '^chatkeep_store'))
              or exists (
                select from pg_attribute t, aclexplode(t.attacl) a join pg_roles r on r.oid = a.grantee
                where t.attrelid = c.oid and r.rolname ~ '^chatkeep_store'
              )
          ) o
        ),
        'releases', (
          select coalesce(json_agg(json_build_object('name', n.nspname, 'owner', r.rolname) order by n.nspname), '[]')
          from pg_namespace n join pg_roles r on r.oid = n.nspowner where n.nspname ~ ${releasesOf(schema)}
        ),
        'functions', (
          select coalesce(json_object_agg(p.proname, r.rolname), '{}')
          from pg_proc p join release on release.oid = p.pronamespace join pg_roles r on r.oid = p.proowner
        )
      ) as install`,
  });
  const { install } = rows[0] as { install: Omit<Install, "objects"> & { objects: string[] } };
  return { ...install, objects: new Set(install.objects) };
}

/** What is wrong with the install of `schema`, a sentence each with its remedy; changes nothing. Errors: the driver's own. */
export async function checkInstall(
  connection: Queryable,
  { schema = "chatkeep" }: { readonly schema?: string } = {},
): Promise<string[]> {
  const install = await examineInstall(connection, schema);
  const faults = faultsOf(install, schema);
  if (faults.length === 0 && install.security !== null) {
    const usable = await ask(connection, `select has_schema_privilege('${schema}', 'usage')`);
    const version = usable === true ? await ask(connection, `select "${schema}".schema_version()`) : null;
    if (version === RELEASE) faults.push(...missingOf(install, schema, install.security));
  }
  return faults.map((fault) => `${fault.text} ${remedyOf(fault)}`);
}

/** What keeps an install from being migrated at all. */
export function faultsOf(install: Install, schema: string): InstallFault[] {
  const { tables, security, releases } = install;
  const names = Object.keys(tables);
  if (security !== null) return ownersOf(install, schema);
  if (names.length === 0) {
    if (releases.length === 0) return [];
    const left = releases.map(({ name }) => `"${name}"`).join(", ");
    const text = `The tables of "${schema}" are gone, and the functions that use them are still there (${left}), as after "drop schema ${schema} cascade".`;
    return [{ text, remedy: "repair" }];
  }
  if (foreignOf(install).length === 0) {
    const text = `The schema "${schema}" has Chatkeep's tables, but not its list of migrations, as after half a restore.`;
    return [{ text, remedy: "restore" }];
  }
  const text = `The schema "${schema}" holds tables that Chatkeep did not create (${some(names)}).`;
  return [{ text, remedy: "rename" }];
}

/** The tables and views in the schema that are not Chatkeep's. */
export function foreignOf({ tables, security }: Install): string[] {
  const names = Object.keys(tables);
  // A `messages` or two may be anybody's.
  if (security === null && names.filter((name) => OUR_TABLES.has(name)).length <= 5) return names;
  const owner = security === "roles" ? tables["migrations"] : undefined;
  return names.filter((name) => !OUR_TABLES.has(name) && tables[name] !== owner);
}

/** What an install of this release lacks. */
export function missingOf(install: Install, schema: string, security: string): InstallFault[] {
  const missing = SCHEMA_OBJECTS.filter(
    ({ kind, table, name }) =>
      (kind !== "right" || security === "roles") && !install.objects.has(`${kind} ${table} ${name}`),
  );
  const lost = missing.filter(({ kind }) => kind === "table").map(({ table }) => table);
  if (lost.length > 0) {
    const text = `The schema "${schema}" lacks tables (${some(lost)}).`;
    return [{ text, remedy: "restore" }];
  }
  const faults: InstallFault[] = [];
  if (missing.length > 0) {
    const names = missing.map(({ kind, table, name }) =>
      kind === "right" ? `the right on ${table}` : `${kind} ${name} of ${table}`,
    );
    faults.push({
      text: `The schema "${schema}" is incomplete, as after half a restore: it lacks ${some(names)}.`,
      remedy: "repair",
    });
  }
  const all = Object.entries<SqlFunction>(FUNCTIONS);
  const there = install.functions;
  const wrong = all.filter(
    ([name, { role }]) =>
      there[name] === undefined || (security === "roles" && !there[name].startsWith(`chatkeep_${role}`)),
  );
  if (Object.keys(there).length > 0 && wrong.length > 0) {
    const names = some(wrong.map(([name]) => name));
    faults.push({
      text: `The functions of this release in "${releaseSchema(schema)}" are missing or belong to another role (${names}).`,
      remedy: "repair",
    });
  }
  return faults;
}

/** Whether all belongs to whom it has to: a restore without owners or with other roles gives it to the one who restored. */
function ownersOf({ tables, security, strayed, releases }: Install, schema: string): InstallFault[] {
  const owner = tables["migrations"]!;
  if (security === "roles" && !OWN_ROLE.test(owner)) {
    const text = `The tables of "${schema}" belong to "${owner}" instead of a role of their own ("chatkeep_engine…"), as after a restore without owners.`;
    return [{ text, remedy: "repair" }];
  }
  const others = releases.filter((release) => release.owner !== owner).map(({ name }) => `schema ${name}`);
  // An application's own table in our schema is none of our business.
  const ours = strayed.filter(
    (name) => !name.startsWith("table ") || OUR_TABLES.has(name.slice("table ".length)),
  );
  const wrong = [...ours, ...others];
  if (wrong.length === 0) return [];
  const text = `Parts of "${schema}" do not belong to "${owner}", as after a restore without owners (${some(wrong)}).`;
  return [{ text, remedy: "repair" }];
}

/** The sentence that follows the fault's own. */
export function remedyOf({ remedy }: InstallFault): string {
  switch (remedy) {
    case "repair":
      return 'Run "chatkeep migrate --repair" to mend it, or "chatkeep uninstall" to remove what is left.';
    case "restore":
      return "Restore all of its schemas from a backup.";
    case "rename":
      return "Use another schema: set CHATKEEP_SCHEMA to a free name.";
  }
}

/** A list for a sentence: the first few, and how many there are besides. */
function some(names: readonly string[]): string {
  const first = names.slice(0, 3).map((name) => name.trim());
  return names.length > 3 ? `${first.join(", ")} and ${names.length - 3} more` : first.join(", ");
}
