import { RELEASE, checkInstall, readAddress, releaseSchema } from "@chatkeep/core";

/** What one check found. `note`: it works, and could be better. */
export interface Finding {
  readonly check: string;
  readonly state: "ok" | "note" | "fail";
  readonly text: string;
}

/** What is needed of a connection: `pg`'s Client has this shape. */
export interface ServerConnection {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

/** Options of {@link checkServer}. */
export interface CheckOptions {
  readonly url: string;
  readonly schema: string;
}

/** Looks at a server through one connection, and changes nothing. */
export async function* checkServer(
  connection: ServerConnection,
  options: CheckOptions,
): AsyncGenerator<Finding> {
  yield* [checkTls(options.url)];
  yield await checkVersion(connection);
  const rights = await checkRights(connection, options);
  yield rights;
  yield await checkPooler(connection);
  yield await checkLatency(connection);
  // Else its functions cannot be asked.
  if (rights.state === "fail") return;
  const faults = await checkInstall({ query: ({ text }) => connection.query(text) }, options);
  for (const text of faults) yield { check: "schema", state: "fail", text };
  if (faults.length === 0) yield await checkSchema(connection, options);
}

/** The URL without its password. */
export function describeUrl(url: string, kind: "embedded" | "external"): string {
  const { user, host, place, database } = readAddress(url);
  const from = kind === "embedded" ? "embedded PostgreSQL" : "DATABASE_URL";
  return `${from}: ${user} at ${host.startsWith("/") ? host : place}/${database}`;
}

function checkTls(url: string): Finding {
  const { host, isLocal, sslmode } = readAddress(url);
  if (isLocal && ["disable", "allow", "prefer"].includes(sslmode))
    return { check: "TLS", state: "ok", text: "not needed: the server is on this machine" };
  if (sslmode === "disable") {
    return {
      check: "TLS",
      state: "note",
      text: `the connection to ${host} is not encrypted: add ?sslmode=require to DATABASE_URL`,
    };
  }
  if (sslmode === "no-verify") {
    return {
      check: "TLS",
      state: "note",
      text: "encrypted, but the server's certificate is not verified: use sslmode=require, with sslrootcert if its authority is your own",
    };
  }
  return { check: "TLS", state: "ok", text: "encrypted, certificate verified" };
}

async function checkVersion(connection: ServerConnection): Promise<Finding> {
  const number = Number(await value(connection, "select current_setting('server_version_num')"));
  const version = String(await value(connection, "select current_setting('server_version')"));
  if (number < 150_000) {
    return {
      check: "version",
      state: "fail",
      text: `PostgreSQL ${version} is too old: upgrade the server to 15 or newer`,
    };
  }
  if (number >= 190_000) {
    return {
      check: "version",
      state: "note",
      text: `PostgreSQL ${version} is newer than those this release was tested on (15 to 18)`,
    };
  }
  return { check: "version", state: "ok", text: `PostgreSQL ${version}` };
}

async function checkRights(connection: ServerConnection, { schema }: CheckOptions): Promise<Finding> {
  const user = String(await value(connection, "select current_user"));
  const functions = releaseSchema(schema);
  const ready = await value(connection, "select to_regnamespace($1)::text", [`"${functions}"`]);
  if (ready !== null) {
    const usable = await value(
      connection,
      `select has_schema_privilege($1, 'usage') and coalesce(has_schema_privilege(to_regnamespace($2), 'usage'), true)
         and not exists (
           select from pg_proc p where p.pronamespace = to_regnamespace($3) and not has_function_privilege(p.oid, 'execute')
         )`,
      [functions, `"${schema}"`, `"${functions}"`],
    );
    return usable === true
      ? { check: "rights", state: "ok", text: `"${user}" may use the schema "${schema}"` }
      : {
          check: "rights",
          state: "fail",
          text: `"${user}" may not use the schema "${schema}": run "chatkeep grant ${user}" with the role that migrated it`,
        };
  }
  const creates = await value(connection, "select has_database_privilege(current_database(), 'create')");
  if (creates !== true) {
    return {
      check: "rights",
      state: "fail",
      text: `"${user}" may not make the schema "${schema}": grant create on the database to it, or run "chatkeep migrate" with its owner`,
    };
  }
  const [row] = (
    await connection.query(
      "select rolsuper, rolcreaterole, rolbypassrls from pg_roles where rolname = current_user",
    )
  ).rows;
  if (row?.["rolsuper"] !== true && row?.["rolcreaterole"] !== true && row?.["rolbypassrls"] === true) {
    return {
      check: "rights",
      state: "fail",
      text: `"${user}" bypasses row-level security and may not create roles: use a role without BYPASSRLS, or one with CREATEROLE`,
    };
  }
  return { check: "rights", state: "ok", text: `"${user}" may make the schema "${schema}"` };
}

/** A pooler makes up the process id that it tells clients, because none belongs to them. */
async function checkPooler(connection: ServerConnection): Promise<Finding> {
  const told = (connection as { processID?: number | null }).processID;
  const real = await value(connection, "select pg_backend_pid()");
  return told === real || told === undefined || told === null
    ? { check: "pooler", state: "ok", text: "none: connections go to PostgreSQL itself" }
    : {
        check: "pooler",
        state: "ok",
        text: "there is one: nothing here needs a session, and other nodes are asked instead of listened to",
      };
}

/** Milliseconds of a round trip from which on the distance is what people wait for: a turn makes some four. */
const FAR = 50;

async function checkLatency(connection: ServerConnection): Promise<Finding> {
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const began = performance.now();
    await connection.query("select 1");
    times.push(performance.now() - began);
  }
  const median = times.sort((a, b) => a - b)[2] ?? 0;
  const text = `${median.toFixed(1)} ms a round trip`;
  return median < FAR
    ? { check: "latency", state: "ok", text }
    : { check: "latency", state: "note", text: `${text}: run Chatkeep nearer to the database` };
}

async function checkSchema(connection: ServerConnection, { schema }: CheckOptions): Promise<Finding> {
  const there = await value(connection, "select to_regclass($1)::text", [`"${schema}".migrations`]);
  if (there === null) {
    return {
      check: "schema",
      state: "note",
      text: `"${schema}" is not there yet: "chatkeep migrate" makes it, and so does "chatkeep serve"`,
    };
  }
  const version = Number(await value(connection, `select "${schema}".schema_version()`));
  const security = await value(connection, `select "${schema}".schema_security()`);
  if (version > RELEASE) {
    const breaking = Number(await value(connection, `select "${schema}".breaking_version()`));
    return breaking > RELEASE
      ? {
          check: "schema",
          state: "fail",
          text: `"${schema}" is at version ${version}, and this release works with none after ${breaking - 1}: start the newer release, or set CHATKEEP_SCHEMA to another`,
        }
      : {
          check: "schema",
          state: "note",
          text: `"${schema}" is at version ${version}, which a newer release made; this one works beside it`,
        };
  }
  if (version < RELEASE) {
    return {
      check: "schema",
      state: "note",
      text: `"${schema}" is at version ${version} of ${RELEASE}: "chatkeep migrate" brings it up, and so does "chatkeep serve"`,
    };
  }
  const lock =
    security === "roles"
      ? "row-level security holds under roles of its own"
      : "row-level security is forced on the role that logs in";
  return { check: "schema", state: "ok", text: `"${schema}" is at version ${version}; ${lock}` };
}

async function value(connection: ServerConnection, text: string, values: unknown[] = []): Promise<unknown> {
  const [row] = (await connection.query(text, values)).rows;
  return row === undefined ? null : (Object.values(row)[0] ?? null);
}
