import type { Owner } from "@chatkeep/protocol";
import { fileDatabase } from "@chatkeep/testing";
import { axeViolations } from "@chatkeep/testing/page";
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";

import { type Stage, newOwner, openStage } from "./page-stage.ts";
import { ask, talks, titlesOf } from "./page-view.ts";

const database = await fileDatabase();
const stage: Stage = await openStage(database.url);
afterAll(() => stage[Symbol.asyncDispose]());
const { history, script } = stage;

/** An owner of conversations of these titles; see {@link talks}. */
async function ownerOf(...titles: string[]): Promise<{ readonly owner: Owner; readonly ids: string[] }> {
  const owner = newOwner();
  return { owner, ids: await talks(history, owner, ...titles) };
}

/** What has the focus: its name, else its text. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const { activeElement } = document;
    return (
      activeElement?.getAttribute("aria-label") ?? (activeElement as HTMLElement | null)?.innerText ?? ""
    );
  });
const press = async (page: Page, ...keys: string[]): Promise<void> => {
  for (const key of keys) await page.keyboard.press(key);
};

test("from the top of the page, Tab reaches the question field in ten stops, and a link skips to it in one", async () => {
  const { owner, ids } = await ownerOf(...Array.from({ length: 30 }, (_, index) => `No. ${index}`));
  await using visit = await stage.visit({ owner });
  const { page } = visit;
  await expect.poll(() => titlesOf(page)).toHaveLength(30);
  const top = (): Promise<void> =>
    page.evaluate(() => {
      document.body.tabIndex = -1;
      document.body.focus();
      document.body.removeAttribute("tabindex");
    });
  await top();
  const stops: string[] = [];
  while (stops.at(-1) !== "Your question" && stops.length < 20) {
    await press(page, "Tab");
    stops.push(await focused(page));
  }
  expect(stops.at(-1)).toBe("Your question");
  expect(stops.length).toBeLessThanOrEqual(10);

  await page.goto(`${stage.url}/?c=${ids[0]}`);
  await page.getByText("Answer about No. 0").waitFor();
  await top();
  await press(page, "Tab");
  expect(await focused(page)).toBe("Skip to the question field");
  expect(await axeViolations(page)).toEqual([]);
  await press(page, "Enter");
  expect(await focused(page)).toBe("Your question");
  expect(await page.evaluate(() => scrollY)).toBe(0);
});

test("the list is one stop: arrows, Home and End go through it, and through the menu of a row", async () => {
  const { owner, ids } = await ownerOf("One", "Two", "Three");
  await using visit = await stage.visit({ owner, path: `/?c=${ids[1]}` });
  const { page } = visit;
  await expect.poll(() => titlesOf(page)).toEqual(["Three", "Two", "One"]);
  const stops = await page.evaluate(
    () =>
      [...document.querySelectorAll<HTMLElement>("nav a, nav button")].filter(
        ({ tabIndex }) => tabIndex === 0,
      ).length,
  );
  expect(stops).toBe(2);
  await page.locator("nav a[tabindex='0']").focus();
  expect(await focused(page)).toBe("Two");
  const said: string[] = [];
  for (const key of ["ArrowDown", "ArrowDown", "Home", "End", "ArrowUp", "ArrowRight", "ArrowLeft"]) {
    await press(page, key);
    said.push(await focused(page));
  }
  expect(said).toEqual(["One", "One", "Three", "One", "Two", "Actions for “Two”", "Two"]);

  await press(page, "ArrowRight", "Enter");
  await expect.poll(() => focused(page)).toBe("Rename");
  const items: string[] = [];
  for (const key of ["ArrowDown", "ArrowUp", "ArrowUp", "ArrowDown", "End", "Home", "a", "e", "e"]) {
    await press(page, key);
    items.push(await focused(page));
  }
  expect(items).toEqual([
    "Pin",
    "Rename",
    "Delete",
    "Rename",
    "Delete",
    "Rename",
    "Archive",
    "Export as Markdown",
    "Export as HTML",
  ]);
  expect(await axeViolations(page)).toEqual([]);
  await press(page, "Escape");
  await expect.poll(() => focused(page)).toBe("Actions for “Two”");
});

test("the focus stays near what is renamed, pinned, archived, deleted and restored by keyboard", async () => {
  const { owner } = await ownerOf("One", "Two", "Three", "Four", "Five");
  await using visit = await stage.visit({ owner });
  const { page } = visit;
  await expect.poll(() => titlesOf(page)).toHaveLength(5);
  await page.locator("nav a").first().focus();
  await press(page, "ArrowDown", "ArrowRight", "Enter");
  await expect.poll(() => focused(page)).toBe("Rename");
  await press(page, "Enter");
  await expect.poll(() => focused(page)).toBe("Title");
  await page.keyboard.type("Fourth");
  await press(page, "Enter");
  await expect.poll(() => titlesOf(page)).toEqual(["Five", "Fourth", "Three", "Two", "One"]);
  await expect.poll(() => focused(page)).toBe("Fourth");

  await press(page, "ArrowRight", "Enter");
  await expect.poll(() => focused(page)).toBe("Rename");
  await press(page, "p", "Enter");
  await expect.poll(() => titlesOf(page)).toEqual(["Fourth", "Five", "Three", "Two", "One"]);
  await expect.poll(() => focused(page)).toBe("Actions for “Fourth”");

  await press(page, "ArrowDown", "ArrowDown", "ArrowRight", "Enter");
  await expect.poll(() => focused(page)).toBe("Rename");
  await press(page, "a", "Enter");
  await expect.poll(() => titlesOf(page)).toEqual(["Fourth", "Five", "Two", "One"]);
  await expect.poll(() => focused(page)).toBe("Two");

  await press(page, "ArrowRight", "Enter");
  await expect.poll(() => focused(page)).toBe("Rename");
  await press(page, "End", "Enter");
  await expect.poll(() => titlesOf(page)).toEqual(["Fourth", "Five", "One"]);
  await expect.poll(() => focused(page)).toBe("One");
  await press(page, "ArrowRight", "Enter");
  await expect.poll(() => focused(page)).toBe("Rename");
  await press(page, "End", "Enter");
  await expect.poll(() => titlesOf(page)).toEqual(["Fourth", "Five"]);
  await expect.poll(() => focused(page)).toBe("Five");
});

test("a question is asked, answered, stopped, edited and answered again by keyboard alone", async () => {
  const { owner } = await ownerOf();
  await using visit = await stage.visit({ owner });
  const { page } = visit;
  await page.getByLabel("Your question").waitFor();
  await page.keyboard.type("First");
  await press(page, "Enter");
  await page.waitForURL(/[?]c=/);
  const id = new URL(page.url()).searchParams.get("c")!;
  const run = await script.started(id);
  await run.emit("Beginning");
  await page.getByText("Beginning").waitFor();
  await press(page, "Escape");
  await page.locator("article[data-status=stopped]").waitFor();
  expect(await focused(page)).toBe("Your question");

  await page.getByRole("button", { name: "Edit" }).focus();
  await press(page, "Enter");
  await expect.poll(() => focused(page)).toBe("Edit");
  await press(page, "Control+a");
  await page.keyboard.type("Second");
  await press(page, "Enter");
  const again = await script.started(id);
  await again.emit("Answered");
  again.finish();
  await page.locator("article[data-status=complete] .ck-actions").waitFor();
  await page.getByText("2 / 2").waitFor();
  expect(await focused(page)).not.toBe("");
});

test("the list reads on when its end comes into sight, and keeps what it has read over a refresh", async () => {
  const { owner } = await ownerOf();
  for (let index = 1; index <= 230; index++)
    await history.createConversation(owner, { title: `No. ${index}` });
  await using visit = await stage.visit({ owner });
  const { page } = visit;
  const end = page.locator(".sidebar-list");
  await expect.poll(async () => (await titlesOf(page)).length).toBeGreaterThanOrEqual(50);
  expect((await titlesOf(page)).length).toBeLessThanOrEqual(100);
  await expect
    .poll(async () => {
      await end.evaluate((list) => (list.scrollTop = list.scrollHeight));
      return (await titlesOf(page)).length;
    })
    .toBe(230);
  await history.createConversation(owner, { title: "From elsewhere" });
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await expect.poll(async () => (await titlesOf(page))[0]).toBe("From elsewhere");
  await expect.poll(() => titlesOf(page)).toHaveLength(231);
  expect(await axeViolations(page)).toEqual([]);
});

test("every key of the list that ? shows does what it says, and ? in a text is a sign", async () => {
  const {
    owner,
    ids: [one],
  } = await ownerOf("One");
  await using visit = await stage.visit({ owner, path: `/?c=${one}` });
  const { page } = visit;
  await page.getByText("Answer about One").waitFor();
  const field = page.getByLabel("Your question");
  await field.press("?");
  expect(await field.inputValue()).toBe("?");
  await field.fill("");
  await page.getByText("Answer about One").click();
  await page.locator(".ck-scroll").focus();
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keyboard" });
  await help.waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await help.waitFor({ state: "detached" });
  await page.keyboard.press("Shift+Escape");
  expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);

  await ask(page, "Go on");
  const run = await script.started(one!);
  await run.emit("Going on");
  await page.getByText("Going on").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("article[data-status=stopped]").waitFor();
  await page.keyboard.press("Control+Shift+o");
  await page.getByText("What would you like to know?").waitFor();
  expect(new URL(page.url()).search).toBe("");
});
