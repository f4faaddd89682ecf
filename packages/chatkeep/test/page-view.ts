import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import axe from "axe-core";
import type { Page } from "playwright-core";

/** A page built for a test. */
export interface BuiltPage extends Disposable {
  readonly folder: string;
}

/** Builds the page as it is in the sources, beside what `npm run build` left. */
export async function buildPage(): Promise<BuiltPage> {
  const folder = mkdtempSync(join(tmpdir(), "ck-page-"));
  const vite = join(dirname(createRequire(import.meta.url).resolve("vite/package.json")), "bin/vite.js");
  // In a process of its own: a test run's NODE_ENV would give it the development build of React.
  await promisify(execFile)(process.execPath, [vite, "build", "--outDir", folder, "--logLevel", "error"], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    env: { PATH: process.env["PATH"], NODE_ENV: "production" },
  });
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

/** One message as it is read on the page. */
export interface ReadMessage {
  readonly text: string;
  /** Where its links lead. */
  readonly links: readonly string[];
}

/** The messages that the page shows, in order. */
export function readTranscript(page: Page): Promise<ReadMessage[]> {
  return page.locator("article").evaluateAll((articles) =>
    articles.map((article) => ({
      text: (article as HTMLElement).innerText,
      links: [...article.querySelectorAll("a")].map((link) => link.getAttribute("href") ?? ""),
    })),
  );
}

/** Asks a question with the button; Enter is a new line on a touch screen. */
export async function ask(page: Page, question: string): Promise<void> {
  await page.getByLabel("Your question").fill(question);
  await page.getByRole("button", { name: "Send", exact: true }).click();
}

/** Resolves when this many answers are finished. */
export async function answered(page: Page, count: number): Promise<void> {
  await page
    .locator("article[data-status=complete] .ck-actions")
    .nth(count - 1)
    .waitFor();
}

/** What a page must not do: throw, complain, break its Content-Security-Policy, leave its origin. */
export interface Watch {
  readonly faults: readonly string[];
}

/** Watches a page from now on. `expected` are texts of console messages that belong to the test. */
export async function watch(page: Page, origin: string, expected: readonly string[] = []): Promise<Watch> {
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(`threw ${error.message}`));
  page.on("console", (message) => {
    const text = message.text();
    const grave = message.type() === "error" || message.type() === "warning";
    if (grave && !expected.some((each) => text.includes(each))) faults.push(`said ${text}`);
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith("blob:")) faults.push(`asked ${url}`);
  });
  await page.exposeFunction("reportViolation", (text: string) => faults.push(`violated ${text}`));
  await page.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (event) =>
      (globalThis as unknown as { reportViolation: (text: string) => void }).reportViolation(
        `${event.violatedDirective} with ${event.blockedURI}`,
      ),
    ),
  );
  return { faults };
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
