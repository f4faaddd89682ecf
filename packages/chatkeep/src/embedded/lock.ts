import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { EmbeddedDatabaseError } from "./error.ts";
import { processBirth } from "./process.ts";

/** The right to use a home, held until released or until our process is gone. */
export interface HomeLock {
  release(): void;
}

interface Holder {
  pid: number;
  birth: string | null;
  since: string;
}

/**
 * Take the home for this process, or throw `home_in_use` saying who holds it. Atomic: of any number of
 * simultaneous callers exactly one wins. A holder that died, also if its number was given to another process
 * since, holds nothing.
 *
 * Node has no flock, and a stale lock file cannot be removed safely (between the look and the removal somebody
 * else may have put his there). So none is: lock files are numbered, the highest is the one that counts, the next
 * number is taken by an atomic link(2), and only lower ones are ever removed. A released one stays, emptied of its
 * holder, so that the highest number never falls.
 */
export function lockHome(home: string): HomeLock {
  const holder: Holder = {
    pid: process.pid,
    birth: processBirth(process.pid),
    since: new Date().toISOString(),
  };
  const draft = join(home, `.lock-${process.pid}-${Math.random().toString(36).slice(2)}`);
  try {
    writeFileSync(draft, JSON.stringify(holder), { mode: 0o600 });
    for (;;) {
      const number = highest(home);
      const held = number > 0 ? livingHolder(home, number) : null;
      if (held !== null) throw inUse(home, held);
      if (!take(draft, lockFile(home, number + 1))) continue;
      // A slow caller may have made a number that was long passed and swept away: then it is not the highest.
      if (highest(home) === number + 1) {
        sweep(home, number + 1);
        return { release: () => empty(home, number + 1) };
      }
      rmSync(lockFile(home, number + 1), { force: true });
    }
  } catch (error) {
    throw error instanceof EmbeddedDatabaseError ? error : unusable(home, error as Error);
  } finally {
    rmSync(draft, { force: true });
  }
}

const lockFile = (home: string, number: number): string => join(home, `lock.${number}`);

function numbers(home: string): number[] {
  return readdirSync(home)
    .map((name) => Number(/^lock\.(\d+)$/.exec(name)?.[1] ?? 0))
    .filter((number) => number > 0);
}

const highest = (home: string): number => Math.max(0, ...numbers(home));

function livingHolder(home: string, number: number): Holder | null {
  let holder: Holder;
  try {
    holder = JSON.parse(readFileSync(lockFile(home, number), "utf8")) as Holder;
  } catch {
    // Released, or cut short by a full disk; or swept by a later holder: then taking the next number fails, and
    // the caller looks again.
    return null;
  }
  const birth = processBirth(holder.pid);
  return birth !== null && birth === holder.birth ? holder : null;
}

function take(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function sweep(home: string, own: number): void {
  for (const number of numbers(home)) if (number < own) rmSync(lockFile(home, number), { force: true });
}

// By rename, not by truncation: the file is also somebody's draft until that is removed.
function empty(home: string, number: number): void {
  const blank = join(home, `.lock-${process.pid}-released`);
  writeFileSync(blank, "", { mode: 0o600 });
  renameSync(blank, lockFile(home, number));
}

function unusable(home: string, cause: Error): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError(
    "home_unusable",
    `The folder ${home} cannot be written (${cause.message}): make room or let us write there, or set CHATKEEP_HOME to another.`,
    { cause },
  );
}

function inUse(home: string, { pid, since }: Holder): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError(
    "home_in_use",
    `${home} is in use by another Chatkeep, process ${pid}, started ${since}: ` +
      `stop that one (kill ${pid}), or give this one a home of its own with CHATKEEP_HOME.`,
  );
}
