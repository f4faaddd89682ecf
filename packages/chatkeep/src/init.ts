import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants, accessSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { planExpress } from "./init/express.ts";
import { planNext } from "./init/next.ts";
import type { Plan, PlannedFile } from "./init/plan.ts";
import { ADD, type Project, readProject, readText } from "./init/project.ts";
import { planVite } from "./init/vite.ts";
import type { Output } from "./log.ts";
import { StartError } from "./start-error.ts";

const PLANS = { next: planNext, express: planExpress, vite: planVite };

/** Options of {@link runInit}. */
export interface RunInitOptions {
  /** The app's folder. */
  readonly folder: string;
  readonly output: Output;
  /** Whether the packages are installed; else the command is named. */
  readonly install: boolean;
}

/**
 * `chatkeep init`: writes the mount and a page into an app, and says what it did and what is left to do. It checks
 * everything, installs, and then writes, so that what fails has changed no file of ours. It overwrites nothing.
 */
export async function runInit({ folder, output, install }: RunInitOptions): Promise<string> {
  const project = readProject(folder);
  const plan = PLANS[project.framework](project);
  const [mount] = plan.files;
  const isSetUp =
    mount !== undefined && /["'][^"']*chatkeep["']/.test(readText(join(folder, mount.path)) ?? "");
  const made = isSetUp ? [] : plan.files.filter(({ path }) => !existsSync(join(folder, path)));
  for (const { path } of made) requireWritable(folder, path);
  const command = [project.manager, ADD[project.manager], ...plan.packages];
  if (plan.packages.length > 0 && install) {
    output.write(`$ ${command.join(" ")}\n`);
    await runManager(command, folder);
  }
  write(folder, made, project);
  const left =
    plan.packages.length > 0 && !install ? [`Install the packages:\n\n  ${command.join(" ")}`] : [];
  if (!isSetUp) return report(plan, made, [...left, ...plan.byHand]);
  return [`${mount.path} is there already: no file was changed.`, ...left].join("\n\n");
}

/** What was made, what was left alone, and what the person does. */
function report({ files, start }: Plan, made: readonly PlannedFile[], todo: readonly string[]): string {
  const lines = made.reduce((sum, { text }) => sum + linesOf(text), 0);
  const kept = files.filter((file) => !made.includes(file));
  return [
    ...(made.length === 0
      ? []
      : [
          `Made ${made.length === 1 ? "1 file" : `${made.length} files`} with ${lines} lines:`,
          ...made.map(({ path, text, meaning }) => `  ${path} (${linesOf(text)}): ${meaning}`),
        ]),
    ...kept.map(
      ({ path, text }) => `\n${path} is yours and was left alone. It would be:\n\n${indented(text)}`,
    ),
    ...(todo.length === 0 ? [] : ["\nLeft to you:"]),
    ...todo.map((paragraph) => `\n${paragraph}`),
    `\n${start}`,
  ]
    .join("\n")
    .trim();
}

/** The lines of a text that are not empty. */
function linesOf(text: string): number {
  return text.split("\n").filter((line) => line.trim() !== "").length;
}

function indented(text: string): string {
  return text.trimEnd().replaceAll(/^(?=.)/gm, "  ");
}

/** Throws if a file cannot be written: a folder above it may be a file, or somebody else's. */
function requireWritable(folder: string, path: string): void {
  let place = dirname(join(folder, path));
  while (!existsSync(place)) place = dirname(place);
  const refuse = (reason: string, cause?: unknown): StartError =>
    new StartError(`${path} cannot be written, so nothing was: ${reason}.`, { cause });
  if (!statSync(place).isDirectory()) throw refuse(`${place} is a file`);
  try {
    accessSync(place, constants.W_OK);
  } catch (cause) {
    throw refuse((cause as Error).message, cause);
  }
}

/** Writes all files or none. */
function write(folder: string, files: readonly PlannedFile[], { lineEnd }: Project): void {
  const written: string[] = [];
  try {
    for (const { path, text } of files) {
      const to = join(folder, path);
      mkdirSync(dirname(to), { recursive: true });
      writeFileSync(to, text.replaceAll("\n", lineEnd), { flag: "wx" });
      written.push(to);
    }
  } catch (cause) {
    for (const path of written) rmSync(path);
    throw new StartError(`The files could not be written, so none was: ${(cause as Error).message}.`, {
      cause,
    });
  }
}

async function runManager([manager = "", ...args]: readonly string[], folder: string): Promise<void> {
  // npm is a script that a shell finds, on Windows.
  const shell = process.platform === "win32";
  const child = spawn(manager, args, { cwd: folder, stdio: ["ignore", "inherit", "inherit"], shell });
  const ended = once(child, "exit") as Promise<[number | null]>;
  const [code] = await ended.catch((cause: unknown) => {
    throw new StartError(`${manager} cannot be run, so nothing was written: ${(cause as Error).message}.`, {
      cause,
    });
  });
  if (code !== 0) throw new StartError(`${manager} failed, so nothing was written. Its reason is above.`);
}
