import { spawn } from "node:child_process";
import {
  chownSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import type { Account } from "./account.ts";
import { EmbeddedDatabaseError } from "./error.ts";
import { processBirth, processCommand } from "./process.ts";

/** How PostgreSQL ends: `fast` breaks off what runs and checkpoints; `immediate` is a crash, recovered at the next start. */
export type ShutdownMode = "fast" | "immediate";

/** A running PostgreSQL server. */
export interface Postmaster {
  pid: number;
  port: number;
  /** The folder of its Unix socket; empty where there is none. */
  socketDirectory: string;
  /** Whether the process is still there. */
  isAlive(): boolean;
  /** Ends it and waits until it is gone. Also when it is gone already. */
  stop(mode: ShutdownMode): Promise<void>;
}

interface PidFile {
  pid: number;
  port: number;
  socketDirectory: string;
  status: string;
}

/** How to start one. */
export interface StartOptions {
  program: string;
  data: string;
  account: Account | null;
  /** Settings that go before those of postgresql.conf. */
  settings: Record<string, string>;
  /** The folder of its Unix socket, its own; empty for none. */
  socketDirectory: string;
  /** The file its own log is appended to. */
  log: string;
}

/** Start PostgreSQL in a session of its own, so that it outlives us if we are killed, and wait until it serves. */
export async function startPostmaster(options: StartOptions): Promise<Postmaster> {
  const { program, data, account, settings, socketDirectory, log } = options;
  disownStalePidFile(data);
  removeStaleSockets(socketDirectory);
  const output = openSync(log, "a", 0o600);
  const args = [
    "-D",
    data,
    "-c",
    `unix_socket_directories=${socketDirectory}`,
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ];
  const child = spawn(program, args, {
    cwd: data,
    detached: true,
    stdio: ["ignore", output, output],
    ...(account === null ? {} : { uid: account.uid, gid: account.gid }),
    // Nothing of ours: the environment may hold keys, and every SQL superuser can read it.
    ...(process.platform === "win32" ? {} : { env: { LC_ALL: "C" } }),
  });
  closeSync(output);
  let failure: Error | null = null;
  child.once("error", (error) => (failure = error));
  child.unref();
  for (;;) {
    if (failure !== null || child.exitCode !== null || child.signalCode !== null) {
      throw startFailed(log, failure ?? undefined);
    }
    const file = readPidFile(data);
    if (file?.pid === child.pid && file?.status === "ready") return attach(file);
    await delay(pollInterval);
  }
}

/** The PostgreSQL that already serves `data`, or null. Waits for one that is just starting or stopping. */
export async function findPostmaster(data: string): Promise<Postmaster | null> {
  for (;;) {
    const file = readPidFile(data);
    if (file === null || !serves(file.pid, data)) return null;
    if (file.status === "ready") return attach(file);
    await delay(pollInterval);
  }
}

// postmaster.pid is the one signal that is there for an adopted server too; it is 8 short lines in the page cache.
const pollInterval = 5;

function attach({ pid, port, socketDirectory }: PidFile): Postmaster {
  const birth = processBirth(pid);
  const isAlive = (): boolean => birth !== null && processBirth(pid) === birth;
  return {
    pid,
    port,
    socketDirectory,
    isAlive,
    async stop(mode) {
      if (isAlive()) signal(pid, mode === "fast" ? "SIGINT" : "SIGQUIT");
      while (isAlive()) await delay(pollInterval);
    },
  };
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function readPidFile(data: string): PidFile | null {
  let text: string;
  try {
    text = readFileSync(join(data, "postmaster.pid"), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const [pid = "", , , port = "", socketDirectory = "", , , status = ""] = text.split("\n");
  return { pid: Number(pid), port: Number(port), socketDirectory, status: status.trim() };
}

function serves(pid: number, data: string): boolean {
  if (!(pid > 0) || processBirth(pid) === null) return false;
  const command = processCommand(pid);
  return command === null || (command.includes("postgres") && command.includes(data));
}

// After a crash the number in the file may belong to some other process by now (in a container it nearly always
// does), and PostgreSQL would refuse to start. Our own number makes it look further, at the shared memory that the
// rest of the file names, which protects the data from backends that outlived their postmaster.
function disownStalePidFile(data: string): void {
  const path = join(data, "postmaster.pid");
  if (!existsSync(path)) return;
  const [, ...rest] = readFileSync(path, "utf8").split("\n");
  const { uid, gid } = statSync(path);
  writeFileSync(`${path}.stale`, [process.pid, ...rest].join("\n"), { mode: 0o600 });
  chownSync(`${path}.stale`, uid, gid);
  renameSync(`${path}.stale`, path);
}

// Their lock files hold a number too. The folder is the cluster's own, so they can be nobody else's.
function removeStaleSockets(directory: string): void {
  if (directory === "") return;
  for (const name of readdirSync(directory)) {
    if (name.startsWith(".s.PGSQL.")) rmSync(join(directory, name), { force: true });
  }
}

function startFailed(log: string, cause: Error | undefined): EmbeddedDatabaseError {
  const last = readFileSync(log, "utf8").trimEnd().split("\n").slice(-3).join(" | ");
  return new EmbeddedDatabaseError(
    "start_failed",
    `The embedded PostgreSQL did not start: ${cause?.message ?? last} (its log: ${log}).`,
    cause === undefined ? {} : { cause },
  );
}
