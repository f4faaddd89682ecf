import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import type { Owner, ResponderEvent } from "@chatkeep/protocol";
import { expect, onTestFinished } from "vitest";

/** The lease of a node in a process, in milliseconds. */
const LEASE = 3000;
const SCRIPT = fileURLToPath(new URL("processes/node.ts", import.meta.url));

/** A process that runs a turn; see processes/node.ts. */
export interface NodeProcess {
  readonly child: ChildProcess;
  readonly turnId: string;
  /** Gives the answer a piece; resolves when the process has shown it. */
  say(piece: string): Promise<void>;
  /** Gives the answer an event that is no text. */
  give(event: ResponderEvent): void;
  /** The next line that it prints. */
  next(): Promise<string>;
}

/** Starts a process and in it a turn that asks "Hello". */
export async function startNode(
  url: string,
  owner: Owner,
  conversationId: string,
  options: { readonly continues?: boolean } = {},
): Promise<NodeProcess> {
  const args = [url, JSON.stringify(owner), conversationId, String(LEASE)];
  if (options.continues === true) args.push("continues");
  const child = spawn(process.execPath, ["--conditions=@chatkeep/source", SCRIPT, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => String((await lines.next()).value);
  const turnId = await next();
  return {
    child,
    turnId,
    next,
    give: (event) => void child.stdin.write(`${JSON.stringify(event)}\n`),
    async say(piece) {
      child.stdin.write(`${piece}\n`);
      expect(await next()).toBe(piece);
    },
  };
}
