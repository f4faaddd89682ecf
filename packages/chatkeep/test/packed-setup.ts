import type { TestProject } from "vitest/node";

import { packPackages, temporaryFolder } from "./packed.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The tarballs of the public packages, by the packages' names. */
    tarballs: Readonly<Record<string, string>>;
    /** A folder outside the repository, for what several test files share. */
    sharedFolder: string;
  }
}

/** Packs the packages once for all test files of a run. */
export async function setup(project: TestProject): Promise<() => void> {
  const folder = temporaryFolder();
  project.provide("tarballs", await packPackages(folder.path));
  project.provide("sharedFolder", folder.path);
  return folder.remove;
}
