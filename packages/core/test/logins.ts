import { type ConnectionPool, MigrationError, createHistory, createPool } from "@chatkeep/core";
import {
  type Database,
  type Postgres,
  UNHURRIED,
  createDatabase,
  IS_MATRIX,
  oldestPostgres,
  startPostgres,
} from "@chatkeep/testing";
import { afterAll, expect } from "vitest";

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
  const pool = createPool(url.href, UNHURRIED.pool);
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
  const history = createHistory({ ...UNHURRIED.history, pool });
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
  ...(IS_MATRIX && oldestPostgres !== undefined ? [oldestPostgres] : []),
];

/** Makes an empty database on a server from this npm package; without one, on the server of the run. */
export type OpenEmpty = (program: string | undefined, server?: string) => Promise<Database>;

/** To be called at the top level of a test file, whose tests share the servers that it starts. */
export function shareServers(): OpenEmpty {
  const servers = new Map<string, Promise<Postgres>>();
  afterAll(async () => {
    for (const server of servers.values()) await (await server).remove();
  });
  return async (program, server = "first") => {
    if (program === undefined && server === "first") return createDatabase({ contents: "empty" });
    const key = `${program} ${server}`;
    const settings = { fsync: "off" };
    const started =
      servers.get(key) ??
      startPostgres(program === undefined ? { settings } : { settings, package: program });
    servers.set(key, started);
    return createDatabase({ server: (await started).url("postgres"), contents: "empty" });
  };
}
