import type { Citation } from "@chatkeep/protocol";
import type { Run } from "@chatkeep/testing";
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
