import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";

import { EmbeddedDatabaseError } from "./error.ts";

/** An account of the operating system that PostgreSQL runs under. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/**
 * The account PostgreSQL has to run under when we are root, since it refuses to run as root: the owner of
 * `directory` if that is somebody else already, then `postgres`, then `nobody`. Null when we are not root.
 */
export function unprivilegedAccount(directory: string): Account | null {
  if (process.getuid?.() !== 0) return null;
  const accounts = listAccounts();
  const owner = statSync(directory, { throwIfNoEntry: false })?.uid ?? 0;
  const account =
    accounts.find(({ uid }) => uid !== 0 && uid === owner) ??
    accounts.find(({ name }) => name === "postgres") ??
    accounts.find(({ name }) => name === "nobody");
  if (account === undefined) {
    throw new EmbeddedDatabaseError(
      "home_unusable",
      "PostgreSQL refuses to run as root, and this machine has neither an account “postgres” nor “nobody”: " +
        "start Chatkeep as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own.",
    );
  }
  return account;
}

// initdb looks its own account up by number, so a number without an entry in this file would not do.
function listAccounts(): Account[] {
  return readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .map(([name = "", , uid = "", gid = ""]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ name, uid, gid }) => name !== "" && uid >= 0 && gid >= 0);
}

/** Whether the account may enter the folder `path` and every one above it, going by their modes. */
export function canEnter(account: Account | null, path: string): boolean {
  if (account === null) return true;
  const { mode, uid, gid } = statSync(path);
  const granted = uid === account.uid ? mode >> 6 : gid === account.gid ? mode >> 3 : mode;
  return (granted & 0o1) !== 0 && (path === dirname(path) || canEnter(account, dirname(path)));
}
