import { chownSync, copyFileSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Client } from "pg";

import { type Postgres, type PostgresOptions, openPostgres } from "./postgres.ts";

/** How a standby is made. */
export interface StandbyOptions extends PostgresOptions {
  /** Whether the primary acknowledges a commit only once this standby has it. Default `false`. */
  synchronous?: boolean;
}

/** A PostgreSQL that streams from another, and can take its place. */
export interface Standby extends Postgres {
  /** Resolves when it has everything that the primary had committed at the call. */
  caughtUp(): Promise<void>;
  /** Cuts it off from the primary: from here on it misses what is committed. */
  cutOff(): Promise<void>;
  /** Makes it the primary. Whoever wants no split brain has killed the old one. */
  promote(): Promise<void>;
}

/** Copied empty: the standby streams the log, and makes the rest itself. */
const EMPTY = new Set([
  "pg_wal",
  "pg_replslot",
  "pg_dynshmem",
  "pg_notify",
  "pg_serial",
  "pg_snapshots",
  "pg_stat_tmp",
  "pg_subtrans",
]);

/** Its slot, and its name among synchronous standbys. */
const NAME = "standby";

/** Starts a standby of the primary with real streaming replication, from a copy made while the primary serves. One a primary. */
export async function startStandby(primary: Postgres, options: StandbyOptions = {}): Promise<Standby> {
  await using upstream = await connect(primary);
  await upstream.query(`select pg_create_physical_replication_slot('${NAME}', true)`);
  const standby = await openPostgres(options, async (directory) => {
    await upstream.query("select pg_backup_start('standby', true)");
    copy(join(primary.directory, "password"), join(directory, "password"));
    copy(join(primary.directory, "data"), join(directory, "data"));
    const { rows } = await upstream.query("select labelfile from pg_backup_stop(false)");
    const { uid, gid } = statSync(join(primary.directory, "data"));
    const write = (name: string, text: string, flag = "w"): void => {
      const path = join(directory, "data", name);
      writeFileSync(path, text, { flag, mode: 0o600 });
      chownSync(path, uid, gid);
    };
    const { hostname, port, username, password } = new URL(primary.url("postgres"));
    const conninfo = `host=${hostname} port=${port} user=${username} password=${password} application_name=${NAME}`;
    write("backup_label", (rows[0] as { labelfile: string }).labelfile);
    write("standby.signal", "");
    write("postgresql.auto.conf", `primary_conninfo = '${conninfo}'\nprimary_slot_name = '${NAME}'\n`, "a");
  });
  // After the copy: once promoted, it waits for nobody.
  if (options.synchronous === true) {
    await upstream.query(`alter system set synchronous_standby_names = '${NAME}'`);
    await upstream.query("select pg_reload_conf()");
  }
  await until(
    upstream,
    `select from pg_stat_replication where state = 'streaming' and sync_state = '${options.synchronous === true ? "sync" : "async"}'`,
  );
  return {
    ...standby,
    async caughtUp() {
      await using connection = await connect(primary);
      const { rows } = await connection.query("select pg_current_wal_flush_lsn()::text as lsn");
      const { lsn } = rows[0] as { lsn: string };
      await until(connection, `select from pg_stat_replication where replay_lsn >= '${lsn}'`);
    },
    async cutOff() {
      await using connection = await connect(standby);
      await connection.query("alter system set primary_conninfo = ''");
      await connection.query("select pg_reload_conf()");
      await until(connection, "select where not exists (select from pg_stat_wal_receiver)");
    },
    async promote() {
      await using connection = await connect(standby);
      await connection.query("select pg_promote()");
    },
  };
}

/** A connection that ends with its scope. */
async function connect(server: Postgres): Promise<Client & AsyncDisposable> {
  const client = new Client(server.url("postgres"));
  client.on("error", () => undefined);
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

/** Asks until there is a row: replication tells nobody when it is done. */
async function until(connection: Client, query: string): Promise<void> {
  while ((await connection.query(query)).rowCount === 0) await connection.query("select pg_sleep(0.01)");
}

/** Copies with owners and modes. What is removed meanwhile is left out: the log says so too. */
function copy(from: string, to: string): void {
  const stat = statSync(from, { throwIfNoEntry: false });
  if (stat === undefined || from.endsWith("postmaster.pid")) return;
  if (stat.isDirectory()) {
    mkdirSync(to, { mode: stat.mode });
    const name = from.slice(from.lastIndexOf("/") + 1);
    if (!EMPTY.has(name)) for (const entry of readdirSync(from)) copy(join(from, entry), join(to, entry));
  } else {
    try {
      copyFileSync(from, to);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      return;
    }
  }
  chownSync(to, stat.uid, stat.gid);
}
