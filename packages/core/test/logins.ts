import { type ConnectionPool, MigrationError, createHistory, createPool } from "@chatkeep/core";
import { type Database, createDatabase, oldestPostgres, startPostgres } from "@chatkeep/testing";
import { expect } from "vitest";

import { newUser } from "./fixture.ts";

/** A role with a pool of its own. */
export interface Login extends AsyncDisposable {
  readonly name: string;
  readonly pool: ReturnType<typeof createPool>;
}

/** A login with these attributes; `database` is left as it was afterwards. */
export async function createRole(database: Database, attributes: string, name = "role"): Promise<Login> {
  const full = `${database.name}_${name}`;
  const quoted = `"${full.replaceAll('"', '""')}"`;
  await database.pool.query(`create role ${quoted} login password 'secret' ${attributes}`);
  const url = new URL(database.url);
  url.username = encodeURIComponent(full);
  url.password = "secret";
  const pool = createPool(url.href);
  return {
    name: full,
    pool,
    async [Symbol.asyncDispose]() {
      await pool.end();
      await database.pool.query(
        `drop owned by ${quoted} cascade; reassign owned by ${quoted} to current_user; drop owned by ${quoted}`,
      );
      await database.pool.query(`do $drop$ declare made name; begin
        for made in select r.rolname from pg_auth_members m join pg_roles r on r.oid = m.roleid
          where m.member = '${quoted.replaceAll("'", "''")}'::regrole and r.rolname ~ '^chatkeep_(store|engine)'
        loop execute format('drop owned by %I cascade; drop role %I', made, made); end loop;
      end $drop$; drop role ${quoted}`);
    },
  };
}

export const own = (database: Database, { name }: Login): Promise<unknown> =>
  database.pool.query(`alter database ${database.name} owner to "${name.replaceAll('"', '""')}"`);

export async function serves(pool: ConnectionPool): Promise<boolean> {
  const history = createHistory({ pool });
  const { created } = await history.createConversation(newUser());
  await history.close();
  return created;
}

export const sentence = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no error",
    (error: unknown) => {
      expect(error).toBeInstanceOf(MigrationError);
      return (error as Error).message;
    },
  );

export const SERVERS: readonly (string | undefined)[] = [
  undefined,
  ...(oldestPostgres === undefined ? [] : [oldestPostgres]),
];

/** An empty database on the server of the run, or on a PostgreSQL of its own from this npm package. */
export async function openEmpty(program: string | undefined): Promise<Database> {
  if (program === undefined) return createDatabase({ contents: "empty" });
  const postgres = await startPostgres({ package: program, settings: { fsync: "off" } });
  const database = await createDatabase({ server: postgres.url("postgres"), contents: "empty" });
  const close = async (): Promise<void> => {
    await database.close();
    await postgres.remove();
  };
  return { ...database, close, [Symbol.asyncDispose]: close };
}
