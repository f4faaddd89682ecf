import { randomUUID } from "node:crypto";

import type { Owner } from "@chatkeep/protocol";
import { fileDatabase } from "@chatkeep/testing";
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";

import { openStage, tokenOf } from "./stage.ts";
import { transcript } from "./view.ts";

const database = await fileDatabase();
const stage = await openStage(database.url);
afterAll(() => stage[Symbol.asyncDispose]());

/** A page of a reader whose panel is loaded when it is let go, and what of the history it has asked for. */
interface Opened extends AsyncDisposable {
  readonly page: Page;
  readonly asked: readonly string[];
  /** Resolves when the panel is asked for. */
  readonly wanted: Promise<void>;
  letGo(): void;
}

async function visit(session: string | null): Promise<Opened> {
  const localStorage = session === null ? [] : [{ name: "chatkeep-session-id", value: session }];
  const storageState = { cookies: [], origins: [{ origin: stage.url, localStorage }] };
  const context = await stage.person({ storageState });
  const page = await context.newPage();
  const asked: string[] = [];
  page.on("request", (request) => {
    const { pathname, search } = new URL(request.url());
    if (pathname.startsWith("/api/")) asked.push(pathname.split("/").slice(2).join("/") + search);
  });
  const wanted = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  await page.route("**/panel-*.js", async (route) => {
    wanted.resolve();
    await held.promise;
    await route.continue();
  });
  await page.goto(`${stage.url}/sensors`);
  return {
    page,
    asked,
    wanted: wanted.promise,
    letGo: held.resolve,
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** The id of a conversation of the chapter in which this was asked. */
async function asks(owner: Owner, question: string): Promise<string> {
  const { conversation } = await stage.history.createConversation(owner, { scope: "chapter-3" });
  await stage.history.appendMessages(owner, conversation.id, [{ role: "user", content: question }]);
  return conversation.id;
}

const press = (page: Page): Promise<void> =>
  page.locator("chatkeep-chat .launcher").evaluate((launcher: HTMLElement) => launcher.click());
/** A frame, and the tasks behind it. */
const frame = (page: Page): Promise<unknown> =>
  page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));

test("while the panel is loaded the conversation and its messages come, each asked for once", async () => {
  const session = randomUUID();
  const id = await asks({ kind: "session", id: session }, "What is a sensor?");
  await using opened = await visit(session);
  const { page, asked } = opened;
  const came = page.waitForResponse((response) => response.url().includes(`${id}/messages`));
  await press(page);
  await (await came).finished();
  opened.letGo();
  await expect.poll(() => transcript(page)).toEqual(["What is a sensor?"]);
  await frame(page);
  await frame(page);
  expect(asked).toEqual([
    "conversations?limit=100&scope=chapter-3",
    `conversations/${id}/messages?limit=50&files=url`,
  ]);
});

test("for a reader whom the browser does not know nothing is asked before the panel is there", async () => {
  await using opened = await visit(null);
  const { page, asked } = opened;
  await press(page);
  await opened.wanted;
  await frame(page);
  expect(asked).toEqual([]);
  expect(await page.evaluate(() => localStorage.length)).toBe(0);
  opened.letGo();
  await page.getByText("Ask about “Sensors”").waitFor();
  expect(asked).toEqual(["conversations?limit=100&scope=chapter-3"]);
});

test("what came for one person is not shown to another, who signed in while the panel was loaded", async () => {
  const session = randomUUID();
  await asks({ kind: "session", id: session }, "The session's question");
  const id = await asks({ kind: "user", id: "opening-ada" }, "Ada's question");
  await asks({ kind: "user", id: "opening-eve" }, "Eve's question");
  await using opened = await visit(session);
  const { page } = opened;
  const sign = (token: string): Promise<void> =>
    page.locator("chatkeep-chat").evaluate((element, token) => {
      (element as HTMLElement & { getToken: unknown }).getToken = () => token;
    }, token);
  await sign(tokenOf("opening-ada"));
  const came = page.waitForResponse((response) => response.url().includes(`${id}/messages`));
  await press(page);
  await (await came).finished();
  await sign(tokenOf("opening-eve"));
  opened.letGo();
  await expect.poll(() => transcript(page)).toEqual(["Eve's question"]);
});

test.each([
  [
    "its problem",
    {
      status: 503,
      contentType: "application/problem+json",
      body: JSON.stringify({ error: "unavailable", code: "unavailable", detail: "The database sleeps." }),
    },
    "The database sleeps.",
  ],
  ["a page of another server", { contentType: "text/html", body: "<p>Sign in</p>" }, "cut off"],
  ["other JSON", { contentType: "application/json", body: "[null]" }, "Something went wrong"],
])(
  "%s, which came before the panel was there, is told, and what was asked for comes by itself once it can be read",
  async (_, answer, told) => {
    const session = randomUUID();
    await asks({ kind: "session", id: session }, "What is a sensor?");
    await using opened = await visit(session);
    const { page } = opened;
    await page.route("**/api/conversations?*", (route) => route.fulfill(answer));
    const came = page.waitForResponse("**/api/conversations?*");
    await press(page);
    await (await came).finished();
    opened.letGo();
    await page.getByText(told).waitFor();
    await page.unroute("**/api/conversations?*");
    await expect.poll(() => transcript(page)).toEqual(["What is a sensor?"]);
  },
);
