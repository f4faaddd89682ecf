import { statSync } from "node:fs";

import { Client, type PoolConfig } from "pg";
import { parse } from "pg-connection-string";

/** Where a database URL leads, and how. */
export interface DatabaseAddress {
  /** A name, an IP address, or the folder of a socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** `host:port`, or the file of the socket: for a message. */
  readonly place: string;
  /** Whether the server is on this machine. */
  readonly isLocal: boolean;
  readonly sslmode: SslMode;
  /** Milliseconds to wait for a connection (`connect_timeout`). */
  readonly connectTimeout?: number;
  /** Milliseconds without an answer after which the database counts as down; only where `connectTimeout` is given. */
  readonly databaseTimeout?: number;
  /** Maximum number of connections (Prisma's `connection_limit`). */
  readonly connectionLimit?: number;
  /** Parameters of other clients, which have no effect here. */
  readonly unused: readonly string[];
  /** What `pg` connects with: it holds the password. */
  readonly config: PoolConfig;
}

const SSL_MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full", "no-verify"] as const;
type SslMode = (typeof SSL_MODES)[number];

/** `ssl=…` of JDBC, postgres.js and `pg`. */
const SSL: ReadonlyMap<string, SslMode> = new Map([
  ["true", "require"],
  ["1", "require"],
  ["false", "disable"],
  ["0", "disable"],
]);

/** Parameters that are files. */
const FILES = ["sslrootcert", "sslcert", "sslkey"] as const;

/** Parameters that `pg` understands by itself. */
const OF_PG = [
  "options",
  "application_name",
  "sslnegotiation",
  "statement_timeout",
  "lock_timeout",
  "idle_in_transaction_session_timeout",
] as const;

const KNOWN: ReadonlySet<string> = new Set([
  ...FILES,
  ...OF_PG,
  ..."host hostaddr port user password dbname ssl sslmode channel_binding connect_timeout connection_limit".split(
    " ",
  ),
]);

/** User and password end at the first `@`, as for psql: `#`, `?` and `:` may stand in a password as they are. */
const URL_PARTS =
  /^postgres(?:ql)?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?(\[[^\]/]*\]|[^:/?]*)(?::([^/?]*))?(?:\/([^?]*))?(?:\?(.*))?$/s;

const EXAMPLE = "postgres://user:password@host:5432/database";

/** The sentence for a URL that is not given. */
export const NO_URL =
  "The database URL is missing: set DATABASE_URL to postgres://user:password@host/database.";

/**
 * Reads a database URL as psql does, with the parameters of libpq. Those of other clients are listed in `unused`. Modes
 * of TLS are stricter: `require` verifies the certificate, `no-verify` does not. Errors: `TypeError` that says how to
 * mend the URL, and never repeats a part that may be secret.
 */
