import { join } from "node:path";

import { type Database, createDatabase, openBrowser, startModel } from "@chatkeep/testing";
import type { Page } from "playwright-core";
import { afterAll, expect, onTestFinished } from "vitest";

import { type LedAnswer, type Script, createScript } from "./model-script.ts";
import { createExample } from "./next-app.ts";
import { temporaryFolder } from "./packed.ts";

/** The Next.js example with all that it needs, for one test file. */
interface NextStage {
  readonly folder: string;
  /** The example's folder, installed and not built. */
  readonly app: string;
  readonly database: Database;
  /** What the model says. */
  readonly script: Script;
  /** The environment of the example's server. */
  readonly env: Readonly<Record<string, string>>;
  /** The page of somebody who signed in, in a browser of their own. */
  visit(url: string, name: string): Promise<Page>;
}

/** Opens what the tests of a file use, until its end. */
export async function openNextStage(): Promise<NextStage> {
  const script = createScript();
  const folder = temporaryFolder();
  const app = join(folder.path, "app");
  const [database, model, browser] = await Promise.all([
    createDatabase({ contents: "empty" }),
    startModel({ reply: script.reply }),
    openBrowser(),
    createExample(app),
  ]);
  afterAll(async () => {
    await browser.close();
    await model.close();
    folder.remove();
    await database.close();
  });
  return {
    folder: folder.path,
    app,
    database,
    script,
    env: { DATABASE_URL: database.url, MODEL_URL: model.url, APP_SECRET: "a secret of tests" },
    async visit(url, name) {
      const context = await browser.newContext();
      onTestFinished(() => context.close());
      const page = await context.newPage();
      await page.goto(url);
      await page.getByLabel("Your name").fill(name);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("heading", { name }).waitFor();
      return page;
    },
  };
}

/** Asks a question, or the one that is edited. */
export async function ask(page: Page, text: string): Promise<void> {
  await page.getByLabel(/^Your (edited )?question$/).fill(text);
  await page.getByRole("button", { name: "Send" }).click();
}

/** The messages that the page shows. */
export function shown(page: Page): Promise<string[]> {
  return page.locator("li p").allTextContents();
}

/** Asks "What is it?" and reloads the page after the answer's first word, "Once ", which is shown again. */
export async function reloadInAnswer(page: Page, script: Script): Promise<LedAnswer> {
  await ask(page, "What is it?");
  const answer = await script.answer("What is it?");
  answer.say("Once ");
  await expect.poll(() => shown(page)).toEqual(["What is it?", "Once "]);
  await page.reload();
  await expect.poll(() => shown(page)).toEqual(["What is it?", "Once "]);
  return answer;
}
