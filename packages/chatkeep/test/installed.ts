import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

import { inject } from "vitest";

import { run } from "./packed.ts";

/** Options of {@link installPacked}. */
interface InstallOptions {
  /** Packages of the registry, as in a package.json. */
  readonly others?: Readonly<Record<string, string>>;
  /** Those of them whose install scripts run. */
  readonly allowScripts?: readonly string[];
  /** More flags of `npm install`. */
  readonly flags?: readonly string[];
}

/** Installs `names` from their tarballs into `folder`, and of ours only what these depend on. */
export async function installPacked(
  folder: string,
  names: readonly string[],
  { others = {}, allowScripts = [], flags = [] }: InstallOptions = {},
): Promise<void> {
  const files = Object.entries(inject("tarballs")).map(([name, path]) => [name, `file:${path}`] as const);
  const own = Object.fromEntries(files.filter(([name]) => names.includes(name)));
  const overrides = Object.fromEntries(files.filter(([name]) => !names.includes(name)));
  const manifest = {
    private: true,
    type: "module",
    dependencies: { ...own, ...others },
    overrides,
    allowScripts: Object.fromEntries(allowScripts.map((name) => [name, true])),
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", ...flags], { cwd: folder });
}

/** A folder that `make` fills once a run, for whichever test file asks first. Change nothing in it: {@link linkFolder} it. */
export async function sharedFolder(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(inject("sharedFolder"), name);
  const [made, failed] = [`${folder}.made`, `${folder}.failed`];
  // Of the processes that run test files one succeeds.
  const isOurs = mkdirSync(folder, { recursive: true }) !== undefined;
  if (isOurs) {
    try {
      await make(folder);
      writeFileSync(made, "");
    } catch (error) {
      writeFileSync(failed, "");
      throw error;
    }
  }
  while (!existsSync(made)) {
    if (existsSync(failed)) throw new Error(`Another test file could not make ${folder}.`);
    await setTimeout(100);
  }
  return folder;
}

/** Copies a folder within a second, whatever its size: the files of both are hard links. */
export async function linkFolder(from: string, to: string): Promise<void> {
  await run("cp", ["-al", from, to]);
}
