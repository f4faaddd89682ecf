import { fileURLToPath } from "node:url";

import { mintToken } from "@chatkeep/server";
import { fileDatabase } from "@chatkeep/testing";
import { axeViolations, watch } from "@chatkeep/testing/page";
import { afterAll, expect, test } from "vitest";

import { SECRET, type Stage, newOwner, openStage } from "./page-stage.ts";
import { savedFile, talks, titlesOf } from "./page-view.ts";

const database = await fileDatabase();
const stage: Stage = await openStage(database.url);
afterAll(() => stage[Symbol.asyncDispose]());
const { history } = stage;

test("the settings keep colours and language over a reload; Arabic is written from right to left", async () => {
  await using visit = await stage.visit({ owner: newOwner() });
  const { page } = visit;
  await page.getByRole("button", { name: "Settings" }).click();
  expect(await axeViolations(page)).toEqual([]);
  await page.getByText("Dark", { exact: true }).click();
  await page.getByText("العربية").click();
  await page.getByRole("dialog", { name: "الإعدادات" }).waitFor();
  await page.keyboard.press("Escape");
  await page.reload();
  await page.getByRole("heading", { name: "ماذا تودّ أن تعرف؟" }).waitFor();
  const root = await page.evaluate(() => {
    const { lang, dir, dataset } = document.documentElement;
    const aside = document.querySelector("aside")?.getBoundingClientRect();
    return { lang, dir, theme: dataset["theme"], right: aside?.right === innerWidth };
  });
  expect(root).toEqual({ lang: "ar", dir: "rtl", theme: "dark", right: true });
  expect(await axeViolations(page)).toEqual([]);
});

test("chats of another service are imported, listed at once, and opened", async () => {
  const owner = newOwner();
  await using visit = await stage.visit({ owner });
  const { page } = visit;
  await page.getByRole("button", { name: "Settings" }).click();
  const settings = page.getByRole("dialog", { name: "Settings" });
  const file = fileURLToPath(new URL("import/chatgpt.json", import.meta.url));
  await settings.locator('input[type="file"]').setInputFiles(file);
  await settings.getByText("Imported. Conversations: 2. Messages: 8. Left out: 3.").waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await settings.locator('input[type="file"]').setInputFiles({
    name: "holiday.json",
    mimeType: "application/json",
    buffer: Buffer.from("no export"),
  });
  await settings.getByText(/is not JSON/).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "Notes on tides" }).click();
  await page.getByText("When is high tide?").waitFor();
  await page.getByText("Twice a day,").waitFor();
});

test("the settings export all that is kept of one, and erase it after a confirmation, drafts included", async () => {
  const owner = newOwner();
  const [one] = await talks(history, owner, "One", "Two");
  await using visit = await stage.visit({ owner, path: `/?c=${one}` });
  const { page } = visit;
  await page.getByLabel("Your question").fill("A draft");
  await page.getByRole("button", { name: "Settings" }).click();
  const settings = page.getByRole("dialog", { name: "Settings" });
  const file = await savedFile(page, () => settings.getByRole("button", { name: "Export my data" }).click());
  expect(file.name).toBe("chatkeep-export.jsonl");
  const lines = file.text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string });
  expect(lines.map(({ type }) => type)).toEqual([
    "conversation",
    "message",
    "message",
    "conversation",
    "message",
    "message",
    "end",
  ]);

  await settings.getByRole("button", { name: "Erase my data" }).click();
  const question = page.getByRole("dialog", { name: "Erase everything stored about you?" });
  expect(await axeViolations(page)).toEqual([]);
  await question.getByRole("button", { name: "Cancel" }).click();
  expect((await history.listConversations(owner)).total).toBe(2);
  await settings.getByRole("button", { name: "Erase my data" }).click();
  await question.getByRole("button", { name: "Erase", exact: true }).click();
  await settings.getByText("Erased. Conversations: 2. Messages: 4.").waitFor();
  expect((await history.listConversations(owner)).total).toBe(0);
  await page.keyboard.press("Escape");
  await page.getByText("Your conversations will appear here.").waitFor();
  expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain("draft");
  expect(await page.getByLabel("Your question").inputValue()).toBe("");
});

test("people sign in with a token: the open conversation goes along, unless it is to stay; sign out", async () => {
  const owner = newOwner();
  const [mine] = await talks(history, owner, "Mine");
  const token = await mintToken({ secret: SECRET, user: "ada" });
  let watched: readonly string[] | undefined;
  await using visit = await stage.visit({
    owner,
    path: `/?c=${mine}`,
    prepare: async (page) =>
      (watched = await watch(page, { origins: [stage.url], expected: ["status of 401", "status of 404"] })),
  });
  const { page } = visit;
  await expect.poll(() => titlesOf(page)).toEqual(["Mine"]);
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByLabel("Token").fill(`${token}x`);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("The server did not accept this token.").waitFor();
  expect(await titlesOf(page)).toEqual(["Mine"]);
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  const settings = page.getByRole("dialog", { name: "Settings" });
  await settings.getByText("Signed in as ada").waitFor();
  await page.getByText("Answer about Mine").waitFor();
  await expect.poll(() => titlesOf(page)).toEqual(["Mine"]);
  expect(await axeViolations(page)).toEqual([]);

  // The token is the tab's: a reload keeps it, and nothing of it lasts.
  await page.reload();
  await page.getByText("Answer about Mine").waitFor();
  await expect.poll(() => titlesOf(page)).toEqual(["Mine"]);
  expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain(token);
  await page.getByRole("button", { name: "Settings" }).click();
  await settings.getByRole("button", { name: "Sign out" }).click();
  await settings.getByRole("button", { name: "Sign in" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByText("Your conversations will appear here.").waitFor();
  expect(await page.evaluate(() => JSON.stringify(sessionStorage))).not.toContain(token);
  expect(watched).toEqual([]);
});

test("what stayed at a sign-in is taken over later", async () => {
  const owner = newOwner();
  await talks(history, owner, "Mine");
  const token = await mintToken({ secret: SECRET, user: "grace" });
  await using visit = await stage.visit({ owner });
  const { page } = visit;
  await page.getByRole("button", { name: "Settings" }).click();
  const settings = page.getByRole("dialog", { name: "Settings" });
  await settings.getByLabel("Token").fill(token);
  await settings.getByLabel("Bring this browser’s conversations along").uncheck();
  await settings.getByRole("button", { name: "Sign in" }).click();
  await settings.getByText("Signed in as grace").waitFor();
  await expect.poll(() => titlesOf(page)).toEqual([]);
  await settings.getByRole("button", { name: "Move this browser’s conversations to my account" }).click();
  await settings.getByText("1 conversation was moved to your account.").waitFor();
  await expect.poll(() => titlesOf(page)).toEqual(["Mine"]);
});
