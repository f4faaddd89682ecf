import type { Owner } from "@chatkeep/protocol";
import { fileDatabase } from "@chatkeep/testing";
import { axeViolations } from "@chatkeep/testing/page";
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";

import { type Stage, newOwner, openStage } from "./page-stage.ts";
import { talk } from "./page-view.ts";

const database = await fileDatabase();
const stage: Stage = await openStage(database.url);
afterAll(() => stage[Symbol.asyncDispose]());
const { history } = stage;

const conversation = (owner: Owner, title: string, answer?: string): Promise<string> =>
  talk(history, owner, title, answer);
const dialog = (page: Page) => page.getByRole("dialog", { name: "Search and commands" });
/** Resolves when the page has let go of the dialog: a moment after it is closed. */
const gone = (page: Page): Promise<void> =>
  page.locator("dialog[data-kind=search]").waitFor({ state: "detached" });
const options = (page: Page): Promise<string[]> => dialog(page).getByRole("option").allInnerTexts();
const active = (page: Page) => dialog(page).getByRole("option", { selected: true });
/** The words that are marked in the transcript. */
const marked = (page: Page): Promise<string[]> =>
  page.evaluate(() => [...(CSS.highlights.get("ck-found") ?? [])].map(String));
const inSight = (page: Page): Promise<boolean> =>
  page.evaluate(() => {
    const [range] = [...(CSS.highlights.get("ck-found") ?? [])] as Range[];
    const box = document.querySelector(".ck-scroll")!.getBoundingClientRect();
    const { top, bottom } = range!.getBoundingClientRect();
    return top >= box.top && bottom <= box.bottom;
  });

test("Ctrl+K offers recent conversations; arrows select, Enter opens, Escape closes and returns the focus", async () => {
  const owner = newOwner();
  const one = await conversation(owner, "One");
  await conversation(owner, "Two");
  await conversation(owner, "Three");
  await using visit = await stage.visit({ owner });
  const { page } = visit;
  const field = page.getByLabel("Your question");
  await field.fill("A draft");
  await page.keyboard.press("Control+k");
  await expect
    .poll(async () => (await options(page)).slice(0, 4))
    .toEqual(["Three", "Two", "One", expect.stringContaining("New conversation")]);
  expect(await axeViolations(page)).toEqual([]);
  await expect.poll(() => active(page).innerText()).toBe("Three");
  await page.keyboard.press("ArrowUp");
  await expect.poll(() => active(page).innerText()).toBe("Colours: Same as system");
  for (const title of ["Three", "Two", "One"]) {
    await page.keyboard.press("ArrowDown");
    await expect.poll(() => active(page).innerText()).toBe(title);
  }
  await page.keyboard.press("Escape");
  await gone(page);
  expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);

  await page.keyboard.press("Control+k");
  await expect.poll(async () => (await options(page)).length).toBeGreaterThan(3);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByText("Answer about One").waitFor();
  await gone(page);
  expect(new URL(page.url()).searchParams.get("c")).toBe(one);
});

test("a renamed conversation is found by its new title at once, an archived one too", async () => {
  const owner = newOwner();
  const one = await conversation(owner, "Before");
  const old = await conversation(owner, "Élan vital");
  await history.updateConversation(owner, old, { archived: true });
  await conversation(owner, "Another");
  await using visit = await stage.visit({ owner });
  const { page } = visit;
  await page.locator(".ck-nav-row", { hasText: "Before" }).hover();
  await page.getByRole("button", { name: "Actions for “Before”" }).click();
  await page.getByRole("button", { name: "Rename", exact: true }).click();
  await page.getByLabel("Title").fill("Heron census");
  await page.keyboard.press("Enter");
  await expect.poll(async () => (await history.getConversation(owner, one)).title).toBe("Heron census");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("census her");
  await expect.poll(() => options(page)).toEqual(["Heron census"]);
  await page.keyboard.press("Enter");
  await page.getByText("Answer about Before").waitFor();

  // Enter before anything is found waits for the first that is.
  await page.keyboard.press("Control+k");
  await page.keyboard.type("elan");
  await page.keyboard.press("Enter");
  await page.getByText("Answer about Élan vital").waitFor();
});

