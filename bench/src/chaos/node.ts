import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { CHILD_ENV, freePort } from "@chatkeep/testing";

import type { Life, Span, Timeline } from "./timeline.ts";

/** A server process that can be killed and comes back at the same address. */
export interface ServerNode {
  readonly url: string;
  /** Whether there is a process, be it paused or only starting. */
  lives(): boolean;
  /** Starts it, unless it runs. */
  start(): void;
  /** Resolves when it can be reached, be it by a process that is still to be started. */
  ready(): Promise<void>;
  /** Ends it by SIGKILL or SIGTERM; resolves when it is gone. */
  end(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
  /** Ends it by SIGTERM and starts it again, as the other release if there is one. */
  deploy(): Promise<void>;
  /** Stops it where it is; the returned function lets it go on. Nothing happens to one that is paused or dead. */
  pause(): () => void;
  /** The last lines that it wrote. */
  log(): string;
}

export interface NodeOptions {
  readonly index: number;
  readonly env: Readonly<Record<string, string>>;
  readonly timeline: Timeline;
  /** Told when a process ended that nobody had ended. */
  readonly onCrash: (what: string) => void;
  /** Another checkout, whose server takes turns with this one's at each {@link ServerNode.deploy}. */
  readonly beside?: string | undefined;
  /** Told when the platform ended a function that ran out of time. It makes the node a function instead of a server. */
  readonly onStrike?: () => void;
}

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const serverIn = (checkout: string): string[] => [join(checkout, "packages/chatkeep/src/bin.ts"), "serve"];
const SERVER = serverIn(pathOf("../../.."));
const FUNCTION = [pathOf("function.ts")];

/** Lines of a node's log that are kept. */
const KEPT = 20_000;

/** A node that is the command itself, as `npm start` runs it, or a function. It is started by `start`. */
export async function createNode(options: NodeOptions): Promise<ServerNode> {
  const { index, env, timeline, beside, onCrash, onStrike } = options;
  let [program, other] =
    onStrike === undefined
      ? [SERVER, beside === undefined ? SERVER : serverIn(beside)]
      : [FUNCTION, FUNCTION];
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  let life: Life | undefined;
  let paused: Span | undefined;
  let ended = false;
  let listening = Promise.withResolvers<void>();
  let lines: string[] = [];

  const write = (text: string): void => {
    lines.push(...text.split("\n").filter((line) => line !== ""));
    if (lines.length > 2 * KEPT) lines = lines.slice(-KEPT);
  };

  const start = (): void => {
    if (child !== undefined) return;
    ended = false;
    const began = timeline.begin(index);
    const started = spawn(process.execPath, ["--conditions=@chatkeep/source", ...program], {
      env: { ...CHILD_ENV, PORT: String(port), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child = started;
    life = began;
    for (const stream of [started.stdout, started.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        write(text);
        if (!text.includes('"listening"')) return;
        began.ready = Date.now();
        if (child === started) listening.resolve();
      });
    }
    started.once("exit", (code, signal) => {
      began.to = Date.now();
      if (child === started) child = undefined;
      // One that is killed before it listens leaves those who wait for it to its successor.
      if (began.ready < Infinity) listening = Promise.withResolvers();
      if (ended) return;
      if (onStrike !== undefined && signal === "SIGKILL") onStrike();
      else onCrash(`Node ${index} ended by itself with ${code ?? signal}:\n${lines.slice(-20).join("\n")}`);
      // As a supervisor would.
      setTimeout(() => {
        if (!ended) start();
      }, 1000);
    });
  };

  const resume = (pause: Span | undefined): void => {
    if (pause === undefined || paused !== pause) return;
    child?.kill("SIGCONT");
    pause.to = Date.now();
    paused = undefined;
  };

  const end = async (signal: "SIGKILL" | "SIGTERM"): Promise<void> => {
    ended = true;
    if (child === undefined) return;
    const exited = once(child, "exit");
    // A paused process takes no signal but SIGKILL.
    if (signal === "SIGTERM") resume(paused);
    child.kill(signal);
    await exited;
    if (paused !== undefined) paused.to = Date.now();
    paused = undefined;
  };

  return {
    url,
    lives: () => child !== undefined,
    start,
    ready: () => listening.promise,
    end,
    async deploy() {
      await end("SIGTERM");
      [program, other] = [other, program];
      start();
    },
    pause() {
      if (child === undefined || life === undefined || paused !== undefined) return () => undefined;
      child.kill("SIGSTOP");
      const pause: Span = { from: Date.now(), to: Infinity };
      paused = pause;
      life.pauses.push(pause);
      return () => resume(pause);
    },
    log: () => lines.slice(-KEPT).join("\n"),
  };
}
