import { MigrationError } from "./migration-error.ts";
import { literal, quote, roleComment } from "./roles.ts";
import { type Queryable, ask, run, serverVersion } from "./statement.ts";

/**
 * Lets `logins` read all rows of all tables, to back them up: they become members of a role of its own, which is made
 * for the first of them. To be called in a transaction, by the login that made the other roles.
 */
export async function grantReader(
  connection: Queryable,
  schema: string,
  logins: readonly string[],
): Promise<void> {
  if (!(await hasReader(connection))) {
    const database = String(await ask(connection, "select current_database()"));
    await run(connection, "create role chatkeep_reader nologin nosuperuser nobypassrls noinherit");
    await run(connection, `comment on role chatkeep_reader is ${literal(roleComment(database, schema))}`);
  }
  // What it may read comes with it, without `set role`.
  const since16 = (await serverVersion(connection)) >= 160_000;
  for (const login of logins) {
    if ((await ask(connection, `select oid from pg_roles where rolname = ${literal(login)}`)) === null)
      throw new MigrationError(
        `There is no login "${login}". Create it first: create role ${quote(login)} login password '…'.`,
      );
    await run(
      connection,
      `grant chatkeep_reader to ${quote(login)} ${since16 ? "with inherit true, set false" : ""}`,
    );
  }
}

/** Whether anybody was let read all rows. */
export async function hasReader(connection: Queryable): Promise<boolean> {
  return (await ask(connection, "select oid from pg_roles where rolname = 'chatkeep_reader'")) !== null;
}

/** Gives the reader every table, also those that came since it was made. To be called as the owner of the tables. */
export async function openToReader(connection: Queryable, schema: string): Promise<void> {
  await run(connection, `grant usage on schema "${schema}" to chatkeep_reader`);
  await run(connection, `grant select on all tables in schema "${schema}" to chatkeep_reader`);
  await run(connection, `grant select on all sequences in schema "${schema}" to chatkeep_reader`);
  await run(
    connection,
    `do $chatkeep$ declare t regclass; begin
      for t in
        select c.oid from pg_class c
        where c.relnamespace = '"${schema}"'::regnamespace and c.relrowsecurity
          and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'reader')
      loop
        execute format('create policy reader on %s for select to chatkeep_reader using (true)', t);
      end loop;
    end $chatkeep$`,
  );
}
