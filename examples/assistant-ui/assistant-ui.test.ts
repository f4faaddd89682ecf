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
  await page.getByLabel("Message", { exact: true }).fill(text);
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

it("edits, regenerates and switches versions, which every other page of the conversation shows", async () => {
  const { page, errors } = await open();
  const answer = async (conversation: string, text: string) => {
    const run = await script.started(conversation);
    await run.emit(text);
    run.finish();
    await page.getByText(text).waitFor();
    return run;
  };
  const act = (name: string, message: string): Promise<void> =>
    page.locator("article", { hasText: message }).getByRole("button", { name, exact: true }).click();
  const id = await send(page, "one?");
  await answer(id, "First.");
  await send(page, "two?");
  await answer(id, "Second.");
  const { client, owner } = await clientOf(page);
  const contents = async () => (await client.listMessages(owner, id)).messages.map(({ content }) => content);

  await act("Regenerate", "Second.");
  const again = await answer(id, "Zweitens.");
  expect(again.request.history.map(({ content }) => content)).toEqual(["one?", "First."]);
  expect(await contents()).toEqual(["one?", "First.", "two?", "Zweitens."]);

  await act("Edit", "two?");
  await page.getByLabel("Edited message").fill("zwei?");
  await page.getByRole("button", { name: "Save" }).click();
  const edited = await answer(id, "Due.");
  expect(edited.request.history.map(({ content }) => content)).toEqual(["one?", "First."]);
  expect(await contents()).toEqual(["one?", "First.", "zwei?", "Due."]);
  expect(await said(page)).toEqual(await contents());

  const moved = page.waitForResponse((response) => response.request().method() === "PATCH");
  await act("Previous version", "zwei?");
  await moved;
  expect(await said(page)).toEqual(["one?", "First.", "two?", "Zweitens."]);
  expect(await contents()).toEqual(await said(page));

  await send(page, "three?");
  const third = await answer(id, "Third.");
  expect(third.request.history.map(({ content }) => content)).toEqual([
    "one?",
    "First.",
    "two?",
    "Zweitens.",
  ]);

  await page.reload();
  await page.getByRole("button", { name: "one?" }).click();
  await page.getByText("Third.").waitFor();
  expect(await said(page)).toEqual(["one?", "First.", "two?", "Zweitens.", "three?", "Third."]);
  expect(await contents()).toEqual(await said(page));
  const back = page.waitForResponse((response) => response.request().method() === "PATCH");
  await act("Previous version", "Zweitens.");
  await page.getByText("Second.").waitFor();
  await back;
  expect(await contents()).toEqual(["one?", "First.", "two?", "Second."]);
  await act("Next version", "two?");
  await page.getByText("Due.").waitFor();

  // An edit of the first message is a version of it.
  await act("Edit", "one?");
  await page.getByLabel("Edited message").fill("uno?");
  await page.getByRole("button", { name: "Save" }).click();
  const first = await answer(id, "Primo.");
  expect(first.request.history).toEqual([]);
  expect(await contents()).toEqual(["uno?", "Primo."]);
  const { total } = await client.listMessages(owner, id, { branches: "all" });
  expect(total).toBe(11);
  expect(errors).toEqual([]);
});

/** A red picture of 2 by 1. */
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAADUlEQVR4nGP4z8AARAAI/gH/xp559wAAAABJRU5ErkJggg==",
  "base64",
);
const picture = { name: "heron.png", mimeType: "image/png", buffer: PNG };
const report = { name: "report.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4 herons") };
const notes = { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("Herons nest in trees.") };
const urlOf = ({ mimeType, buffer }: typeof picture) =>
  `data:${mimeType};base64,${buffer.toString("base64")}`;

async function attach(page: Page, files: (typeof picture)[]): Promise<void> {
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Attach" }).click();
  await (await chooser).setFiles(files);
}

const sent = (page: Page) => page.locator("main article").first();
/** The widths of the pictures that a browser could draw. */
const drawn = (page: Page): Promise<number[]> =>
  sent(page)
    .locator("img")
    .evaluateAll((all) => all.map((image) => (image as HTMLImageElement).naturalWidth));

it("attaches a picture, a PDF and a text: stored, given to the responder, there after a reload, on a second device and in an edit", async () => {
  const { page, errors } = await open();
  await attach(page, [picture, report, notes, { ...notes, name: "other.txt" }]);
  const deleted = page.waitForResponse((response) => response.request().method() === "DELETE");
  await page.getByRole("button", { name: "Remove other.txt" }).click();
  await deleted;
  await page.getByText("Uploading…").first().waitFor({ state: "detached" });
  const id = await send(page, "What are these?");
  const run = await script.started(id);
  const asked = [
    { type: "text", text: "What are these?" },
    ...[picture, report, notes].map((file) => ({
      type: "file",
      name: file.name,
      mime: file.mimeType,
      url: urlOf(file),
    })),
  ];
  expect(run.request.question.parts).toMatchObject(asked);
  await run.emit("A heron, ");
  await page.getByText("A heron, ").waitFor();

  // The answer runs on in the page that is loaded again, and on the second device.
  const device = await (
    await browser.newContext({ storageState: await page.context().storageState() })
  ).newPage();
  await device.goto(site.url);
  await page.reload();
  for (const shown of [page, device]) {
    await shown.getByRole("button", { name: "What are these?" }).click();
    await shown.getByText("A heron, ").waitFor();
    for (const { name } of [picture, report, notes]) await sent(shown).getByText(name).waitFor();
    await expect.poll(() => drawn(shown)).toEqual([2]);
  }
  await run.emit("and a report.");
  run.finish();
  for (const shown of [page, device]) await shown.getByText("A heron, and a report.").waitFor();

  await sent(page).getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Edited message").fill("Which is first?");
  await page.getByRole("button", { name: "Save" }).click();
  const edited = await script.started(id);
  expect(edited.request.question.parts).toMatchObject([{ text: "Which is first?" }, ...asked.slice(1)]);
  edited.finish();
  const { client, owner } = await clientOf(page);
  expect((await client.listFiles(owner)).files).toHaveLength(3);
  expect(errors).toEqual([]);
});

it("a picture alone is a question; a file that cannot be stored says why, and is sent when it could", async () => {
  const { page, errors } = await open();
  const detail = "The file has more than 64 MiB.";
  await page.route("**/api/files*", (route) =>
    route.fulfill({
      status: 413,
      contentType: "application/problem+json",
      body: JSON.stringify({ status: 413, code: "payload_too_large", detail }),
    }),
  );
  await attach(page, [picture]);
  await page.getByRole("alert").getByText(detail).waitFor();
  await page.unroute("**/api/files*");
  const begun = page.waitForRequest((request) => request.url().endsWith("/turns"));
  await page.getByRole("button", { name: "Send" }).click();
  await begun;
  const { client, owner } = await clientOf(page);
  const { conversations } = await client.listConversations(owner);
  const run = await script.started(conversations[0]?.id ?? "");
  expect(run.request.question.parts).toMatchObject([
    { type: "file", name: "heron.png", url: urlOf(picture) },
  ]);
  run.finish();
  await expect.poll(() => drawn(page)).toEqual([2]);
  expect(errors).toEqual([]);
});
