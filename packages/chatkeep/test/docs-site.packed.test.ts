import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { CHILD_ENV, fileDatabase, freePort, openBrowser, temporaryHome } from "@chatkeep/testing";
import { axeViolations, watch } from "@chatkeep/testing/page";
import type { Page } from "playwright-core";
import { afterAll, expect, it } from "vitest";

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));
const GUIDE = readdirSync(`${REPOSITORY}docs/guide`).map((name) => name.replace(/\.md$/, ""));

const [sitePort, chatkeepPort] = [await freePort(), await freePort()];
const SITE = `http://127.0.0.1:${sitePort}`;
const CHATKEEP = `http://127.0.0.1:${chatkeepPort}`;
const database = await fileDatabase();
const home = temporaryHome();

/** `npm run docs -- --serve`. A link that leads nowhere, on any page, fails its build. */
const docs = spawn(process.execPath, ["docs/site/main.ts", "--serve", "--port", String(sitePort)], {
  cwd: REPOSITORY,
  env: {
    ...CHILD_ENV,
    NODE_ENV: "production",
    DATABASE_URL: database.url,
    CHATKEEP_HOME: home.path,
    PORT: String(chatkeepPort),
  },
  stdio: ["ignore", "pipe", "inherit"],
});
const lines: string[] = [];
for await (const line of createInterface({ input: docs.stdout })) {
  lines.push(line);
  const said = lines.join("\n");
  if (said.includes('"listening"') && said.includes(SITE)) break;
}
docs.stdout.resume();
if (docs.exitCode !== null) throw new Error(`The site was not built:\n${lines.join("\n")}`);

const browser = await openBrowser();
afterAll(async () => {
  await browser.close();
  docs.kill("SIGTERM");
  await once(docs, "exit");
  await home[Symbol.asyncDispose]();
});

/** A new reader, and what a page must not do. */
async function openPage(path: string, phone = false): Promise<{ page: Page; faults: readonly string[] }> {
  const viewport = phone ? { width: 390, height: 800 } : { width: 1280, height: 800 };
  const context = await browser.newContext({ viewport, colorScheme: phone ? "dark" : "light" });
  const page = await context.newPage();
  const faults = await watch(page, { origins: [SITE, CHATKEEP] });
  await page.goto(SITE + path);
  return { page, faults };
}

it("shows pages of the guide, of types, of routes and of decisions, without a fault, on a desktop and a phone", async () => {
  const pages = [
    ["/", "Conversation memory for AI chat"],
    ["/guide/turns/", "Turns and streams"],
    ["/reference/", "TypeScript reference"],
    ["/reference/chatkeep/core/functions/createhistory/", "createHistory"],
    ["/http/operations/startturn/", "Ask a question and get the answer"],
    ["/decisions/0001-one-function-an-operation/", "1. One SQL function an operation, returning JSON"],
  ] as const;
  for (const phone of [false, true]) {
    for (const [path, title] of pages) {
      const { page, faults } = await openPage(path, phone);
      expect(await page.getByRole("heading", { level: 1 }).innerText()).toBe(title);
      const { scrollWidth, clientWidth } = await page.evaluate(() => document.documentElement);
      expect([path, phone, scrollWidth]).toEqual([path, phone, clientWidth]);
      expect([path, phone, await axeViolations(page), faults]).toEqual([path, phone, [], []]);
      await page.context().close();
    }
  }
});

