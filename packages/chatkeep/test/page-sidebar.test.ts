import { fileDatabase } from "@chatkeep/testing";
import { axeViolations } from "@chatkeep/testing/page";
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";

import { PHONE, type Stage, newOwner, openStage } from "./page-stage.ts";
import { act, readTranscript, savedFile, talks, titlesOf } from "./page-view.ts";

const database = await fileDatabase();
const stage: Stage = await openStage(database.url);
afterAll(() => stage[Symbol.asyncDispose]());
const { history } = stage;

const groups = (page: Page): Promise<string[]> => page.locator("nav h2").allInnerTexts();
const list = (page: Page, name: string): Promise<void> =>
  page.locator(".sidebar").getByText(name, { exact: true }).click();

test("a conversation is renamed in place, pinned, archived and unarchived; Escape renames nothing", async () => {
  const owner = newOwner();
  const [, two] = await talks(history, owner, "One", "Two", "Three");
  await using visit = await stage.visit({ owner });
  const { page } = visit;
  await expect.poll(() => titlesOf(page)).toEqual(["Three", "Two", "One"]);
  expect(await groups(page)).toEqual(["Today"]);

  await act(page, "Two", "Rename");
  expect(await axeViolations(page)).toEqual([]);
  await page.getByLabel("Title").fill("Nothing");
  await page.keyboard.press("Escape");
  await expect.poll(() => titlesOf(page)).toEqual(["Three", "Two", "One"]);
  await act(page, "Two", "Rename");
  await page.getByLabel("Title").fill("Second");
  await page.keyboard.press("Enter");
  await expect.poll(() => titlesOf(page)).toEqual(["Three", "Second", "One"]);
  await expect.poll(async () => (await history.getConversation(owner, two!)).title).toBe("Second");

  await act(page, "One", "Pin");
  await expect.poll(() => titlesOf(page)).toEqual(["One", "Three", "Second"]);
  expect(await groups(page)).toEqual(["Pinned", "Today"]);

  await act(page, "Second", "Archive");
  await expect.poll(() => titlesOf(page)).toEqual(["One", "Three"]);
  await list(page, "Archived");
  await expect.poll(() => titlesOf(page)).toEqual(["Second"]);
  expect(await axeViolations(page)).toEqual([]);
  await act(page, "Second", "Unarchive");
  await page.getByText("Nothing is archived.").waitFor();
  await page.reload();
  await expect.poll(() => titlesOf(page)).toEqual(["One", "Three", "Second"]);
});

test("a conversation is deleted at once, with Undo for ten seconds, and kept to be restored later", async () => {
  const owner = newOwner();
  const [one] = await talks(history, owner, "One", "Two");
  await using visit = await stage.visit({
    owner,
    path: `/?c=${one}`,
    prepare: (page) => page.clock.install(),
  });
  const { page } = visit;
  await page.getByText("Answer about One").waitFor();
  await act(page, "One", "Delete");
  await page.getByText("What would you like to know?").waitFor();
  await page.getByText("“One” was deleted.").waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("Answer about One").waitFor();
  await expect.poll(() => titlesOf(page)).toEqual(["Two", "One"]);

  await act(page, "Two", "Delete");
  await page.getByText("“Two” was deleted.").waitFor();
  await page.clock.runFor(5_000);
  await page.getByText("“Two” was deleted.").waitFor();
  await page.clock.runFor(5_500);
  await page.getByText("“Two” was deleted.").waitFor({ state: "detached" });
  expect(await readTranscript(page)).toHaveLength(2);
  await list(page, "Deleted");
  await expect.poll(() => titlesOf(page)).toEqual(["Two"]);
  expect(await axeViolations(page)).toEqual([]);
  await act(page, "Two", "Restore");
  await page.getByText("Nothing is deleted.").waitFor();
  await list(page, "Current");
  await expect.poll(() => titlesOf(page)).toEqual(["Two", "One"]);
});

test("a conversation is exported as Markdown and as JSON", async () => {
  const owner = newOwner();
  await talks(history, owner, "One");
  await using visit = await stage.visit({ owner });
  const { page } = visit;
  const markdown = await savedFile(page, () => act(page, "One", "Export as Markdown"));
  expect(markdown.name).toBe("One.md");
  expect(markdown.text).toMatch(
    /^# One\n\n## You · .*\n\nA question\n\n## Answer · .*\n\nAnswer about One\n$/,
  );
  const json = await savedFile(page, () => act(page, "One", "Export as JSON"));
  expect(json.name).toBe("One.jsonl");
  const lines = json.text.trim().split("\n");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { type: "conversation", conversation: { title: "One", message_count: 2 } },
    { type: "message", message: { seq: 1, role: "user" } },
    { type: "message", message: { seq: 2, content: "Answer about One" } },
    { type: "end" },
  ]);
});

test("the sidebar is hidden and shown, and stays so over a reload", async () => {
  const owner = newOwner();
  const [one] = await talks(history, owner, "One");
  await using visit = await stage.visit({ owner, path: `/?c=${one}` });
  const { page } = visit;
  await page.getByRole("button", { name: "Close the list of conversations" }).click();
  await page.locator("aside").waitFor({ state: "detached" });
  await page.reload();
  await page.getByText("Answer about One").waitFor();
  expect(await page.locator("aside").count()).toBe(0);
  expect(await axeViolations(page)).toEqual([]);
  await page.getByRole("button", { name: "New conversation" }).click();
  await page.getByText("What would you like to know?").waitFor();
  await page.getByRole("button", { name: "Show the list of conversations" }).click();
  await page.locator("aside .ck-nav-title").waitFor();
});

test("on a phone the list is a drawer; what is deleted in it is restored in it", async () => {
  const owner = newOwner();
  await talks(history, owner, "One", "Two");
  await using visit = await stage.visit({ owner, ...PHONE });
  const { page } = visit;
  await page.getByRole("button", { name: "Show the list of conversations" }).click();
  await expect.poll(() => titlesOf(page)).toEqual(["Two", "One"]);
  expect(await axeViolations(page)).toEqual([]);
  await act(page, "One", "Delete");
  await expect.poll(() => titlesOf(page)).toEqual(["Two"]);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => titlesOf(page)).toEqual(["Two", "One"]);
  const small = await page.evaluate(() =>
    [...document.querySelectorAll("dialog button, dialog a, dialog label")]
      .map((element) => ({ text: element.textContent, height: element.getBoundingClientRect().height }))
      .filter(({ height }) => height > 0 && height < 43.5),
  );
  expect(small).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
});
