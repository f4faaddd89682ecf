import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { CHILD_ENV } from "@chatkeep/testing";

import { main } from "../src/main.ts";

const program = fileURLToPath(new URL("../src/bin.ts", import.meta.url));

/** What a command said and how it ended. */
export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The command while it serves, or tries to. */
export interface Running {
  /** The line of its log whose message begins so; with its fields. */
  logged(message: string): Promise<Record<string, unknown>>;
  signal(signal: NodeJS.Signals): void;
  /** How it ended: its exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals | null>;
}

/** What starts Node: nothing in between, or a shell as npm puts one. */
const STARTERS = { direct: [], npm: ["sh", "-c", '"$0" "$@"; exit $?'] } as const;

/** Starts the command as a process. */
export function start(
  args: string[],
  env: Record<string, string>,
  by: keyof typeof STARTERS = "direct",
): ChildProcess {
  const command = [process.execPath, "--conditions=@chatkeep/source", program, ...args];
  const [file = process.execPath, ...rest] = [...STARTERS[by], ...command];
  return spawn(file, rest, {
    env: { ...CHILD_ENV, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Runs the command to its end. */
export async function runCommand(args: string[], env: Record<string, string> = {}): Promise<Ran> {
  const child = start(args, env);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, "close") as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

/** Runs a command to its end in this process, which takes 0.5 s of CPU less. Not for a `serve` that gets beyond its settings: it listens to signals. */
export async function callCommand(args: string[], env: Record<string, string> = {}): Promise<Ran> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  // While it runs: a command waits for a pipe that is full.
  const said = Promise.all([text(stdout), text(stderr)]);
  const code = await main(args, { variables: env, stdout, stderr });
  stdout.end();
  stderr.end();
  const [out, err] = await said;
  return { code, stdout: out, stderr: err };
}

/** Starts `chatkeep serve` on a free port and reads its log. */
export function startServe(env: Record<string, string>, by: keyof typeof STARTERS = "direct"): Running {
  const child = start(["serve"], { PORT: "0", ...env }, by);
  child.stderr!.pipe(process.stderr);
  const lines: Record<string, unknown>[] = [];
  const waiting = new Set<() => void>();
  createInterface(child.stdout!).on("line", (line) => {
    lines.push(JSON.parse(line) as Record<string, unknown>);
    for (const look of waiting) look();
  });
  const closed = once(child, "close");
  const ended = (once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>).then(
    ([code, signal]) => code ?? signal,
  );
  return {
    logged: (message) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const line = lines.find((one) => String(one["msg"]).startsWith(message));
          if (line === undefined) return;
          waiting.delete(look);
          resolve(line);
        };
        waiting.add(look);
        look();
        void closed.then(() => reject(new Error(`it ended before it said "${message}"`)));
      }),
    signal: (signal) => void child.kill(signal),
    ended,
  };
}
