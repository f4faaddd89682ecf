import type { Owner } from "@chatkeep/protocol";
import type { Page } from "playwright-core";

import { type Stage, type VisitOptions, conversationOf } from "../page-stage.ts";
import { answered, ask } from "../page-view.ts";
import { BEGINNING, CITATIONS, END, QUESTION } from "./texts.ts";

/** Earlier conversations of whoever visits: their titles, and how many days ago they were. */
export const EARLIER: readonly (readonly [title: string, days: number])[] = [
  ["How do I move from Neon to my own PostgreSQL?", 40],
  ["Retention of anonymous sessions", 12],
  ["Which headers does the stream need behind nginx?", 6],
  ["Scopes for a documentation site", 4],
  ["Selected text in a question", 1],
  ["Running two servers on one database", 1],
  ["What does doctor check?", 0],
];

/** A state of the page: what leads to it. */
export interface State {
  readonly name: string;
  readonly visit?: (stage: Stage, owner: Owner) => Promise<VisitOptions>;
  readonly reach: (page: Page, stage: Stage) => Promise<unknown>;
}

/** Asks, and gives the run that answers. */
export async function begin(page: Page, stage: Stage, question = QUESTION) {
  await ask(page, question);
  return stage.script.started(await conversationOf(page));
}

/** Asks, and answers with citations. */
export async function answer(page: Page, stage: Stage): Promise<void> {
  const run = await begin(page, stage);
  await run.emit(BEGINNING + END);
  for (const citation of CITATIONS) await run.emit({ type: "citation", citation });
  run.finish();
  await answered(page, 1);
}

/** Opens the list of conversations where it is a drawer. */
export async function openList(page: Page): Promise<void> {
  await page.getByRole("main").waitFor();
  const menu = page.getByRole("button", { name: /^(Show the list|إظهار قائمة|Liste)/ });
  if ((await menu.count()) > 0) await menu.click();
}

/** The page in a language. */
export function inLanguage(language: "ar" | "de"): Promise<VisitOptions> {
  return Promise.resolve({
    prepare: (page) => page.addInitScript((tag) => localStorage.setItem("chatkeep-language", tag), language),
  });
}
