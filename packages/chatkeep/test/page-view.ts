import { fileURLToPath } from "node:url";

import type { History } from "@chatkeep/protocol";
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
