import { fileDatabase } from "@chatkeep/testing";
import { axeViolations, watch } from "@chatkeep/testing/page";
import { afterAll, expect, test } from "vitest";

import { type Stage, openStage } from "./page-stage.ts";

const database = await fileDatabase();
const stage: Stage = await openStage(database.url);
afterAll(() => stage[Symbol.asyncDispose]());
const { history, script, key } = stage;

test("the operator's page asks for a server key, shows numbers and errors, and no word of anybody", async () => {
  const words = "what somebody wrote";
  const owner = { kind: "session", id: crypto.randomUUID() } as const;
  const { conversation } = await history.createConversation(owner);
  for (const end of ["complete", "failed"] as const) {
    const { events } = await history.startTurn(owner, conversation.id, { content: words });
    const run = await script.started(conversation.id);
    await run.emit(words);
    if (end === "complete") run.finish();
    else run.fail(Object.assign(new Error(words), { code: "E_MODEL" }));
    for await (const _ of events);
  }
  await history.startTurn(owner, conversation.id, { content: words });
  await script.started(conversation.id);

  let watched: readonly string[] | undefined;
  await using visit = await stage.visit({
    path: "/admin",
    prepare: async (page) =>
      (watched = await watch(page, { origins: [stage.url], expected: ["status of 401"] })),
  });
  const { page } = visit;
  const input = page.getByLabel("Server key");
  await input.waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await input.fill(`${key.slice(0, -4)}AAAA`);
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("does not know this key").waitFor();

  await input.fill(key);
  await page.keyboard.press("Enter");
  const figure = (name: string) => page.locator(".figure", { has: page.getByText(name, { exact: true }) });
  await figure("Health").getByText("All is well").waitFor();
  expect(await figure("Running turns").locator("strong").innerText()).toBe("1");
  expect(await figure("Turns of the last hour").innerText()).toMatch(
    /2\s+1 complete, 0 stopped, 0 interrupted, 1 failed/,
  );
  expect(await page.getByRole("table", { name: "Nodes" }).getByRole("row").count()).toBe(2);
  // A line is drawn of what was told twice.
  expect(await page.locator(".sparkline").count()).toBe(0);
  await page.getByRole("button", { name: "Refresh" }).click();
  await expect.poll(() => page.locator(".sparkline").count()).toBeGreaterThanOrEqual(5);
  expect(await page.getByRole("rowheader", { name: "messages", exact: true }).count()).toBe(0);
  await page.getByRole("heading", { name: "Tables" }).click();
  expect(await page.getByRole("rowheader", { name: "messages", exact: true }).count()).toBe(1);
  expect(await page.getByRole("table", { name: "Last errors" }).innerText()).toContain("Error E_MODEL");
  expect(await page.innerText("body")).not.toContain(words);
  expect(await axeViolations(page)).toEqual([]);

  // The key is the tab's: a reload keeps it, another tab has none, and nothing of it lasts.
  await page.reload();
  await figure("Health").waitFor();
  expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain(key);
  const other = await page.context().newPage();
  await other.goto(`${stage.url}/admin/`);
  await other.getByLabel("Server key").waitFor();
  await page.getByRole("button", { name: "Forget the key" }).click();
  await page.getByLabel("Server key").waitFor();
  expect(await page.evaluate(() => JSON.stringify(sessionStorage))).not.toContain(key);
  expect(watched).toEqual([]);
});

test("numbers that cannot be had now say so beside those from before", async () => {
  await using visit = await stage.visit({ path: "/admin" });
  const { page } = visit;
  await page.getByLabel("Server key").fill(key);
  await page.keyboard.press("Enter");
  await page.locator(".figure").first().waitFor();
  await page.route("**/api/admin/**", (route) => route.abort());
  await page.getByRole("button", { name: "Refresh" }).click();
  await page
    .getByRole("alert")
    .getByText("The server cannot be reached. These figures are from before.")
    .waitFor();
  expect(await page.locator(".figure").count()).toBeGreaterThan(4);
});

test("/c/<id> leads to the app; one that is not there, or cannot be, is said to be not there", async () => {
  await using visit = await stage.visit({ path: "/c/two%20words" });
  const { page } = visit;
  const heading = page.getByRole("heading", { name: "Conversation not found" });
  await heading.waitFor();
  await page.goto(`${stage.url}/c/no-such%2Fone%26here/`);
  await heading.waitFor();
  expect(new URL(page.url()).search).toBe("?c=no-such%2Fone%26here");
  expect(await axeViolations(page)).toEqual([]);
  await page.getByRole("alert").getByRole("button", { name: "New conversation" }).click();
  await page.getByText("What would you like to know?").waitFor();
  expect(new URL(page.url()).search).toBe("");
});
