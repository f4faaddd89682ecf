/** Takes a picture of every state of the widget into `test-results/widget`, on a desktop and a phone, light and dark. */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { createDatabase, startPostgres } from "@chatkeep/testing";
import type { BrowserContextOptions, Page } from "playwright-core";

import { openStage } from "./stage.ts";
import { begin, cite, converse, openPanel } from "./view.ts";

const folder = fileURLToPath(new URL("../../../test-results/widget/", import.meta.url));
const tell = (name: string, text: string): boolean => process.stdout.write(`${name}: ${text}\n`);
mkdirSync(folder, { recursive: true });
const postgres = await startPostgres();
const database = await createDatabase({ server: postgres.url("postgres") });
const stage = await openStage(database.url);

const ANSWER =
  "A sensor turns a **quantity of the world** into a signal [1]. It has three parts:\n\n1. The element that feels\n2. The part that converts\n3. An output, such as `0–5 V`\n";
const CITATION = cite("sensors", "A sensor turns a quantity of the world into a signal.");

async function shoot(
  name: string,
  options: BrowserContextOptions & { path?: string },
  act: (page: Page) => Promise<void>,
): Promise<void> {
  const { path = "/sensors", ...rest } = options;
  const context = await stage.person(rest);
  const page = await context.newPage();
  page.on("console", (message) => tell(name, message.text()));
  page.on("pageerror", (error) => tell(name, error.message));
  await page.goto(stage.url + path);
  try {
    await act(page);
  } catch (error) {
    tell(name, String(error));
  }
  await page.waitForTimeout(400);
  await page.screenshot({ path: `${folder}${name}.png` });
  await context.close();
}

const phone: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
  deviceScaleFactor: 2,
};
const dark: BrowserContextOptions = { colorScheme: "dark" };
const only = process.argv[2];
type State = [
  name: string,
  options: BrowserContextOptions & { path?: string },
  act: (page: Page) => Promise<void>,
];
const answered = async (page: Page): Promise<void> => {
  await openPanel(page);
  await converse(stage, page, "What is a sensor?", ANSWER, [CITATION]);
};
const states: State[] = [
  ["launcher", {}, async (page) => page.locator("chatkeep-chat button").waitFor()],
  ["launcher-phone-dark", { ...phone, ...dark }, async () => undefined],
  ["welcome", {}, openPanel],
  ["welcome-dark", dark, openPanel],
  ["answered", {}, answered],
  ["answered-dark", dark, answered],
  ["answered-phone", phone, answered],
  ["answered-zoomed", { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 }, answered],
  ["answered-rtl", { path: "/sensors?lang=ar" }, answered],
  [
    "streaming",
    {},
    async (page) => {
      await openPanel(page);
      const run = await begin(stage, page, "What is a sensor?");
      await run.emit(ANSWER);
    },
  ],
  [
    "failed",
    {},
    async (page) => {
      await openPanel(page);
      const run = await begin(stage, page, "What is a sensor?");
      await run.emit("A sensor");
      run.fail(new Error("no"));
      await page.locator("article[data-status=failed]").waitFor();
    },
  ],
  [
    "history",
    {},
    async (page) => {
      await answered(page);
      await page.locator("chatkeep-chat [part=head] button").first().click();
    },
  ],
  [
    "history-rtl-phone",
    { ...phone, path: "/sensors?lang=ar" },
    async (page) => {
      await answered(page);
      await page.locator("header button").first().click();
    },
  ],
  ["rude", { path: "/sensors?rude" }, answered],
  ["inline", { path: "/sensors?mode=inline" }, async (page) => page.locator("textarea").waitFor()],
  [
    "card",
    {},
    async (page) => {
      await answered(page);
      await page.locator("a.ck-mark").hover();
      await page.locator(".ck-card").waitFor();
    },
  ],
  [
    "card-phone-dark-rtl",
    { ...phone, ...dark, path: "/sensors?lang=ar" },
    async (page) => {
      await answered(page);
      await page.locator("a.ck-mark").tap();
      await page.locator(".ck-card").waitFor();
    },
  ],
  [
    "cited",
    {},
    async (page) => {
      await answered(page);
      await page.locator("a.ck-source").click();
    },
  ],
];
for (const [name, options, act] of states)
  if (only === undefined || name.startsWith(only)) await shoot(name, options, act);

await stage[Symbol.asyncDispose]();
await database.pool.end();
await postgres.remove();
