import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import axe from "axe-core";
import type { Page } from "playwright-core";

/** What a browser loads of a package, built for a test. */
export interface Built extends Disposable {
  readonly folder: string;
}

/** Builds what Vite makes of this package as it is in the sources, beside what `npm run build` left. */
export async function buildPackage(root: string): Promise<Built> {
  const folder = mkdtempSync(join(tmpdir(), "ck-built-"));
  const { resolve } = createRequire(join(root, "package.json"));
  const vite = join(dirname(resolve("vite/package.json")), "bin/vite.js");
  // In a process of its own: a test run's NODE_ENV would give it the development build of React.
  await promisify(execFile)(process.execPath, [vite, "build", "--outDir", folder, "--logLevel", "error"], {
    cwd: root,
    env: { PATH: process.env["PATH"], NODE_ENV: "production" },
  });
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface WatchOptions {
  /** What the page may ask. */
  readonly origins: readonly string[];
  /** Texts of console messages that belong to the test; default: none. */
  readonly expected?: readonly string[];
}

/**
 * Watches a page from now on, and gives what it does and must not do, as it happens: throw, complain, break its
 * Content-Security-Policy, ask another origin.
 */
export async function watch(page: Page, options: WatchOptions): Promise<readonly string[]> {
  const { origins, expected = [] } = options;
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(`threw ${error.message}`));
  page.on("console", (message) => {
    const text = message.text();
    const grave = message.type() === "error" || message.type() === "warning";
    if (grave && !expected.some((each) => text.includes(each))) faults.push(`said ${text}`);
  });
  page.on("request", (request) => {
    if (!origins.includes(new URL(request.url()).origin)) faults.push(`asked ${request.url()}`);
  });
  await page.exposeFunction("reportViolation", (text: string) => faults.push(`violated ${text}`));
  await page.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (event) =>
      (globalThis as unknown as { reportViolation: (text: string) => void }).reportViolation(
        `${event.violatedDirective} with ${event.blockedURI}`,
      ),
    ),
  );
  return faults;
}

/** The violations that axe finds on the page as it is, as `rule: element`. */
export async function axeViolations(page: Page): Promise<string[]> {
  // As a debugger does: the page's Content-Security-Policy refuses foreign scripts, rightly.
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: run } = globalThis as unknown as {
      axe: {
        run: (where: Document) => Promise<{ violations: { id: string; nodes: { target: unknown[] }[] }[] }>;
      };
    };
    const { violations } = await run.run(document);
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`));
  });
}
