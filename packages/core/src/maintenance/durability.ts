import type { Queryable } from "../database/pool.ts";

/** The result of {@link checkDurability}, in sentences. */
export interface Durability {
  /** Where an acknowledged commit is. */
  readonly text: string;
  /** What can lose acknowledged commits, and what delays them. */
  readonly warnings: string[];
}

/**
 * Reads what the promise that nothing acknowledged is lost rests on. Chatkeep sets `synchronous_commit` itself, for each
 * of its writes. Errors: the driver's.
 */
export async function checkDurability(connection: Queryable): Promise<Durability> {
  const { rows } = await connection.query({
    text: `
      select current_setting('synchronous_standby_names') as synchronous, (
          select string_agg(s.name || ' = off', ', ' order by s.name) from pg_settings s
          where s.name in ('fsync', 'full_page_writes') and s.setting = 'off'
        ) as unsafe, (
          -- The state is null for a login that may not see it.
          select count(*)::integer from pg_stat_replication r where r.state is distinct from 'backup'
        ) as standbys`,
  });
  const { synchronous, unsafe, standbys } = rows[0] as {
    synchronous: string;
    unsafe: string | null;
    standbys: number;
  };
  const warnings: string[] = [];
  if (unsafe !== null)
    warnings.push(
      `messages that were acknowledged can be lost when PostgreSQL crashes or its machine loses power (${unsafe}): set it on in postgresql.conf`,
    );
  if (synchronous === "" && standbys > 0)
    warnings.push(
      "the standby is asynchronous: a failover to it loses messages that were acknowledged and that it had not received. To lose none, set synchronous_standby_names",
    );
  if (synchronous !== "" && standbys === 0)
    warnings.push(
      `no standby is connected, and every write waits for one (synchronous_standby_names = ${synchronous}): start it, or take it off the list`,
    );
  const places = synchronous === "" ? "on the disk" : `on the disk and on a standby (${synchronous})`;
  return { text: `a message is ${places} before it is acknowledged`, warnings };
}