test("a message is found by its words and opened far from the end; they are marked where they stand", async () => {
  const owner = newOwner();
  const { conversation: long } = await history.createConversation(owner, { title: "Long" });
  const filler = "Some words about nothing in particular.\n\n".repeat(60);
  for (let from = 0; from < 300; from += 50) {
    const batch = Array.from({ length: 50 }, (_, index) => ({
      role: index % 2 === 0 ? ("user" as const) : ("assistant" as const),
      content:
        from + index === 41
          ? `${filler}Here the **zebra** is named.\n\nNo zebras, and a Zebra.`
          : `Message ${from + index} of many.`,
    }));
    await history.appendMessages(owner, long.id, batch);
  }
  await using visit = await stage.visit({ owner });
  const { page } = visit;
  await page.getByLabel("Your question").waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("zebra");
  await dialog(page).locator("mark", { hasText: "zebra" }).first().waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await dialog(page).getByRole("option").click();
  await gone(page);
  await expect.poll(() => marked(page)).toContain("zebra");
  await expect.poll(() => inSight(page)).toBe(true);
  expect((await marked(page)).join(" ")).not.toContain("words");
  expect(new URL(page.url()).searchParams.get("c")).toBe(long.id);
  const found = page.locator("article", { hasText: "is named." });
  expect(await found.evaluate((article) => article === document.activeElement)).toBe(true);
  await page.keyboard.press("Escape");
  await expect.poll(() => marked(page)).toEqual([]);
  await page.getByRole("button", { name: "Jump to latest" }).click();
  await page.getByText("Message 299 of many.").waitFor();

  await page.keyboard.press("Control+k");
  await page.keyboard.type("giraffe");
  await dialog(page).getByText("Nothing found for “giraffe”.").first().waitFor();
  expect(await axeViolations(page)).toEqual([]);
});

test("a message that is found where nothing is to scroll leaves nothing to jump to", async () => {
  const owner = newOwner();
  await conversation(owner, "Short", "The okapi is here.");
  await using visit = await stage.visit({ owner });
  const { page } = visit;
  await page.getByLabel("Your question").waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("okapi");
  await dialog(page).locator("mark").waitFor();
  await dialog(page).getByRole("option", { name: "okapi" }).click();
  await expect.poll(() => marked(page)).toEqual(["okapi"]);
  const found = page.locator("article", { hasText: "okapi" });
  await expect.poll(() => found.evaluate((article) => article === document.activeElement)).toBe(true);
  await page.evaluate(() => new Promise(requestAnimationFrame));
  expect(await page.getByRole("button", { name: "Jump to latest" }).count()).toBe(0);
});

test("what is typed before the palette is loaded is kept, Enter too", async () => {
  const owner = newOwner();
  await conversation(owner, "One");
  await conversation(owner, "Two");
  await using visit = await stage.visit({ owner });
  const { page } = visit;
  await page.getByLabel("Your question").waitFor();
  const held = Promise.withResolvers<void>();
  await page.route("**/Palette-*.js", async (route) => {
    await held.promise;
    await route.continue();
  });
  await page.keyboard.press("Control+k");
  await page.keyboard.type("one");
  await page.keyboard.press("Enter");
  held.resolve();
  await page.getByText("Answer about One").waitFor();
  await gone(page);
  expect(await options(page)).toEqual([]);
});

test("commands are found by their words and do what they say, on the conversation that is shown", async () => {
  const owner = newOwner();
  const one = await conversation(owner, "One");
  await using visit = await stage.visit({ owner, path: `/?c=${one}` });
  const { page } = visit;
  await page.getByText("Answer about One").waitFor();
  const command = async (words: string): Promise<void> => {
    await page.keyboard.press("Control+k");
    await page.keyboard.type(words);
    await page.keyboard.press("Enter");
    await gone(page);
  };
  await command("dark");
  expect(await page.evaluate(() => document.documentElement.dataset["theme"])).toBe("dark");
  await command("pin");
  await page.getByRole("heading", { name: "Pinned" }).waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), command("markdown")]);
  expect(download.suggestedFilename()).toBe("One.md");
  await command("archive");
  await expect.poll(async () => (await history.getConversation(owner, one)).archivedAt).not.toBeNull();
  await command("keyb");
  await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await page.keyboard.press("Escape");
  await command("settings");
  await page.getByRole("dialog", { name: "Settings" }).waitFor();
  await page.keyboard.press("Escape");
  await command("delete");
  await page.getByText("“One” was deleted.").waitFor();
  await command("new conv");
  await page.getByText("What would you like to know?").waitFor();
});

test("a search that fails says so and is asked again; commands are offered meanwhile", async () => {
  const owner = newOwner();
  await conversation(owner, "A new colour of herons");
  await using visit = await stage.visit({ owner });
  const { page } = visit;
  await page.getByLabel("Your question").waitFor();
  await page.route("**/api/search**", (route) => route.fulfill({ status: 503, body: "{}" }));
  await page.keyboard.press("Control+k");
  await page.keyboard.type("new co");
  await dialog(page).getByText("The search failed.").waitFor();
  expect(await options(page)).toHaveLength(1);
  expect(await axeViolations(page)).toEqual([]);
  await page.unroute("**/api/search**");
  await dialog(page).getByRole("button", { name: "Retry" }).click();
  await dialog(page).getByText("The search failed.").waitFor({ state: "detached" });
  await expect.poll(async () => (await options(page))[0]).toBe("A new colour of herons");
});
