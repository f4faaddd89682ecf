import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";

/** Where Debian has them; those of 18 work on older servers too. */
const PROGRAMS = "/usr/lib/postgresql/18/bin";

/** Whether PostgreSQL 18's `pg_dump` and `pg_restore` are installed; `.ci/run` installs them. */
export const hasPgDump: boolean = existsSync(`${PROGRAMS}/pg_restore`);

/** How a program ended. */
export interface Ended {
  readonly code: number;
  readonly stderr: string;
}

/** Runs `pg_dump` of a database into an archive; `options` are command line options, `env` variables such as PGOPTIONS. */
export async function pgDump(
  url: string,
  file: string,
  options: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return execute("pg_dump", ["--format=custom", `--file=${file}`, ...options, url], env);
}

/** Runs `pg_restore` of an archive into a database. It goes on after errors, as it does by default. */
export async function pgRestore(url: string, file: string, options: readonly string[] = []): Promise<Ended> {
  return execute("pg_restore", [...options, `--dbname=${url}`, file], {});
}

async function execute(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ended> {
  try {
    const { stderr } = await promisify(execFile)(`${PROGRAMS}/${program}`, args, {
      env: { PATH: process.env["PATH"], LC_ALL: "C", ...env },
    });
    return { code: 0, stderr };
  } catch (error) {
    const { code, stderr } = error as { code?: number; stderr?: string };
    if (typeof code !== "number") throw error;
    return { code, stderr: stderr ?? "" };
  }
}
