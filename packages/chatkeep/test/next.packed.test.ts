import { join } from "node:path";

import { createDatabase, openBrowser, startModel } from "@chatkeep/testing";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

import { type Script, createScript } from "./model-script.ts";
import { type NextServer, buildNext, createExample, nextCommand, startNext } from "./next-app.ts";
import { temporaryFolder } from "./packed.ts";

const database = await createDatabase({ contents: "empty" });
const script: Script = createScript();
const model = await startModel({ reply: script.reply });
const env = { DATABASE_URL: database.url, MODEL_URL: model.url, APP_SECRET: "a secret of tests" };
const browser: Browser = await openBrowser();
const folder = temporaryFolder();
const app = join(folder.path, "app");
await createExample(app);
await buildNext(app);

afterAll(async () => {
  await browser.close();
  await model.close();
  folder.remove();
  await database.close();
});

/** The page of somebody who signed in, in a browser of their own. */
async function visit(url: string, name: string): Promise<Page> {
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.goto(url);
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name }).waitFor();
  return page;
}

async function ask(page: Page, text: string): Promise<void> {
  await page.getByLabel(/^Your (edited )?question$/).fill(text);
  await page.getByRole("button", { name: "Send" }).click();
}

/** What the page shows, a line a message. */
function shown(page: Page): Promise<string[]> {
  return page.locator("li p").allTextContents();
}

describe("the Next.js example, built with Turbopack and started", () => {
  let server: NextServer;
  beforeAll(async () => {
    server = await startNext({ folder: app, args: [nextCommand(app), "start"], env });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it("streams an answer, goes on with it after a reload in its middle, and keeps it", async () => {
    const page = await visit(server.url, "ada");
    await ask(page, "What is it?");
    const answer = await script.answer("What is it?");
    answer.say("Once ");
    await expect.poll(() => shown(page)).toEqual(["What is it?", "Once "]);
    await page.reload();
    await expect.poll(() => shown(page)).toEqual(["What is it?", "Once "]);
    answer.say("upon a time.");
    await expect.poll(() => shown(page)).toEqual(["What is it?", "Once upon a time."]);
    answer.end();
    await page.getByRole("button", { name: "Stop" }).waitFor({ state: "detached" });
    await page.reload();
    expect(await shown(page)).toEqual(["What is it?", "Once upon a time."]);
  });

  it("stops the model when somebody stops the answer, and keeps what was shown", async () => {
    const page = await visit(server.url, "bob");
    await ask(page, "Tell me all");
    const answer = await script.answer("Tell me all");
    answer.say("First");
    await expect.poll(() => shown(page)).toEqual(["Tell me all", "First"]);
    await page.getByRole("button", { name: "Stop" }).click();
    expect(await answer.request.ended).toBe("aborted");
    await page.reload();
    expect(await shown(page)).toEqual(["Tell me all", "First"]);
  });

  it("answers again, and asks an edited question in the place of the first", async () => {
    const page = await visit(server.url, "carol");
    await ask(page, "One?");
    (await script.answer("One?")).end("1");
    await expect.poll(() => shown(page)).toEqual(["One?", "1"]);
    await page.getByRole("button", { name: "Answer again" }).click();
    (await script.answer("One?")).end("uno");
    await expect.poll(() => shown(page)).toEqual(["One?", "uno"]);
    await page.getByRole("button", { name: "Edit" }).click();
    await ask(page, "Two?");
    const edited = await script.answer("Two?");
    expect(edited.request.body.messages.map(({ content }) => content)).toEqual(["Two?"]);
    edited.end("2");
    await expect.poll(() => shown(page)).toEqual(["Two?", "2"]);
    await page.reload();
    expect(await shown(page)).toEqual(["Two?", "2"]);
  });

  it("shows a running answer on the same person's second device, and nothing of it to anybody else", async () => {
    const first = await visit(server.url, "dora");
    await ask(first, "A secret?");
    const answer = await script.answer("A secret?");
    answer.say("Yes, ");
    await expect.poll(() => shown(first)).toEqual(["A secret?", "Yes, "]);
    const [second, other] = [await visit(server.url, "dora"), await visit(server.url, "eve")];
    await expect.poll(() => shown(second)).toEqual(["A secret?", "Yes, "]);
    answer.end("one.");
    await expect.poll(() => shown(second)).toEqual(["A secret?", "Yes, one."]);
    expect(await shown(other)).toEqual([]);

    const path = await first.evaluate(async () => {
      const { conversations } = (await (await fetch("/api/conversations")).json()) as {
        conversations: readonly { id: string }[];
      };
      return `/api/conversations/${conversations[0]!.id}/messages`;
    });
    expect(await statusOf(first, path)).toBe(200);
    expect(await statusOf(other, path)).toBe(403);
    expect((await fetch(server.url + path)).status).toBe(401);
    // "dora" as the cookie says it, with another signature.
    expect((await fetch(server.url + path, { headers: { cookie: "user=dora.AAAA" } })).status).toBe(401);
  });
});

function statusOf(page: Page, path: string): Promise<number> {
  return page.evaluate(async (address) => (await fetch(address)).status, path);
}
