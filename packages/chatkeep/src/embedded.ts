import { existsSync, lstatSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";

import { Client } from "pg";

import { canEnter, unprivilegedAccount } from "./embedded/account.ts";
import { findPackage, openGround } from "./embedded/binaries.ts";
import { openCluster, type Cluster } from "./embedded/cluster.ts";
import { EmbeddedDatabaseError } from "./embedded/error.ts";
import { lockHome } from "./embedded/lock.ts";

export { type Cluster, type ClusterOptions, openCluster } from "./embedded/cluster.ts";
export { type Postmaster, type ShutdownMode, findPostmaster } from "./embedded/postmaster.ts";
export { EmbeddedDatabaseError };

/** What of a logger is used here; pino's has this shape. */
export interface EmbeddedLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Where the embedded database lives. */
export interface EmbeddedOptions {
  /** The folder that holds everything of ours (CHATKEEP_HOME); made if missing. */
  home: string;
  log: EmbeddedLog;
}

/** The database of the command itself, for the time that it runs. */
export interface EmbeddedDatabase extends AsyncDisposable {
  /** Its connection string. */
  url: string;
  /** Ends PostgreSQL and gives the home free. A second call does nothing. */
  close(): Promise<void>;
}

const database = "chatkeep";

/**
 * Open the database under `home`, making it the first time: a native PostgreSQL 18 that only this machine and whoever
 * may read the home can reach. One process uses a home at a time; a server left behind by one that was killed is
 * adopted. Throws `EmbeddedDatabaseError` with a sentence for the person who started us.
 */
export async function openEmbeddedDatabase(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const started = performance.now();
  // First: where it is missing, as in the image, an unwritable folder is not what to mend.
  await findPackage();
  const home = makeHome(resolve(options.home));
  const lock = lockHome(home);
  try {
    const directory = placeOf(home, options.log);
    let cluster = await openServing(directory);
    const { pid, adopted } = cluster;
    options.log.info(
      { pid, adopted, directory, ms: Math.round(performance.now() - started) },
      adopted ? "found the embedded PostgreSQL still running" : "started the embedded PostgreSQL",
    );
    const { socketDirectory } = cluster;
    const watch = watchOver(
      () => cluster.isAlive(),
      async () => {
        options.log.error({ pid: cluster.pid }, "the embedded PostgreSQL has died; starting it again");
        cluster = await openCluster({ directory, socketDirectory });
        options.log.info({ pid: cluster.pid }, "started the embedded PostgreSQL again");
      },
      (error) => options.log.error({ err: error }, "the embedded PostgreSQL did not start again"),
    );
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> =>
      (closing ??= watch
        .end()
        .then(() => cluster.stop())
        .finally(() => lock.release()));
    return { url: cluster.url(database), close, [Symbol.asyncDispose]: close };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function openServing(directory: string): Promise<Cluster> {
  const cluster = await openCluster({ directory });
  try {
    await ensureDatabase(cluster);
    return cluster;
  } catch (error) {
    await cluster.stop();
    if (!cluster.adopted) throw error;
    // It was just dying.
    return openServing(directory);
  }
}

function makeHome(home: string): string {
  try {
    // Others may enter but not list it when we are root: PostgreSQL's account has to pass through.
    mkdirSync(home, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
    return realpathSync(home);
  } catch (cause) {
    throw new EmbeddedDatabaseError(
      "home_unusable",
      `The folder ${home} cannot be made (${(cause as Error).message}): set CHATKEEP_HOME to one that you may write.`,
      { cause },
    );
  }
}

// Under root PostgreSQL runs as another account, which may not enter every folder (/root is 0700): then the data live
// in the open ground, and the home holds a link to them.
function placeOf(home: string, log: EmbeddedLog): string {
  const place = join(home, "postgres");
  if (lstatSync(place, { throwIfNoEntry: false }) !== undefined) {
    if (existsSync(place)) return reachable(realpathSync(place));
    throw new EmbeddedDatabaseError(
      "home_unusable",
      `${place} is a link to a folder that is gone: bring that folder back, or remove the link to start empty.`,
    );
  }
  if (canEnter(unprivilegedAccount(home), home)) return place;
  mkdirSync(openGround, { recursive: true, mode: 0o755 });
  // A new name each time: who removes a home to start afresh must not find the old words again.
  const elsewhere = mkdtempSync(join(openGround, "home-"));
  log.info(
    { directory: elsewhere },
    `PostgreSQL may not run as root nor enter ${home}: its data live elsewhere`,
  );
  symlinkSync(elsewhere, place);
  return elsewhere;
}

function reachable(place: string): string {
  const account = unprivilegedAccount(place);
  if (canEnter(account, place)) return place;
  throw new EmbeddedDatabaseError(
    "home_unusable",
    `PostgreSQL refuses to run as root, and the account “${account?.name}” may not enter ${place}: start Chatkeep as ` +
      "an ordinary user, move its home, or let others pass through the folders above it (chmod o+x).",
  );
}

// Somebody's kill, or the kernel's when memory runs out: half a second later it recovers and serves again.
const watchInterval = 500;

// Calls `revive` when it is dead, again and again until it lives. `end` waits for a revival under way.
function watchOver(
  isAlive: () => boolean,
  revive: () => Promise<void>,
  onError: (error: unknown) => void,
): { end(): Promise<void> } {
  let reviving: Promise<void> | undefined;
  const timer = setInterval(() => {
    if (isAlive() || reviving !== undefined) return;
    reviving = revive()
      .catch(onError)
      .finally(() => (reviving = undefined));
  }, watchInterval);
  timer.unref();
  return {
    async end() {
      clearInterval(timer);
      await reviving;
    },
  };
}

async function ensureDatabase(cluster: Cluster): Promise<void> {
  const client = new Client({ connectionString: cluster.url(database) });
  try {
    await client.connect();
  } catch (error) {
    if ((error as { code?: string }).code !== "3D000") throw error;
    const maintenance = new Client({ connectionString: cluster.url("postgres") });
    await maintenance.connect();
    await maintenance.query(`create database ${database}`);
    await maintenance.end();
  } finally {
    await client.end();
  }
}
