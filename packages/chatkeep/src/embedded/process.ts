import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * What tells one run of a process from another that was given the same number later: the moment it started, in
 * the words of the operating system. Null when no such process lives (one that ended but was not reaped is dead).
 */
export function processBirth(pid: number): string | null {
  if (process.platform === "linux") {
    try {
      // The name, in parentheses, may hold spaces and parentheses itself; what follows the last one may not.
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
      const [state = "Z"] = fields;
      const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
      return "ZXx".includes(state) ? null : `${boot}/${fields[19]}`;
    } catch {
      return null;
    }
  }
  if (process.platform === "win32") return isAlive(pid) ? "alive" : null;
  const [state = "Z", ...started] = ps(pid, "state=,lstart=").split(/\s+/);
  return state === "" || state.startsWith("Z") ? null : started.join(" ");
}

/** The command line of a living process, or null where it cannot be read. */
export function processCommand(pid: number): string | null {
  if (process.platform === "win32") return null;
  if (process.platform !== "linux") return ps(pid, "command=") || null;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return null;
  }
}

function ps(pid: number, format: string): string {
  try {
    return execFileSync("ps", ["-o", format, "-p", String(pid)], { encoding: "utf8" }).trim();
  } catch {
    return "";
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
