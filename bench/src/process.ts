import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A process below another. */
export interface Descendant {
  readonly pid: number;
  readonly command: string;
}

/** The processes that a process started, and those that they started. */
export function descendants(pid: number): Descendant[] {
  const rows = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" })
    .split("\n")
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .flatMap((row) =>
      row === null ? [] : [{ pid: Number(row[1]), parent: Number(row[2]), command: row[3]! }],
    );
  const below = (parent: number): Descendant[] =>
    rows.filter((row) => row.parent === parent).flatMap((row) => [row, ...below(row.pid)]);
  return below(pid);
}

/** The memory that a process holds, in megabytes of 1,000,000 bytes. */
export function residentMegabytes(pid: number): number {
  return megabytes(pid, "VmRSS");
}

/** The most memory that a process ever held, in megabytes of 1,000,000 bytes. */
export function peakMegabytes(pid: number): number {
  return megabytes(pid, "VmHWM");
}

function megabytes(pid: number, field: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return (Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024) / 1e6;
}
