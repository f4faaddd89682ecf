import { checkDurability } from "@chatkeep/core";

import type { Finding, ServerConnection } from "./checks.ts";

interface Settings {
  readonly encoding: string;
  readonly is_standby: boolean;
  readonly is_read_only: boolean;
  /** The settings by which PostgreSQL logs our statements, each with its value. */
  readonly logging: readonly string[] | null;
  readonly login: string;
}

/**
 * Checks settings that keep messages from being stored, lose stored ones, or copy them into PostgreSQL's log.
 */
export async function* findSettings(connection: ServerConnection): AsyncGenerator<Finding> {
  const { rows } = await connection.query(
    `select
       current_setting('server_encoding') as encoding, pg_is_in_recovery() as is_standby,
       current_setting('transaction_read_only') = 'on' as is_read_only, current_user as login, (
         select json_agg(s.name || ' = ' || current_setting(s.name)) from pg_settings s
         where case
           when s.name = 'auto_explain.log_min_duration'
           then s.setting <> '-1' and coalesce(current_setting('auto_explain.log_parameter_max_length', true), '-1') <> '0'
           when current_setting('log_parameter_max_length') = '0' then false
           when s.name in ('log_min_duration_statement', 'log_min_duration_sample') then s.setting <> '-1'
           when s.name = 'log_statement' then s.setting = 'all'
           when s.name = 'log_transaction_sample_rate' then s.setting <> '0'
         end
       ) as logging`,
  );
  const { encoding, is_standby, is_read_only, logging, login } = rows[0] as unknown as Settings;
  if (encoding !== "UTF8") {
    const text = `the database has the encoding ${encoding}, and Chatkeep needs UTF8: make another with "createdb -T template0 -E UTF8 NAME"`;
    yield { check: "encoding", state: "fail", text };
  }
  if (is_read_only) {
    const text = is_standby
      ? "the server is a standby, which is read-only: point DATABASE_URL at the primary server"
      : "the database is read-only: unset default_transaction_read_only, or point DATABASE_URL at a server that is not";
    yield { check: "writes", state: "fail", text };
  }
  const durability = await checkDurability({ query: ({ text }) => connection.query(text) });
  for (const text of durability.warnings) yield { check: "durability", state: "note", text };
  if (durability.warnings.length === 0) yield { check: "durability", state: "ok", text: durability.text };
  if (logging !== null) {
    const text = `what people write is copied into PostgreSQL's log (${logging.join(", ")}): as a superuser, run alter role "${login}" set log_parameter_max_length = 0, and the same for auto_explain.log_parameter_max_length where that is loaded`;
    yield { check: "log", state: "note", text };
  }
}
