import { fileDatabase } from "@chatkeep/testing";
import { axeViolations } from "@chatkeep/testing/page";
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";

import { type Stage, conversationOf, openStage } from "./page-stage.ts";
import { answered, ask } from "./page-view.ts";

const database = await fileDatabase();
const stage: Stage = await openStage(database.url);
afterAll(() => stage[Symbol.asyncDispose]());
const { history, script } = stage;

const GOOD = { name: "Good answer" } as const;
const BAD = { name: "Bad answer" } as const;
const pressed = (page: Page): Promise<(string | null)[]> =>
  page
    .locator(".ck-up, .ck-down")
    .evaluateAll((buttons) => buttons.map((button) => button.getAttribute("aria-pressed")));

/** A visitor who was answered. */
async function answeredVisit() {
  const visit = await stage.visit();
  await ask(visit.page, "What is it?");
  const id = await conversationOf(visit.page);
  const run = await script.started(id);
  await run.emit("A heron.");
  run.finish();
  await answered(visit.page, 1);
  const stored = async () => (await history.listMessages(visit.owner, id)).messages.at(-1)!.feedback;
  return { visit, id, stored };
}

test("an answer is rated, with a comment after a bad one, by the keyboard; it is there after a reload, and removed again", async () => {
  const { visit, stored } = await answeredVisit();
  await using _ = visit;
  const { page } = visit;
  await page.getByRole("button", GOOD).click();
  await expect.poll(stored).toEqual({ rating: "up", comment: null });
  expect(await pressed(page)).toEqual(["true", "false"]);
  await page.getByRole("button", BAD).focus();
  await page.keyboard.press("Enter");
  const field = page.getByLabel("What do you think of this answer?");
  await field.waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await page.keyboard.type("It is an egret.");
  await page.keyboard.press("Enter");
  await expect.poll(stored).toEqual({ rating: "down", comment: "It is an egret." });
  await field.waitFor({ state: "detached" });
  expect(await page.evaluate(() => document.activeElement?.ariaLabel)).toBe("Edit comment");
  expect(await pressed(page)).toEqual(["false", "true"]);

  await page.reload();
  await answered(page, 1);
  expect(await pressed(page)).toEqual(["false", "true"]);
  await page.getByRole("button", { name: "Edit comment" }).click();
  await expect.poll(() => field.inputValue()).toBe("It is an egret.");
  await field.fill("");
  await page.keyboard.press("Enter");
  await expect.poll(stored).toEqual({ rating: "down", comment: null });
  await page.getByRole("button", { name: "Comment" }).click();
  await field.fill("Nothing");
  await page.keyboard.press("Escape");
  await field.waitFor({ state: "detached" });
  expect(await stored()).toEqual({ rating: "down", comment: null });

  await page.getByRole("button", BAD).click();
  await expect.poll(stored).toBeNull();
  expect(await pressed(page)).toEqual(["false", "false"]);
  await page.getByRole("button", { name: "Comment" }).waitFor({ state: "detached" });
});

test("a rating is shown in another tab, and removed if it cannot be stored", async () => {
  const { visit, stored } = await answeredVisit();
  await using _ = visit;
  const { page } = visit;
  const other = await page.context().newPage();
  await other.goto(page.url());
  await answered(other, 1);
  await page.getByRole("button", GOOD).click();
  await expect.poll(() => pressed(other)).toEqual(["true", "false"]);
  await other.getByRole("button", BAD).click();
  await expect.poll(() => pressed(page)).toEqual(["false", "true"]);
  await expect.poll(stored).toEqual({ rating: "down", comment: null });

  await page.route("**/feedback", (route) => route.abort());
  await page.getByRole("button", GOOD).click();
  await page.getByRole("alert").getByText("cannot be reached").waitFor();
  expect(await pressed(page)).toEqual(["false", "true"]);
  expect(await stored()).toEqual({ rating: "down", comment: null });
});

test("each version of an answer has its own, and questions have none", async () => {
  const { visit, id } = await answeredVisit();
  await using _ = visit;
  const { page } = visit;
  await page.getByRole("button", GOOD).click();
  await expect.poll(() => pressed(page)).toEqual(["true", "false"]);
  await page.getByRole("button", { name: "Regenerate" }).click();
  const run = await script.started(id);
  await run.emit("An egret.");
  run.finish();
  await page.getByText("An egret.").waitFor();
  await answered(page, 1);
  await expect.poll(() => pressed(page)).toEqual(["false", "false"]);
  await page.getByRole("button", { name: "Previous version" }).click();
  await page.getByText("A heron.").waitFor();
  await expect.poll(() => pressed(page)).toEqual(["true", "false"]);
});
