import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";

import { unprivilegedAccount, type Account } from "./account.ts";
import { findBinaries, type Binaries } from "./binaries.ts";
import { EmbeddedDatabaseError } from "./error.ts";
import { findPostmaster, startPostmaster, type ShutdownMode } from "./postmaster.ts";

/** The superuser of every embedded cluster. */
const superuser = "chatkeep";

const socketPrefix = "chatkeep-socket-";

/** Where a cluster lives and how it is set. */
export interface ClusterOptions {
  /** A folder of its own; made (mode 0700) if missing, and given to PostgreSQL's account when we are root. */
  directory: string;
  /** The TCP port on 127.0.0.1; default: none, the Unix socket only (Windows has none and needs one). */
  port?: number;
  /** The folder of its Unix socket, to be reached where it was before; default: one that is short enough. */
  socketDirectory?: string;
  /** Settings that go before the defaults, by their names in postgresql.conf. */
  settings?: Record<string, string>;
  /** The npm package of its programs, as `import` takes it; default: the PostgreSQL 18 that we bring. */
  package?: string;
}

/** A running PostgreSQL of our own. */
export interface Cluster extends AsyncDisposable {
  pid: number;
  socketDirectory: string;
  /** Whether the server is still there. */
  isAlive(): boolean;
  /** Whether it ran already, left behind by a process that was killed. */
  adopted: boolean;
  /** The connection string of one of its databases, over TCP if there is a port, as its superuser. */
  url(database: string): string;
  /** End it and wait until it is gone; default `fast`. A second call does nothing. */
  stop(mode?: ShutdownMode): Promise<void>;
}

/**
 * Make the cluster if there is none, adopt the server that already runs on it, or start one. Fully durable. The
 * caller sees to it that nobody else does the same with this directory at the same time.
 */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  const directory = realpathSync(options.directory);
  const account = unprivilegedAccount(directory);
  giveTo(account, directory);
  chmodSync(directory, 0o700);
  const data = join(directory, "data");
  const binaries = await findBinaries(account, options.package);
  if (!existsSync(data)) await initialise(directory, binaries, account);
  checkVersion(data, binaries);

  const running = await findPostmaster(data);
  const postmaster = running ?? (await start(options, directory, binaries, account));
  const password = readFileSync(join(directory, "password"), "utf8").trim();
  const stop = async (mode: ShutdownMode = "fast"): Promise<void> => {
    await postmaster.stop(mode);
    removeSocketDirectory(postmaster.socketDirectory);
  };
  return {
    pid: postmaster.pid,
    socketDirectory: postmaster.socketDirectory,
    isAlive: () => postmaster.isAlive(),
    adopted: running !== null,
    url(database) {
      const { socketDirectory, port } = postmaster;
      const overSocket = options.port === undefined && socketDirectory !== "";
      const host = overSocket ? `localhost:${port}` : `127.0.0.1:${port}`;
      const query = overSocket ? `?host=${encodeURIComponent(socketDirectory)}` : "";
      return `postgresql://${superuser}:${password}@${host}/${encodeURIComponent(database)}${query}`;
    },
    stop,
    [Symbol.asyncDispose]: () => stop(),
  };
}

// Into a folder beside it, renamed when it is complete: a process killed half way leaves nothing that looks like data.
async function initialise(
  directory: string,
  { initdb, major }: Binaries,
  account: Account | null,
): Promise<void> {
  const half = join(directory, "data.new");
  rmSync(half, { recursive: true, force: true });
  const passwordFile = join(directory, "password");
  writeFileSync(passwordFile, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600 });
  giveTo(account, passwordFile);
  const args = [
    `--pgdata=${half}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    // The same everywhere; before 18 words are made small as the operating system does it.
    ...(major < 18
      ? ["--locale=C.UTF-8"]
      : ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]),
    "--text-search-config=english",
    "--no-instructions",
  ];
  const identity = account === null ? {} : { uid: account.uid, gid: account.gid };
  const environment = process.platform === "win32" ? {} : { env: { LC_ALL: "C" } };
  try {
    await promisify(execFile)(initdb, args, { cwd: directory, ...identity, ...environment });
  } catch (cause) {
    const text = (cause as { stderr?: string }).stderr?.trim() || String(cause);
    throw new EmbeddedDatabaseError("start_failed", `PostgreSQL could not make its data folder: ${text}`, {
      cause,
    });
  }
  renameSync(half, join(directory, "data"));
}

function checkVersion(data: string, { major }: Binaries): void {
  const version = readFileSync(join(data, "PG_VERSION"), "utf8").trim();
  if (version === String(major)) return;
  throw new EmbeddedDatabaseError(
    "wrong_version",
    `${data} was made by PostgreSQL ${version}, and this Chatkeep brings ${major}: dump it with ${version} and ` +
      "restore it into a fresh CHATKEEP_HOME, or set DATABASE_URL to a server that runs it.",
  );
}

async function start(
  { port, socketDirectory, settings }: ClusterOptions,
  directory: string,
  binaries: Binaries,
  account: Account | null,
): ReturnType<typeof startPostmaster> {
  const log = join(directory, "postgres.log");
  // 1 MB holds months of its sparse log; the one before is kept for whoever looks for the cause of a crash.
  if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > 1_000_000) renameSync(log, `${log}.1`);
  return startPostmaster({
    program: binaries.postgres,
    data: join(directory, "data"),
    account,
    log,
    socketDirectory:
      socketDirectory ?? (process.platform === "win32" ? "" : makeSocketDirectory(directory, account)),
    settings: {
      listen_addresses: port === undefined ? "" : "127.0.0.1",
      port: String(port ?? 5432),
      unix_socket_permissions: "0700",
      log_checkpoints: "off",
      // Parameters are what people write.
      log_parameter_max_length: "0",
      ...settings,
    },
  });
}

// The address of a Unix socket holds 104 bytes on macOS, 108 on Linux, with the closing NUL.
function makeSocketDirectory(directory: string, account: Account | null): string {
  if (Buffer.byteLength(join(directory, ".s.PGSQL.65535")) < 104) return directory;
  const short = mkdtempSync(join(tmpdir(), socketPrefix));
  giveTo(account, short);
  return short;
}

// Only a folder made above, and only an empty one: PostgreSQL removes its socket itself.
function removeSocketDirectory(path: string): void {
  if (!basename(path).startsWith(socketPrefix)) return;
  try {
    rmdirSync(path);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(code)) throw error;
  }
}

function giveTo(account: Account | null, path: string): void {
  if (account !== null) chownSync(path, account.uid, account.gid);
}
