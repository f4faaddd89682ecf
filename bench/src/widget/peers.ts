import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { PEERS } from "./contender.ts";

/**
 * Installs the peers, of exact versions, with npm into a folder of their own below the temporary folder, and gives that folder. They are 470 MB,
 * which nobody who builds Chatkeep needs: so they are in no manifest of ours. The folder is kept for the next time.
 */
export async function installPeers(say: (line: string) => void): Promise<string> {
  const dependencies = Object.assign({}, ...PEERS.map(({ packages }) => packages)) as Record<string, string>;
  const manifest = JSON.stringify({ private: true, dependencies }, null, 2);
  const folder = join(
    tmpdir(),
    `ck-peers-${createHash("sha256").update(manifest).digest("hex").slice(0, 12)}`,
  );
  if (existsSync(folder)) return folder;
  const names = Object.entries(dependencies).map(([name, version]) => `${name}@${version}`);
  say(`Installing what we are measured beside (about 470 MB) into ${folder}: ${names.join(", ")}`);
  const half = `${folder}-${process.pid}`;
  mkdirSync(half);
  try {
    writeFileSync(join(half, "package.json"), manifest);
    const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    await promisify(execFile)("npm", ["install", ...flags], { cwd: half });
    renameSync(half, folder);
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    throw new Error("npm could not install the peers that this suite measures.", { cause: error });
  }
  return folder;
}
