import type { Citation } from "@chatkeep/protocol";
import type { Run } from "@chatkeep/testing";
import axe from "axe-core";
import type { Page } from "playwright-core";

import type { Stage } from "./stage.ts";

/** Opens the panel with its launcher. */
export async function openPanel(page: Page): Promise<void> {
  await page.locator("chatkeep-chat .launcher").click();
  await page.locator("chatkeep-chat textarea").waitFor();
}

/** Asks and gives the run that answers. */
export async function begin(stage: Stage, page: Page, question: string): Promise<Run> {
  const request = page.waitForRequest(
    (sent) =>
      sent.method() === "POST" && sent.url().endsWith("/turns") && (sent.postData() ?? "").includes(question),
  );
  await page.locator("chatkeep-chat textarea").fill(question);
  await page.locator("chatkeep-chat button[type=submit]").click();
  return stage.script.started((await request).url().split("/").at(-2) ?? "");
}

/** Asks, and answers with these words and sources. */
export async function converse(
  stage: Stage,
  page: Page,
  question: string,
  answer: string,
  citations: readonly Citation[] = [],
): Promise<void> {
  const before = await page.locator("chatkeep-chat article[data-status=complete] .ck-actions").count();
  const run = await begin(stage, page, question);
  await run.emit(answer);
  for (const citation of citations) await run.emit({ type: "citation", citation });
  run.finish();
  await page.locator("chatkeep-chat article[data-status=complete] .ck-actions").nth(before).waitFor();
}

/** What the panel shows of a conversation, in order. */
export function transcript(page: Page): Promise<string[]> {
  return page
    .locator("chatkeep-chat article")
    .evaluateAll((articles) =>
      articles.map((article) => article.querySelector(".ck-bubble, .ck-markdown")?.textContent ?? ""),
    );
}

/** A citation of a chapter of the site. */
export function cite(chapter: "sensors" | "motors", quote: string): Citation {
  const url = `/${chapter}#words`;
  return { path: `${chapter}.md`, chapter, section: null, anchor: "words", quote, score: 0.9, url };
}

/** The text that is painted on the page. */
export function painted(page: Page): Promise<string> {
  return page.evaluate(() =>
    [...(CSS.highlights.get("chatkeep-passage") ?? [])].map((range) => (range as Range).toString()).join("|"),
  );
}

/** Collects what a page must not do: throw, complain, break its policy, leave these origins. */
export async function watch(page: Page, origins: readonly string[]): Promise<readonly string[]> {
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(`threw ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") faults.push(`said ${message.text()}`);
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

/** The violations that axe finds, as `rule: element`. */
export async function axeViolations(page: Page): Promise<string[]> {
  // As a debugger does: the page's policy refuses foreign scripts, rightly.
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
