import { fileURLToPath } from "node:url";

import { createDatabase, freePort, openBrowser, startChatkeep, startPostgres } from "@chatkeep/testing";
import { axeViolations, watch } from "@chatkeep/testing/page";
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";

import { answered, ask, readTranscript } from "./page-view.ts";

// The real command on a PostgreSQL of its own, both restarted by these tests at the same address.
const postgres = await startPostgres();
const database = await createDatabase({ server: postgres.url("postgres"), contents: "empty" });
const port = String(await freePort());
const start = (env: Record<string, string> = {}) =>
  startChatkeep({ env: { DATABASE_URL: database.url, PORT: port, ...env } });
let chatkeep = await start();
const { url } = chatkeep;
const browser = await openBrowser();
afterAll(async () => {
  await browser.close();
  await chatkeep[Symbol.asyncDispose]();
  await database.pool.end();
  await postgres.remove();
});

/** A person's browser, with a page open at the start. */
async function openPage(): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.goto(url);
  return page;
}
const rows = (page: Page) => page.locator("nav .ck-nav-title");

test("A2: after a refresh, a closed page, restarts of the server and of PostgreSQL all is as it was", async () => {
  let page = await openPage();
  const watched = await watch(page, { origins: [url] });
  await ask(page, "How do I start Chatkeep?");
  await answered(page, 1);
  await ask(page, "What is kept when the server is killed?");
  await answered(page, 2);
  const before = await readTranscript(page);
  expect(before).toHaveLength(4);
  expect(before[0]?.text).toContain("How do I start Chatkeep?");
  const sources = before[1]?.links ?? [];
  expect(sources.length).toBeGreaterThan(0);
  for (const source of sources) {
    const { pathname, hash } = new URL(source, url);
    const document = await fetch(url + pathname);
    expect({ source, status: document.status }).toEqual({ source, status: 200 });
    expect(await document.text()).toContain(`id="${hash.slice(1)}"`);
  }

  await page.reload();
  await answered(page, 2);
  expect(await readTranscript(page)).toEqual(before);

  const context = page.context();
  const address = page.url();
  await page.close();
  page = await context.newPage();
  await page.goto(url);
  await rows(page).first().click();
  await answered(page, 2);
  expect(page.url()).toBe(address);
  expect(await readTranscript(page)).toEqual(before);

  await chatkeep.stop();
  chatkeep = await start();
  await page.reload();
  await answered(page, 2);
  expect(await readTranscript(page)).toEqual(before);

  await chatkeep.kill("SIGKILL");
  chatkeep = await start();
  await page.reload();
  await answered(page, 2);
  expect(await readTranscript(page)).toEqual(before);

  await postgres.stop();
  await postgres.start();
  await page.reload();
  await answered(page, 2);
  expect(await readTranscript(page)).toEqual(before);

  // And it goes on, in a page that was open all the while.
  await ask(page, "And what is a scope?");
  await answered(page, 3);
  expect((await readTranscript(page)).slice(0, 4)).toEqual(before);
  expect(watched).toEqual([]);
  await context.close();
});

test("A3, A7: two conversations stay apart; the one is deleted and can be restored, the other stays", async () => {
  const page = await openPage();
  const watched = await watch(page, { origins: [url] });
  await ask(page, "What is a conversation?");
  await answered(page, 1);
  const first = await readTranscript(page);
  await page.getByRole("button", { name: "New conversation", exact: true }).click();
  await page.getByText("What would you like to know?").waitFor();
  await ask(page, "What is a turn?");
  await answered(page, 1);
  const second = await readTranscript(page);
  await expect.poll(() => rows(page).allInnerTexts()).toEqual(["What is a turn?", "What is a conversation?"]);

  await rows(page).nth(1).click();
  await expect.poll(() => readTranscript(page)).toEqual(first);
  await page.goBack();
  await expect.poll(() => readTranscript(page)).toEqual(second);
  await page.goForward();
  await expect.poll(() => readTranscript(page)).toEqual(first);

  const remove = page.getByRole("button", { name: "Delete this conversation" });
  await remove.click();
  await page.getByText("What would you like to know?").waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => readTranscript(page)).toEqual(first);
  await expect.poll(() => rows(page).count()).toBe(2);
  await remove.click();
  await page.getByText("What would you like to know?").waitFor();
  expect(new URL(page.url()).search).toBe("");
  await expect.poll(() => rows(page).allInnerTexts()).toEqual(["What is a turn?"]);

  await page.reload();
  await rows(page).first().click();
  await expect.poll(() => readTranscript(page)).toEqual(second);
  await expect.poll(() => rows(page).count()).toBe(1);
  expect(watched).toEqual([]);
  await page.context().close();
});

