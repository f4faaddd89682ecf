import { spawn } from "node:child_process";
import { once } from "node:events";

import { expect } from "vitest";

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;
/** Whose a program is that must not be root's. */
export const unprivileged: { readonly uid?: number; readonly gid?: number } = isRoot
  ? { uid: NOBODY, gid: NOBODY }
  : {};

/** A program that runs. Disposing of it is SIGTERM: a killed nginx would leave its workers. */
export interface Program extends AsyncDisposable {
  /** All that it wrote so far. */
  output(): string;
  signal(signal: NodeJS.Signals): void;
  /** Its exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

interface StartOptions {
  readonly cwd: string;
  /** Its whole environment, but for a PATH that is not given. */
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
}

/** Starts a command: the program and its arguments. */
export function startProgram(
  [file, ...args]: readonly string[],
  { cwd, env = {}, ...rights }: StartOptions,
): Program {
  const child = spawn(file!, args, {
    cwd,
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
    ...rights,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const ended = (once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>).then(
    ([code, signal]) => code ?? signal ?? 0,
  );
  return {
    output: () => output,
    signal: (signal) => void child.kill(signal),
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** Resolves when the server takes requests; rejects when it has ended instead. */
export async function ready(server: Program, url: string): Promise<void> {
  let end: number | NodeJS.Signals | undefined;
  void server.ended.then((how) => (end = how));
  const look = (): Promise<boolean> =>
    fetch(`${url}/ready`).then(
      ({ ok }) => ok,
      () => end !== undefined,
    );
  await expect.poll(look).toBe(true);
  if (end !== undefined) throw new Error(`It ended with ${end}:\n${server.output()}`);
}

/** Whether nobody listens there. */
export const refuses = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => false,
    () => true,
  );