export function readAddress(text: string): DatabaseAddress {
  // `process.env.DATABASE_URL!` may be undefined.
  if (!text) throw new TypeError(NO_URL);
  const parts = URL_PARTS.exec(text.trim());
  if (parts === null) throw new TypeError(notAUrl(text));
  const [, user = "", password = "", authority = "", ownPort = "", path = "", query = ""] = parts;
  const given = new Map(
    query
      .split("&")
      .filter(Boolean)
      .map((pair) => {
        const [name = "", ...rest] = pair.split("=");
        const value = rest.join("=");
        // `URLSearchParams` writes a space as +, which psql does not read, and no option begins with one.
        return [decode(name), decode(name === "options" ? value.replaceAll("+", " ") : value)];
      }),
  );
  const port = given.get("port") ?? decode(ownPort);
  if ([authority, ownPort, path].some((part) => part.includes("@"))) throw new TypeError(NOT_ENCODED);
  const host =
    given.get("host") ?? (decode(authority).replace(/^\[(.*)\]$/, "$1") || given.get("hostaddr") || "");
  if (host.includes(",") || port.includes(","))
    throw new TypeError("The database URL names several hosts. Name one: the primary server, or a pooler.");
  if (port !== "" && !(/^\d+$/.test(port) && Number(port) > 0 && Number(port) < 65_536))
    throw new TypeError("The port in the database URL must be a number from 1 to 65535.");

  const sslmode = readSslMode(given);
  const files = FILES.filter((name) => given.has(name) && given.get(name) !== "system");
  for (const name of files) {
    if (statSync(given.get(name)!, { throwIfNoEntry: false })?.isDirectory() !== false)
      throw new TypeError(
        `The database URL must name files that are there; there is no ${name}=${given.get(name)} here.`,
      );
  }
  if (given.has("sslcert") && !given.has("sslkey"))
    throw new TypeError(
      "The database URL has sslcert without sslkey. For the certificate of the server's authority, which Prisma calls sslcert, write sslrootcert.",
    );

  const target = {
    host,
    port: port === "" ? undefined : Number(port),
    user: given.get("user") ?? decode(user),
    password: given.get("password") ?? decode(password),
    database: given.get("dbname") ?? decode(path),
  };
  // What is not given is the driver's to choose: PGHOST, PGUSER and so on.
  const client = new Client(target);
  const isLocal = client.host === "localhost" || client.host === "::1" || /^(127\.|\/)/.test(client.host);

  const passed = new URLSearchParams();
  for (const name of [...files, ...OF_PG]) if (given.has(name)) passed.set(name, given.get(name)!);
  if (sslmode !== undefined) passed.set("sslmode", strictly(sslmode, isLocal));
  const binding = given.get("channel_binding");
  const config: PoolConfig = {
    ...(parse(`postgres://localhost/?${passed}`) as unknown as PoolConfig),
    ...target,
    enableChannelBinding: binding === "require" || binding === "prefer",
  };
  const seconds = readWhole(given, "connect_timeout");
  const connectionLimit = readWhole(given, "connection_limit");
  return {
    host: client.host,
    port: client.port,
    user: client.user ?? "",
    database: client.database ?? "",
    place: client.host.startsWith("/")
      ? `${client.host}/.s.PGSQL.${client.port}`
      : `${client.host.includes(":") ? `[${client.host}]` : client.host}:${client.port}`,
    isLocal,
    sslmode: sslmode ?? "disable",
    // As far apart as the defaults: whoever waits learns of the failed connection.
    ...(seconds === undefined
      ? {}
      : { connectTimeout: seconds * 1000, databaseTimeout: seconds * 1000 + 300 }),
    ...(connectionLimit === undefined ? {} : { connectionLimit }),
    unused: [...given.keys()].filter(
      (name) => !KNOWN.has(name) || (name === "hostaddr" && host !== given.get(name)),
    ),
    config,
  };
}

const NOT_ENCODED =
  "The user or the password in the database URL holds a character that ends it. Write @ as %40, / as %2F, % as %25, and : in a user as %3A.";

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new TypeError(
      "The database URL holds a % that begins no character. Write % as %25, in a password too.",
    );
  }
}

/** What is wrong with a text that does not begin as a database URL does. */
function notAUrl(text: string): string {
  const scheme = /^\s*((?:jdbc:)?[a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
  if (scheme !== undefined) return `The database URL must look like ${EXAMPLE}; it begins with ${scheme}://.`;
  if (/postgres(ql)?:\/\//i.test(text))
    return "The database URL has something around it, such as quotes or a command. Leave what begins with postgres://.";
  return `The database URL must look like ${EXAMPLE}.`;
}

function readSslMode(given: ReadonlyMap<string, string>): SslMode | undefined {
  // A misspelt one would leave the connection without TLS.
  const unknown = [...given.keys()].find((name) => /^(ssl|tls)/i.test(name) && !KNOWN.has(name));
  if (unknown !== undefined)
    throw new TypeError(
      `The database URL has ${unknown}, which Chatkeep does not know. It knows sslmode, sslrootcert, sslcert, sslkey and sslnegotiation; without verifying: sslmode=no-verify.`,
    );
  const mode = given.get("sslmode") ?? given.get("ssl");
  if (mode === undefined) {
    const asksForTls = FILES.some((name) => given.has(name)) || given.get("sslnegotiation") === "direct";
    return asksForTls ? "verify-full" : undefined;
  }
  const known = SSL_MODES.find((one) => one === mode) ?? SSL.get(mode);
  if (known === undefined)
    throw new TypeError(`sslmode in the database URL must be one of ${SSL_MODES.join(", ")}.`);
  return known;
}

/**
 * The mode that the driver is given: it verifies the certificate or does not. For "prefer" it cannot negotiate, so
 * remote servers must support TLS.
 */
function strictly(mode: SslMode, isLocal: boolean): SslMode {
  if (mode === "no-verify" || mode === "disable") return mode;
  if ((mode === "prefer" || mode === "allow") && isLocal) return "disable";
  return "verify-full";
}

function readWhole(given: ReadonlyMap<string, string>, name: string): number | undefined {
  const value = given.get(name);
  if (value === undefined) return undefined;
  if (/^\d{1,6}$/.test(value)) return Number(value) || undefined;
  throw new TypeError(`${name} in the database URL must be a whole number.`);
}
