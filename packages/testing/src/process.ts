import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { CHILD_ENV } from "./environment.ts";
import { temporaryHome } from "./home.ts";

/** How the command is started. */
export interface ChatkeepOptions {
  /** Its environment besides PATH; PORT is 0 (any free one) and CHATKEEP_HOME a temporary folder unless given. */
  env?: Record<string, string>;
  /** Its arguments; default `serve`. */
  args?: string[];
  /** Options of Node besides those of `npm start`. */
  nodeOptions?: string[];
}

/** The running command, as a process of its own. */
export interface Chatkeep extends AsyncDisposable {
  /** Where it serves, without a trailing slash. */
  url: string;
  pid: number;
  /** All that it wrote to its standard output so far. */
  stdout(): string;
  stderr(): string;
  /** Send a signal (default SIGKILL) and wait until the process is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** SIGTERM; the exit code, or the name of the signal that ended it. */
  stop(): Promise<number | NodeJS.Signals>;
}

const command = fileURLToPath(new URL("../../chatkeep/src/bin.ts", import.meta.url));

/** A test asks more in a minute than a person does. */
const UNLIMITED = {
  CHATKEEP_LIMIT_REQUESTS: "0",
  CHATKEEP_LIMIT_REQUESTS_ADDRESS: "0",
  CHATKEEP_LIMIT_TURNS: "0",
  CHATKEEP_LIMIT_TURNS_ADDRESS: "0",
};

/** Start the command and wait until it says where it listens and `/ready` agrees. */
export async function startChatkeep(options: ChatkeepOptions = {}): Promise<Chatkeep> {
  const home = temporaryHome();
  const child = spawn(
    process.execPath,
    // As `npm start` starts it: with less room for what is young and for garbage, 1,000 streams take 180 MB less.
    [
      "--heap-growing-percent=80",
      "--max-semi-space-size=16",
      ...(options.nodeOptions ?? []),
      "--conditions=@chatkeep/source",
      command,
      ...(options.args ?? ["serve"]),
    ],
    {
      env: { ...CHILD_ENV, PORT: "0", CHATKEEP_HOME: home.path, ...UNLIMITED, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  let stdout = "";
  let stderr = "";
  const listening = new Promise<string>((resolve) => {
    const look = (): void => {
      const line = `${stdout}\n${stderr}`.split("\n").find((text) => /listening/i.test(text));
      const url = /http:\/\/[^\s"/]+:\d+/.exec(line ?? "")?.[0];
      if (url !== undefined) resolve(url);
    };
    child.stdout.setEncoding("utf8").on("data", (text: string) => ((stdout += text), look()));
    child.stderr.setEncoding("utf8").on("data", (text: string) => ((stderr += text), look()));
  });
  const kill = async (signal: NodeJS.Signals = "SIGKILL"): Promise<number | NodeJS.Signals> => {
    child.kill(signal);
    const [code, by] = await exited;
    return code ?? by ?? 0;
  };
  const died = exited.then(([code]) => {
    throw new Error(`chatkeep ended with ${code} before it was ready:\n${stdout}\n${stderr}`);
  });
  died.catch(() => {}); // raced below; later ends are nobody's error
  const url = await Promise.race([listening, died]);
  const { status } = await fetch(`${url}/ready`);
  if (status !== 200) throw new Error(`${url}/ready answers ${status}:\n${stdout}\n${stderr}`);
  return {
    url,
    pid: child.pid!,
    stdout: () => stdout,
    stderr: () => stderr,
    kill: async (signal) => void (await kill(signal)),
    stop: () => kill("SIGTERM"),
    async [Symbol.asyncDispose]() {
      await kill("SIGTERM");
      await home[Symbol.asyncDispose]();
    },
  };
}
