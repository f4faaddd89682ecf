import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { freePort } from "@chatkeep/testing";

/** A server process that is killed and started again at the same address. */
export interface Node {
  readonly name: string;
  readonly url: string;
  /** Whether a process runs and is not paused. */
  isUp(): boolean;
  /** Whether it has started so far that it could settle a dead node's turns. */
  isServing(): boolean;
  start(): void;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, as in a deploy, and waits until it is gone. */
  stop(): Promise<void>;
  /** SIGSTOP: it sleeps, with its connections open. */
  pause(): void;
  resume(): void;
  /** What it wrote last, for the report of a violation. */
  output(): string;
}

const COMMAND = fileURLToPath(new URL("../../../packages/chatkeep/src/bin.ts", import.meta.url));
/** Characters of its output that are kept. */
const KEPT = 20_000;

/** A node with this environment on a free port of loopback; it is not started yet. */
export async function createNode(name: string, env: Record<string, string>): Promise<Node> {
  const port = await freePort();
  let child: ChildProcess | undefined;
  let paused = false;
  let output = "";
  let listening = false;

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ending = child;
    child = undefined;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const exited = once(ending, "exit");
    ending.kill(signal);
    if (paused) ending.kill("SIGCONT");
    paused = false;
    await exited;
  };

  return {
    name,
    url: `http://127.0.0.1:${port}`,
    isUp: () => child !== undefined && child.exitCode === null && !paused,
    isServing: () => child !== undefined && child.exitCode === null && !paused && listening,
    start() {
      child = spawn(process.execPath, ["--conditions=@chatkeep/source", COMMAND, "serve"], {
        env: { PATH: process.env["PATH"], PORT: String(port), LOG_LEVEL: "info", ...env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      listening = false;
      const keep = (text: string): void => {
        listening ||= text.includes('"listening"');
        output = (output + text).slice(-KEPT);
      };
      child.stdout?.setEncoding("utf8").on("data", keep);
      child.stderr?.setEncoding("utf8").on("data", keep);
    },
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
    pause() {
      paused = true;
      child?.kill("SIGSTOP");
    },
    resume() {
      paused = false;
      child?.kill("SIGCONT");
    },
    output: () => output,
  };
}
