import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "vite";

import type { Contender } from "./contender.ts";

const PAGES = fileURLToPath(new URL("pages", import.meta.url));
const WIDGET = fileURLToPath(new URL("../../../packages/widget", import.meta.url));

/** Where {@link buildPages} builds. */
export interface BuildOptions {
  /** A folder whose `node_modules` has the peers. */
  readonly peers: string;
  /** Where a folder a contender is written. */
  readonly output: string;
}

/** Builds the page of each contender the same way: one production build of Vite, with nothing set but paths. */
export async function buildPages(
  contenders: readonly Contender[],
  { peers, output }: BuildOptions,
): Promise<void> {
  const widget = join(output, "widget");
  await build({
    configFile: join(WIDGET, "vite.config.ts"),
    root: WIDGET,
    logLevel: "error",
    build: { outDir: widget, emptyOutDir: true },
  });
  // Beside the peers' packages, so that the pages' imports find them.
  const sources = join(peers, `pages-${process.pid}`);
  mkdirSync(sources);
  try {
    cpSync(PAGES, sources, { recursive: true });
    for (const { name } of contenders) {
      await build({
        configFile: false,
        root: join(sources, name),
        logLevel: "error",
        resolve: { alias: { "@chatkeep/widget": join(widget, "widget.js") } },
        build: { outDir: join(output, name), modulePreload: { polyfill: false } },
      });
    }
  } finally {
    rmSync(sources, { recursive: true, force: true });
  }
}