test("A18: two tabs that load for the first time at once have one session", async () => {
  for (let time = 0; time < 5; time++) {
    const context = await browser.newContext();
    const [one, two] = await Promise.all([context.newPage(), context.newPage()]);
    const tabs = [one, two];
    await Promise.all(tabs.map((tab) => tab.goto(url)));
    await Promise.all(tabs.map((tab) => tab.getByLabel("Your question").waitFor()));
    await ask(one, "What is a citation?");
    await answered(one, 1);
    await two.reload();
    await expect.poll(() => rows(two).allInnerTexts()).toEqual(["What is a citation?"]);
    const ids = await Promise.all(
      tabs.map((tab) => tab.evaluate(() => localStorage.getItem("chatkeep-session-id"))),
    );
    expect(new Set(ids).size).toBe(1);
    await context.close();
  }
});

test("A18: with storage blocked it works and says what is not remembered", async () => {
  const context = await browser.newContext();
  await context.addInitScript(() =>
    Object.defineProperty(globalThis, "localStorage", {
      get() {
        throw new DOMException("blocked", "SecurityError");
      },
    }),
  );
  const page = await context.newPage();
  await page.goto(url);
  await page.getByText("This browser blocks storage").waitFor();
  await ask(page, "What is a message?");
  await answered(page, 1);
  expect((await readTranscript(page))[0]?.text).toContain("What is a message?");
  await context.close();
});

test("A18: over plain http from another host, without randomUUID, locks and clipboard, it works", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  // A name that is not localhost: to the browser the page comes over an insecure connection.
  await page.route("http://plain.example/**", async (route) => {
    const { pathname, search } = new URL(route.request().url());
    await route.fulfill({ response: await route.fetch({ url: url + pathname + search }) });
  });
  await page.goto("http://plain.example/");
  expect(await page.evaluate(() => [isSecureContext, typeof crypto.randomUUID])).toEqual([
    false,
    "undefined",
  ]);
  await ask(page, "What is a responder?");
  await answered(page, 1);
  await page.reload();
  await answered(page, 1);
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await context.close();
});

test("A17: while PostgreSQL is down an answer says that it is not saved, also after a reload; then it is saved once", async () => {
  await chatkeep.stop();
  chatkeep = await start({
    CHATKEEP_RESPONDER: fileURLToPath(new URL("fixtures/plain.ts", import.meta.url)),
  });
  const page = await openPage();
  await ask(page, "Are you there?");
  await answered(page, 1);
  await postgres.stop("immediate");
  await ask(page, "And now?");
  const notSaved = page.getByText("Not saved.");
  await notSaved.waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await page.reload();
  await notSaved.waitFor();
  await page.getByText("This conversation could not be loaded.").waitFor();
  expect((await readTranscript(page)).map(({ text }) => text)).toEqual([
    expect.stringContaining("And now?"),
    expect.stringContaining("You asked: And now?"),
  ]);

  await postgres.start();
  await notSaved.waitFor({ state: "detached" });
  await page.reload();
  await answered(page, 2);
  const after = await readTranscript(page);
  expect(after.map(({ text }) => text)).toEqual(
    ["Are you there?", "You asked: Are you there?", "And now?", "You asked: And now?"].map((text) =>
      expect.stringContaining(text),
    ),
  );
  await page.context().close();
});
