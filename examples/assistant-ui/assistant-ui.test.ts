import { createClient } from "@chatkeep/protocol";
import { createScriptedResponder, fileDatabase, openBrowser } from "@chatkeep/testing";
import type { Page } from "playwright-core";
import { afterAll, expect, it } from "vitest";

import { startSite } from "./main.ts";

const database = await fileDatabase({ contents: "empty" });
const script = createScriptedResponder();
const site = await startSite({ databaseUrl: database.url, responder: script.responder, logLevel: "fatal" });
const browser = await openBrowser();
afterAll(async () => {
  await browser.close();
  await site.close();
});

async function open(): Promise<{ page: Page; errors: string[] }> {
  const page = await (await browser.newContext()).newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  // What the server's turns store, the page does not store once more.
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/messages"))
      errors.push("It stores a message.");
  });
  await page.goto(site.url);
  return { page, errors };
}

/** The client of the session that the page made. */
async function clientOf(page: Page) {
  const id = await page.evaluate(() => localStorage.getItem("session") ?? "");
  return { client: createClient({ baseUrl: site.url }), owner: { kind: "session", id } as const };
}

async function send(page: Page, text: string): Promise<string> {
  const { client, owner } = await clientOf(page);
  const begun = page.waitForRequest((request) => request.url().endsWith("/turns"));
  await page.getByLabel("Message").fill(text);
  await page.getByRole("button", { name: "Send" }).click();
  await begun;
  const { conversations } = await client.listConversations(owner);
  return conversations[0]?.id ?? "";
}

const said = (page: Page): Promise<string[]> => page.locator("main [data-message-id]").allInnerTexts();

it("lists threads, sends, and shows the same after a reload, also in the middle of an answer", async () => {
  const { page, errors } = await open();
  const first = await send(page, "What is it?");
  const run = await script.started(first);
  await run.emit("A book. ");
  await page.getByText("A book. ").waitFor();

  await page.reload();
  await page.getByRole("button", { name: "What is it?" }).click();
  await page.getByText("A book. ").waitFor();
  await run.emit("Of two chapters.");
  run.finish();
  await page.getByText("A book. Of two chapters.").waitFor();

  await page.getByRole("button", { name: "New thread" }).click();
  const second = await send(page, "Another?");
  expect(second).not.toBe(first);
  const other = await script.started(second);
  expect(other.request.history).toEqual([]);
  await other.emit("Yes.");
  other.finish();
  await page.getByText("Yes.").waitFor();
  await page.reload();
  await page.getByRole("button", { name: "Another?" }).waitFor();
  await page.getByRole("button", { name: "What is it?" }).click();
  await page.getByText("A book. Of two chapters.").waitFor();
  expect(await said(page)).toEqual(["What is it?", "A book. Of two chapters."]);

  await send(page, "How long?");
  const next = await script.started(first);
  expect(next.request.history.map(({ content }) => content)).toEqual([
    "What is it?",
    "A book. Of two chapters.",
  ]);
  await next.emit("It is ");
  await page.getByText("It is ").waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  const { client, owner } = await clientOf(page);
  // Followed to its end, which the page's stop is.
  for await (const _ of client.followTurn(owner, first, next.request.turnId));
  const { messages } = await client.listMessages(owner, first);
  expect(messages.map(({ content }) => content)).toEqual([
    "What is it?",
    "A book. Of two chapters.",
    "How long?",
    "It is ",
  ]);
  expect(messages.at(-1)?.status).toBe("stopped");
  expect(errors).toEqual([]);
});
