import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { freePort } from "@chatkeep/testing";

import { installPacked, linkFolder, sharedFolder } from "./installed.ts";
import { REPOSITORY, publicPackages, run } from "./packed.ts";

/** A Next.js server that runs. */
export interface NextServer extends AsyncDisposable {
  readonly url: string;
  /** Sends a signal to it and to the processes that it started. */
  kill(signal: NodeJS.Signals): void;
}

/** How a Next.js server is started. */
export interface NextOptions {
  /** The app's folder. */
  readonly folder: string;
  /** The command and its arguments: `next start`, `next dev`, or the file of a standalone build. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const EXAMPLE = join(REPOSITORY, "examples/next");
const FONTS = fileURLToPath(new URL("fixtures/google-fonts.cjs", import.meta.url));

/** The command of Next.js in an app's folder. */
export function nextCommand(folder: string): string {
  return join(folder, "node_modules/next/dist/bin/next");
}

/** Puts the example, with what it depends on installed, into a folder outside the repository that does not exist. */
export async function createExample(folder: string): Promise<void> {
  await linkFolder(await sharedFolder("next", installExample), folder);
  // Not linked: a test may edit them.
  for (const part of ["app", "lib"]) cpSync(join(EXAMPLE, part), join(folder, part), { recursive: true });
}

async function installExample(folder: string): Promise<void> {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(join(EXAMPLE, "package.json"), "utf8"),
  ) as Record<"dependencies" | "devDependencies", Record<string, string>>;
  const all = Object.entries({ ...dependencies, ...devDependencies });
  const isOurs = (name: string): boolean => publicPackages.some((ours) => ours.name === name);
  const names = all.map(([name]) => name).filter(isOurs);
  const others = Object.fromEntries(all.filter(([name]) => !isOurs(name)));
  await installPacked(folder, names, { others });
}

/** Builds an app for production: without the URL of a database, as an image is built. */
export async function buildNext(folder: string, ...flags: readonly string[]): Promise<void> {
  const env = { NEXT_TELEMETRY_DISABLED: "1", NEXT_FONT_GOOGLE_MOCKED_RESPONSES: FONTS };
  await run(process.execPath, [nextCommand(folder), "build", ...flags], { cwd: folder, env });
}

/** Starts a server of Next.js on a free port, and waits until it says that it is ready. */
export async function startNext({ folder, args, env }: NextOptions): Promise<NextServer> {
  const port = String(await freePort());
  const child = spawn(process.execPath, [...args], {
    cwd: folder,
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      NEXT_TELEMETRY_DISABLED: "1",
      PORT: port,
      HOSTNAME: "127.0.0.1",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
    // A process group: `next dev` serves from a process of its own.
    detached: true,
  });
  const kill = (signal: NodeJS.Signals): void => void process.kill(-child.pid!, signal);
  const exited = once(child, "exit");
  let output = "";
  const ready = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      output += `${line}\n`;
      if (line.includes("Ready in")) ready.resolve();
    });
  }
  void exited.then(() => ready.reject(new Error(`Next.js ended:\n${output}`)));
  await ready.promise;
  return {
    // `next dev` takes 127.0.0.1 for another site.
    url: `http://localhost:${port}`,
    kill,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) kill("SIGKILL");
      await exited;
    },
  };
}
