import { fileDatabase, freePort, openBrowser, startChatkeep } from "@chatkeep/testing";
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";

import { DOCS, buildSite, serveSite } from "./site.ts";

const port = await freePort();
const endpoint = `http://127.0.0.1:${port}`;
await buildSite(endpoint);
const site = await serveSite();
const database = await fileDatabase();
const chatkeep = await startChatkeep({
  env: { DATABASE_URL: database.url, PORT: String(port), CHATKEEP_DOCS: DOCS, CHATKEEP_ORIGINS: site.origin },
});
const browser = await openBrowser();
afterAll(async () => {
  await browser.close();
  await chatkeep[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

/** A new reader on the first page, and what that page must not do. */
async function openSite(): Promise<{ page: Page; faults: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: "light" });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  await page.goto(site.url);
  // Gone as soon as any page is loaded anew.
  await page.evaluate(() => document.documentElement.setAttribute("data-first-load", ""));
  return { page, faults };
}

const chat = (page: Page) => page.locator("chatkeep-chat");
const scopeOf = (page: Page) => chat(page).getAttribute("scope");
const texts = (page: Page) =>
  chat(page).locator("article").locator(".ck-bubble, .ck-markdown").allInnerTexts();
const isFirstLoad = (page: Page) => page.locator("html[data-first-load]").count();
const goTo = (page: Page, title: string) =>
  page.getByRole("link", { name: title, exact: true }).first().click();

async function ask(page: Page, question: string, answers: number): Promise<void> {
  await chat(page).getByLabel("Your question").fill(question);
  await chat(page).getByRole("button", { name: "Send", exact: true }).click();
  await chat(page)
    .locator("article[data-status=complete] .ck-actions")
    .nth(answers - 1)
    .waitFor();
}

test("each page has a thread of its own, in a panel that stays open between pages and after a reload", async () => {
  const { page, faults } = await openSite();
  await chat(page).locator("[part=launcher]").click();
  await ask(page, "When do I sow beans?", 1);
  expect(await scopeOf(page)).toBe("seeds");
  const seeds = await texts(page);
  expect(seeds[1]).toContain("Sow beans in May");

  await goTo(page, "Water");
  await expect.poll(() => scopeOf(page)).toBe("watering");
  expect(await chat(page).getAttribute("scope-label")).toBe("Water");
  await expect.poll(() => texts(page)).toEqual([]);
  await ask(page, "When should I water?", 1);
  const water = await texts(page);
  expect(water[1]).toContain("Water in the morning");

  await goTo(page, "Seeds");
  await expect.poll(() => texts(page)).toEqual(seeds);
  await page.goBack();
  await expect.poll(() => texts(page)).toEqual(water);
  expect(await isFirstLoad(page)).toBe(1);

  await page.reload();
  await expect.poll(() => texts(page)).toEqual(water);
  expect(new URL(page.url()).pathname).toBe("/manual/how-to-water");
  expect(faults).toEqual([]);
  await page.context().close();
});

test("a citation is a way of the site's router to the page that shows the file, where its words are marked", async () => {
  const { page, faults } = await openSite();
  await chat(page).locator("[part=launcher]").click();
  await ask(page, "How long do beans keep?", 1);
  const before = await texts(page);
  expect(before[1]).toContain("Beans keep for a week");
  await chat(page).locator(".ck-source", { hasText: "Keeping it" }).first().click();
  await page.waitForURL(`${site.url}kitchen/harvest#keeping-it`);
  await expect
    .poll(() =>
      page.evaluate(() => [...(CSS.highlights.get("chatkeep-passage") ?? [])].map(String).join(" ")),
    )
    .toContain("Beans keep for a week");
  expect(await isFirstLoad(page)).toBe(1);
  expect(await scopeOf(page)).toBe("kitchen/harvest");
  expect(await chat(page).locator("[part=panel]").isVisible()).toBe(true);

  // And back to what was asked there.
  await page.goBack();
  await expect.poll(() => texts(page)).toEqual(before);
  expect(faults).toEqual([]);
  await page.context().close();
});

test("the widget has the colours of the site's theme", async () => {
  const { page } = await openSite();
  await expect.poll(() => chat(page).getAttribute("theme")).toBe("light");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.reload();
  await expect.poll(() => chat(page).getAttribute("theme")).toBe("dark");
  // The switch of the classic theme goes from the system's to light.
  await page.getByRole("button", { name: /Switch between dark and light mode/ }).click();
  await expect.poll(() => chat(page).getAttribute("theme")).toBe("light");
  await page.context().close();
});