it("describes what a function takes and returns, with links to the types", async () => {
  const { page } = await openPage("/reference/chatkeep/core/functions/createhistory/");
  await page.getByRole("main").getByRole("link", { name: "HistoryOptions" }).click();
  await page.waitForURL(/\/interfaces\/historyoptions\//);
  expect(await page.getByRole("main").innerText()).toContain("The function that answers");
  await page.context().close();
});

it("finds a word in the pages, those of the guide first, and opens a page", async () => {
  const { page, faults } = await openPage("/");
  await page.getByRole("button", { name: "Search" }).click();
  const results = page.getByRole("dialog").getByRole("link");
  /** The addresses of the first results, each once. */
  const find = async (words: string): Promise<string[]> => {
    await page.getByPlaceholder("Search").fill("");
    await results.first().waitFor({ state: "detached" });
    await page.getByPlaceholder("Search").fill(words);
    await results.first().waitFor();
    const links = await results.evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href));
    return [...new Set(links.map((link) => new URL(link).pathname))];
  };
  for (const word of ["version", "stop", "claim", "session", "dead node", "index", "migrate", "deploy"])
    expect([word, (await find(word))[0]]).toEqual([word, expect.stringMatching(/^\/guide\//)]);
  expect(await find("createHistory")).toContain("/reference/chatkeep/core/functions/createhistory/");
  expect(await find("fork")).toContain("/guide/turns/");
  await results.first().click();
  await page.waitForURL("**/guide/turns/**");
  expect((await page.getByRole("main").innerText()).toLowerCase()).toContain("fork");
  expect(faults).toEqual([]);
  await page.context().close();
});

it("answers in its own widget, with sources that open a section of this site and mark the quote", async () => {
  const { page, faults } = await openPage("/guide/what-is-chatkeep/");
  const chat = page.locator("chatkeep-chat");
  await chat.locator("[part=launcher]").click();
  await chat.getByLabel("Your question").fill("How do I stop an answer?");
  await chat.getByRole("button", { name: "Send", exact: true }).click();
  await chat.locator("article[data-status=complete] .ck-actions").waitFor();
  expect(await axeViolations(page)).toEqual([]);

  await chat.locator(".ck-source", { hasText: "Stop an answer" }).first().click();
  await page.waitForURL(`${SITE}/guide/turns/#stop-an-answer`);
  await expect
    .poll(() =>
      page.evaluate(() => [...(CSS.highlights.get("chatkeep-passage") ?? [])].map(String).join(" ")),
    )
    .toContain("A person can cancel an answer");
  expect(faults).toEqual([]);
  await page.context().close();
});

it("has the anchors that the server's citations name", async () => {
  const { documents } = (await (
    await fetch(`${CHATKEEP}/documents`, { headers: { accept: "application/json" } })
  ).json()) as { documents: { path: string; url: string }[] };
  expect(documents.map(({ path }) => path.replace(/\.md$/, "")).sort()).toEqual([...GUIDE].sort());
  for (const { path, url } of documents) {
    const cited = await (await fetch(CHATKEEP + url)).text();
    const anchors = [...cited.matchAll(/<h\d id="([^"]+)"/g)].map(([, anchor]) => anchor);
    const html = await (await fetch(`${SITE}/guide/${path.replace(/\.md$/, "")}/`)).text();
    for (const anchor of anchors) expect(html).toContain(`id="${anchor}"`);
  }
});

it("lists each page of the guide in llms.txt, as Markdown that is there, and holds them all in llms-full.txt", async () => {
  const index = await (await fetch(`${SITE}/llms.txt`)).text();
  const full = await (await fetch(`${SITE}/llms-full.txt`)).text();
  expect(index).toMatch(/^# Chatkeep\n\n> .+\n\n## /);
  for (const name of GUIDE) {
    const [, title, url] =
      new RegExp(`^- \\[(.+)\\]\\((${SITE}/guide/${name}\\.md)\\): .+\\.$`, "m").exec(index) ?? [];
    expect([name, url]).toEqual([name, `${SITE}/guide/${name}.md`]);
    expect(await (await fetch(url!)).text()).toMatch(`# ${title}\n`);
    expect(full).toContain(`\n## ${title}\n`);
  }
});

it("has a map of its pages", async () => {
  const index = await (await fetch(`${SITE}/sitemap-index.xml`)).text();
  const [, url = ""] = /<loc>(.+?)<\/loc>/.exec(index) ?? [];
  const map = await (await fetch(url)).text();
  for (const name of GUIDE) expect(map).toContain(`<loc>${SITE}/guide/${name}/</loc>`);
});
