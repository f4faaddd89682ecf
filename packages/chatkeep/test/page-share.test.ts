import type { Owner } from "@chatkeep/protocol";
import { fileDatabase } from "@chatkeep/testing";
import { axeViolations } from "@chatkeep/testing/page";
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";

import { type Stage, openStage } from "./page-stage.ts";
import { answered } from "./page-view.ts";

const database = await fileDatabase();
const stage: Stage = await openStage(database.url);
afterAll(() => stage[Symbol.asyncDispose]());
const { history } = stage;

const PIXEL =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** A conversation with a picture, and a tool's secret. */
async function birds(): Promise<{ owner: Owner; id: string }> {
  const owner: Owner = { kind: "session", id: crypto.randomUUID() };
  const { conversation } = await history.createConversation(owner, { title: "Birds" });
  await history.appendMessages(owner, conversation.id, [
    {
      role: "user",
      parts: [
        { type: "file", url: PIXEL, mime: "image/png", name: "heron.png" },
        { type: "text", text: "What is it?" },
      ],
    },
    {
      role: "assistant",
      parts: [
        { type: "tool-call", id: "c1", name: "look", arguments: '{"key":"secret"}' },
        { type: "tool-result", id: "c1", result: "secret" },
        { type: "text", text: "A **heron**." },
      ],
    },
  ]);
  return { owner, id: conversation.id };
}

const texts = (page: Page): Promise<string[]> =>
  page
    .locator("article")
    .evaluateAll((articles) =>
      articles.map((article) => (article.querySelector(".ck-bubble, .ck-markdown") as HTMLElement).innerText),
    );

test("a link is made, read by somebody else, continued as their own, and deleted", async () => {
  const { owner, id } = await birds();
  await using visit = await stage.visit({ owner, path: `/?c=${id}` });
  const { page } = visit;
  await answered(page, 1);
  await page.getByRole("button", { name: "Share" }).click();
  await page.getByLabel("Your name (optional)").fill("Ada");
  await page.getByLabel("The link expires").selectOption("7");
  await page.getByRole("button", { name: "Create link" }).click();
  const address = await page.getByLabel("Link", { exact: true }).inputValue();
  expect(address).toMatch(new RegExp(`^${stage.url}/share/[\\w-]{43}$`));
  expect(await axeViolations(page)).toEqual([]);
  await history.appendMessages(owner, id, [{ role: "user", content: "Said later" }]);

  const refused: string[] = [];
  await using other = await stage.visit({
    path: new URL(address).pathname,
    prepare: async (opened) =>
      void opened.on("console", (message) => message.type() === "error" && refused.push(message.text())),
  });
  const reader = other.page;
  await reader.getByRole("heading", { name: "Birds" }).waitFor();
  await reader.getByText("Shared by Ada").waitFor();
  await expect.poll(() => texts(reader)).toEqual(["What is it?", "A heron."]);
  await reader.getByRole("button", { name: "heron.png" }).locator("canvas").waitFor();
  expect(await reader.content()).not.toContain("secret");
  expect(await reader.getByRole("textbox").count()).toBe(0);
  expect(
    await reader.locator(".ck-actions button").evaluateAll((all) => all.map(({ ariaLabel }) => ariaLabel)),
  ).toEqual(["Copy answer"]);
  expect(await axeViolations(reader)).toEqual([]);
  expect(refused).toEqual([]);

  await reader.getByRole("button", { name: "Continue as my own" }).click();
  await reader.waitForURL(/[?]c=/);
  await answered(reader, 1);
  expect(await texts(reader)).toEqual(["What is it?", "A heron."]);
  await reader.getByRole("button", { name: "heron.png" }).locator("canvas").waitFor();
  expect((await history.listConversations(other.owner)).total).toBe(1);

  await page
    .getByRole("list", { name: "Links to this conversation" })
    .getByRole("button", { name: "Delete" })
    .click();
  await page.getByLabel("Link", { exact: true }).waitFor({ state: "detached" });
  expect(await history.listShares(owner)).toEqual([]);
  await reader.goto(address);
  await reader.getByText("This link does not exist, was deleted, or has expired.").waitFor();
  expect(await reader.getByRole("button", { name: "Continue as my own" }).count()).toBe(0);
});

test("a live link shows what was said since when it is looked at again, and a long one pages", async () => {
  const owner: Owner = { kind: "session", id: crypto.randomUUID() };
  const { conversation } = await history.createConversation(owner, { title: "Long" });
  await history.appendMessages(
    owner,
    conversation.id,
    Array.from({ length: 120 }, (_, index) => ({
      role: index % 2 === 0 ? ("user" as const) : ("assistant" as const),
      content: `Message ${index}. ${"Some words to fill a line or two of it. ".repeat(3)}`,
    })),
  );
  const { token } = await history.createShare(owner, conversation.id, { live: true });
  await using visit = await stage.visit({ path: `/share/${token}` });
  const { page } = visit;
  await page.getByText("Message 119.").waitFor();
  await page.locator(".ck-scroll").evaluate((element) => element.scrollTo(0, 0));
  await page.getByText("Message 60.").waitFor();
  await history.appendMessages(owner, conversation.id, [{ role: "user", content: "Said since" }]);
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await expect.poll(async () => (await texts(page)).at(-1)).toBe("Said since");
});

test("the page of a link is for no search engine, and what is no link is told so", async () => {
  for (const path of ["/share/nothing", "/?share=nothing"]) {
    const response = await fetch(stage.url + path, { redirect: "manual" });
    expect(response.headers.get("x-robots-tag")).toBe("noindex, nofollow");
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
  }
  await using visit = await stage.visit({ path: "/share/nothing" });
  await visit.page.getByText("This link does not exist, was deleted, or has expired.").waitFor();
});
