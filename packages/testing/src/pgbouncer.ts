import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { freePort } from "./port.ts";

/** A PgBouncer in transaction mode in front of a server. */
export interface PgBouncer extends AsyncDisposable {
  /** The connection string of the given database, through PgBouncer. */
  url: string;
}

/** Whether Debian's `pgbouncer` is installed; `.ci/run` installs it. */
export function hasPgBouncer(): boolean {
  try {
    execFileSync("pgbouncer", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts the real PgBouncer in transaction mode on a free port of loopback, with two server connections,
 * so that clients really share them. `url` is of the database behind it, over TCP.
 */
export async function startPgBouncer(url: string): Promise<PgBouncer> {
  const server = new URL(url);
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), "ck-pgbouncer-"));
  // It refuses to run as root and is told to be nobody, who has to read this.
  chmodSync(directory, 0o755);
  const users = join(directory, "users.txt");
  writeFileSync(users, `"${server.username}" "${decodeURIComponent(server.password)}"\n`);
  const config = join(directory, "pgbouncer.ini");
  writeFileSync(
    config,
    `[databases]
* = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = transaction
default_pool_size = 2
max_client_conn = 100
`,
  );
  const asNobody = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
  const child = spawn("pgbouncer", ["-q", ...asNobody, config], { stdio: "ignore" });
  await listening(port, child);
  const through = new URL(url);
  through.port = String(port);
  return {
    url: through.href,
    async [Symbol.asyncDispose]() {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Resolves when the port takes a connection; tries again each time it is refused, as long as the child lives. */
async function listening(port: number, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`pgbouncer ended with ${child.exitCode}`);
    const socket = createConnection({ host: "127.0.0.1", port });
    const outcome = await Promise.race([
      once(socket, "connect").then(() => "connected" as const),
      once(socket, "error").then(() => "refused" as const),
    ]).catch(() => "refused" as const);
    socket.destroy();
    if (outcome === "connected") return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
