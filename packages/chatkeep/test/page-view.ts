import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import type { History, Owner } from "@chatkeep/protocol";
import { type Built, buildPackage } from "@chatkeep/testing/page";
import type { Page } from "playwright-core";

/** Builds the app as it is in the sources. */
export function buildPage(): Promise<Built> {
  return buildPackage(fileURLToPath(new URL("..", import.meta.url)));
}

/** One message as it is read on the page. */
export interface ReadMessage {
  readonly text: string;
  /** Where its links lead. */
  readonly links: readonly string[];
}

/** The messages that the page shows, in order. */
export async function readTranscript(page: Page): Promise<ReadMessage[]> {
  // A question gets its buttons when it is read back, after its answer has ended.
  const withoutButtons = page.locator(".ck-question[data-delivery=saved]:not(:has(.ck-actions))");
  await withoutButtons.first().waitFor({ state: "detached" });
  // The first answer is shown as it is written until the lexer of its Markdown is loaded.
  await page.locator(".ck-markdown[aria-busy=true]").first().waitFor({ state: "detached" });
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

/** A conversation of this title with a question and an answer, made beforehand; its id. */
export async function talk(
  history: History,
  owner: Owner,
  title: string,
  answer = `Answer about ${title}`,
): Promise<string> {
  const { conversation } = await history.createConversation(owner, { title });
  await history.appendMessages(owner, conversation.id, [
    { role: "user", content: "A question" },
    { role: "assistant", content: answer },
  ]);
  return conversation.id;
}

/** A {@link talk} of each of these titles, the last one the latest. */
export async function talks(history: History, owner: Owner, ...titles: string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const title of titles) ids.push(await talk(history, owner, title));
  return ids;
}

/** The titles in the list of conversations. */
export function titlesOf(page: Page): Promise<string[]> {
  return page.locator("nav .ck-nav-title").allInnerTexts();
}

/** A conversation of this many messages of several lines, made beforehand. */
export async function longConversation(
  history: History,
  count: number,
): Promise<{ owner: { kind: "session"; id: string }; id: string }> {
  const owner = { kind: "session", id: crypto.randomUUID() } as const;
  const { conversation } = await history.createConversation(owner);
  for (let from = 0; from < count; from += 50) {
    const batch = Array.from({ length: Math.min(50, count - from) }, (_, index) => ({
      role: index % 2 === 0 ? ("user" as const) : ("assistant" as const),
      content: `Message ${from + index}.\n\n${"Some words to fill a few lines of it. ".repeat(1 + ((from + index) % 7))}`,
    }));
    await history.appendMessages(owner, conversation.id, batch);
  }
  return { owner, id: conversation.id };
}

/** Presses a button of a conversation's menu. */
export async function act(page: Page, title: string, action: string): Promise<void> {
  await page.locator(".ck-nav-row", { hasText: title }).hover();
  await page.getByRole("button", { name: `Actions for “${title}”` }).click();
  await page.getByRole("button", { name: action, exact: true }).click();
}

/** The file that is downloaded by what `press` does. */
export async function savedFile(
  page: Page,
  press: () => Promise<void>,
): Promise<{ name: string; text: string }> {
  const [download] = await Promise.all([page.waitForEvent("download"), press()]);
  return {
    name: download.suggestedFilename(),
    text: await readFile(await download.path(), "utf8"),
  };
}

/** What is cut off at the sides of the window; what scrolls by itself may be wider than it. */
export function cutOff(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll("body *")]
      .filter((element) => element.closest(".ck-table, .ck-code-text, .ck-hidden, svg") === null)
      .filter((element) => element.checkVisibility({ opacityProperty: true }))
      .filter((element) => {
        const { left, right, width } = element.getBoundingClientRect();
        return width > 1 && (left < -0.5 || right > innerWidth + 0.5);
      })
      .map((element) => `${element.localName}.${element.className} “${element.textContent.slice(0, 30)}”`),
  );
}
