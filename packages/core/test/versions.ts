import { openConnection, ownerId } from "@chatkeep/core";
import type { Owner } from "@chatkeep/protocol";
import { type Database, createDatabase } from "@chatkeep/testing";

import { MIGRATIONS, SECURITY } from "../src/generated/sql.ts";

/** The tables as an older release left them: its migrations, and rows that it could have written. */
export async function makeVersion(database: Database, version: number, owner: Owner): Promise<void> {
  await using elsewhere = await createDatabase();
  const { rows } = await elsewhere.pool.query<{ text: string }>(
    "select pg_get_functiondef(oid) as text from pg_proc where pronamespace = 'chatkeep'::regnamespace and proname in ('schema_version', 'schema_security')",
  );
  const migrations = MIGRATIONS.filter((migration) => migration.version <= version);
  const id = ownerId(owner);
  const client = await openConnection(database.url);
  const statements = [
    // The roles that all installs of a server shared.
    ...["chatkeep_store", "chatkeep_engine"].map(
      (role) => `do $$ begin
        create role ${role} nologin nosuperuser nobypassrls noinherit;
      exception when duplicate_object or unique_violation then null; end $$`,
    ),
    "create extension if not exists btree_gin with schema public",
    "create schema chatkeep authorization chatkeep_engine",
    "set role chatkeep_engine",
    "set search_path = chatkeep, pg_temp",
    "create table migrations (version integer primary key, name text not null, migrated_at timestamptz not null default clock_timestamp())",
    ...rows.map(({ text }) => text),
    ...migrations.map(({ sql }) => sql),
    ...migrations.map(({ version: of, name }) => `insert into migrations values (${of}, '${name}')`),
    SECURITY.roles.replaceAll(":schema", "chatkeep"),
    "reset role",
    `insert into owners (id, kind, conversation_count) values ('${id}', 'user', 1)`,
    `insert into conversations (owner_id, id, title, title_source, last_seq, preview)
     values ('${id}', 'c1', 'Mine', 'person', 2, 'Hi.')`,
    `insert into messages (owner_id, conversation_id, seq, id, role, parts) values
     ('${id}', 'c1', 1, 'm1', 'user', '[{"type":"text","text":"Hello"}]'),
     ('${id}', 'c1', 2, 'm2', 'assistant', '[{"type":"text","text":"Hi."}]')`,
  ];
  for (const statement of statements) await client.query(statement);
  await client.end();
}
