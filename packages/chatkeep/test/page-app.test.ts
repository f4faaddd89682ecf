import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import type { Owner } from "@chatkeep/protocol";
import { mintToken } from "@chatkeep/server";
import { fileDatabase } from "@chatkeep/testing";
import { axeViolations, watch } from "@chatkeep/testing/page";
import type { Page } from "playwright-core";
import { afterAll, describe, expect, test } from "vitest";

import { PHONE, SECRET, type Stage, openStage } from "./page-stage.ts";
import { ask, readTranscript } from "./page-view.ts";

const database = await fileDatabase();
const stage: Stage = await openStage(database.url);
afterAll(() => stage[Symbol.asyncDispose]());
const { history, script } = stage;

function newSession(): Owner & { kind: "session" } {
  return { kind: "session", id: crypto.randomUUID() };
}

/** Conversations of these titles, the last one the latest, each with a question and an answer. */
async function conversations(owner: Owner, ...titles: string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const title of titles) {
    const { conversation } = await history.createConversation(owner, { title });
    await history.appendMessages(owner, conversation.id, [
      { role: "user", content: `Question about ${title}` },
      { role: "assistant", content: `Answer about ${title}` },
    ]);
    ids.push(conversation.id);
  }
  return ids;
}

const titles = (page: Page): Promise<string[]> => page.locator("nav .ck-nav-title").allInnerTexts();
const groups = (page: Page): Promise<string[]> => page.locator("nav h2").allInnerTexts();
const list = (page: Page, name: string): Promise<void> =>
  page.locator(".sidebar").getByText(name, { exact: true }).click();

/** Presses a button of a conversation's menu. */
async function act(page: Page, title: string, action: string): Promise<void> {
  await page.locator(".ck-nav-row", { hasText: title }).hover();
  await page.getByRole("button", { name: `Actions for “${title}”` }).click();
  await page.getByRole("button", { name: action, exact: true }).click();
}

/** The file that is downloaded by what `press` does. */
async function saved(page: Page, press: () => Promise<void>): Promise<{ name: string; text: string }> {
  const [download] = await Promise.all([page.waitForEvent("download"), press()]);
  return {
    name: download.suggestedFilename(),
    text: await readFile(await download.path(), "utf8"),
  };
}

/** What is cut off at the sides of the window; what scrolls by itself may be wider than it. */
const cutOff = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll("body *")]
      .filter((element) => element.closest(".ck-table, .ck-code-text, .ck-hidden, svg") === null)
      .filter((element) => element.checkVisibility({ opacityProperty: true }))
      .filter((element) => {
        const { left, right, width } = element.getBoundingClientRect();
        return width > 1 && (left < -0.5 || right > innerWidth + 0.5);
      })
      .map((element) => `${element.localName}.${element.className} “${element.textContent.slice(0, 30)}”`),
  );

describe("the sidebar", () => {
  test("renames in place, pins, archives and unarchives; Escape renames nothing", async () => {
    const owner = newSession();
    const [, two] = await conversations(owner, "One", "Two", "Three");
    await using visit = await stage.visit({ owner });
    const { page } = visit;
    await expect.poll(() => titles(page)).toEqual(["Three", "Two", "One"]);
    expect(await groups(page)).toEqual(["Today"]);

    await act(page, "Two", "Rename");
    expect(await axeViolations(page)).toEqual([]);
    await page.getByLabel("Title").fill("Nothing");
    await page.keyboard.press("Escape");
    await expect.poll(() => titles(page)).toEqual(["Three", "Two", "One"]);
    await act(page, "Two", "Rename");
    await page.getByLabel("Title").fill("Second");
    await page.keyboard.press("Enter");
    await expect.poll(() => titles(page)).toEqual(["Three", "Second", "One"]);
    await expect.poll(async () => (await history.getConversation(owner, two!)).title).toBe("Second");

    await act(page, "One", "Pin");
    await expect.poll(() => titles(page)).toEqual(["One", "Three", "Second"]);
    expect(await groups(page)).toEqual(["Pinned", "Today"]);

    await act(page, "Second", "Archive");
    await expect.poll(() => titles(page)).toEqual(["One", "Three"]);
    await list(page, "Archived");
    await expect.poll(() => titles(page)).toEqual(["Second"]);
    expect(await axeViolations(page)).toEqual([]);
    await act(page, "Second", "Unarchive");
    await page.getByText("Nothing is archived.").waitFor();
    await page.reload();
    await expect.poll(() => titles(page)).toEqual(["One", "Three", "Second"]);
  });

  test("deletes at once, offers Undo for ten seconds, and keeps what is deleted to be restored later", async () => {
    const owner = newSession();
    const [one] = await conversations(owner, "One", "Two");
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
    await expect.poll(() => titles(page)).toEqual(["Two", "One"]);

    await act(page, "Two", "Delete");
    await page.getByText("“Two” was deleted.").waitFor();
    await page.clock.runFor(5_000);
    await page.getByText("“Two” was deleted.").waitFor();
    await page.clock.runFor(5_500);
    await page.getByText("“Two” was deleted.").waitFor({ state: "detached" });
    expect(await readTranscript(page)).toHaveLength(2);
    await list(page, "Deleted");
    await expect.poll(() => titles(page)).toEqual(["Two"]);
    expect(await axeViolations(page)).toEqual([]);
    await act(page, "Two", "Restore");
    await page.getByText("Nothing is deleted.").waitFor();
    await list(page, "Current");
    await expect.poll(() => titles(page)).toEqual(["Two", "One"]);
  });

  test("exports a conversation as Markdown and as JSON", async () => {
    const owner = newSession();
    await conversations(owner, "One");
    await using visit = await stage.visit({ owner });
    const { page } = visit;
    const markdown = await saved(page, () => act(page, "One", "Export as Markdown"));
    expect(markdown.name).toBe("One.md");
    expect(markdown.text).toMatch(
      /^# One\n\n## You · .*\n\nQuestion about One\n\n## Answer · .*\n\nAnswer about One\n$/,
    );
    const json = await saved(page, () => act(page, "One", "Export as JSON"));
    expect(json.name).toBe("One.jsonl");
    const lines = json.text.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { type: "conversation", conversation: { title: "One", message_count: 2 } },
      { type: "message", message: { seq: 1, role: "user" } },
      { type: "message", message: { seq: 2, content: "Answer about One" } },
      { type: "end" },
    ]);
  });
});

test("an answer's details tell its status, model, tokens and cost, and what was recalled for it", async () => {
  const owner = newSession();
  const { conversation } = await history.createConversation(owner, { title: "Figures" });
  await history.appendMessages(owner, conversation.id, [
    { role: "user", content: "Hello" },
    {
      role: "assistant",
      content: "Hello yourself.",
      model: "test/model-1",
      usage: { inputTokens: 1234, outputTokens: 56, totalTokens: 1290, cost: 0.0021 },
    },
  ]);
  await using visit = await stage.visit({ owner, path: `/?c=${conversation.id}` });
  const { page } = visit;
  await page.getByText("Details", { exact: true }).last().click();
  const details = page.locator(".ck-details");
  await expect
    .poll(() => details.innerText())
    .toMatch(/Complete[\s\S]*test\/model-1[\s\S]*1,234 in, 56 out[\s\S]*\$0\.0021/);
  expect(await axeViolations(page)).toEqual([]);

  await ask(page, "And again?");
  const run = await script.started(conversation.id);
  await run.emit("Again.");
  run.finish();
  await page.locator("article", { hasText: "Again." }).getByText("Details", { exact: true }).click();
  await page.getByText("Nothing older than the latest messages.").waitFor();
});

test("an answer's details lead to what was recalled for it, far above what is shown", async () => {
  const owner = newSession();
  const { conversation } = await history.createConversation(owner, { title: "Herons" });
  for (let from = 0; from < 120; from += 40) {
    const batch = Array.from({ length: 40 }, (_, index) => ({
      role: index % 2 === 0 ? ("user" as const) : ("assistant" as const),
      content:
        from + index === 4
          ? "The heron of Uppsala nests in the old mill."
          : `Message ${from + index}. ${"Some words about nothing in particular. ".repeat(20)}`,
    }));
    await history.appendMessages(owner, conversation.id, batch);
  }
  await using visit = await stage.visit({ owner, path: `/?c=${conversation.id}` });
  const { page } = visit;
  await page.getByText("Message 119.").waitFor();
  await ask(page, "Where does the heron of Uppsala nest?");
  const run = await script.started(conversation.id);
  await run.emit("In the old mill.");
  run.finish();
  const answer = page.locator("article", { hasText: "In the old mill." });
  await answer.getByText("Details", { exact: true }).click();
  const recalled = answer.getByRole("button", { name: "The heron of Uppsala nests" });
  await recalled.waitFor();
  expect(await cutOff(page)).toEqual([]);
  // Long messages leave the names beside them their room.
  expect((await recalled.boundingBox())!.width).toBeGreaterThan(100);
  const names = await answer
    .locator("dt")
    .evaluateAll((each) => each.map((name) => name.getBoundingClientRect().width));
  expect(Math.min(...names)).toBeGreaterThan(25);
  expect(Math.max(...names)).toBeGreaterThan(100);
  expect(await axeViolations(page)).toEqual([]);
  await recalled.click();
  const target = page.locator("article", { hasText: "The heron of Uppsala nests in the old mill." });
  await expect.poll(() => target.evaluate((article) => article === document.activeElement)).toBe(true);
});

describe("the settings", () => {
  test("keep colours and language over a reload; Arabic is written from right to left", async () => {
    await using visit = await stage.visit({ owner: newSession() });
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

  test("code runs from left to right in an Arabic page, in a block and inside a sentence", async () => {
    const owner = newSession();
    const { conversation } = await history.createConversation(owner, { title: "SQL" });
    const content = "استعمل `orders;` هنا:\n\n```sql\nSELECT * FROM orders;\n```";
    await history.appendMessages(owner, conversation.id, [
      { role: "user", content: "كيف؟" },
      { role: "assistant", content },
    ]);
    await using visit = await stage.visit({ owner, path: `/?c=${conversation.id}` });
    const { page } = visit;
    await page.locator("article pre").waitFor();
    await page.evaluate(() => document.documentElement.setAttribute("dir", "rtl"));
    const places = await page.locator("article code").evaluateAll((codes) =>
      codes.map((code) => {
        const texts: Text[] = [];
        const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
        while (walker.nextNode() !== null) texts.push(walker.currentNode as Text);
        const shown = texts.filter(({ data }) => data.trim() !== "");
        const left = (text: Text, at: number): number => {
          const range = document.createRange();
          range.setStart(text, at);
          range.setEnd(text, at + 1);
          return range.getBoundingClientRect().left;
        };
        const last = shown.at(-1)!;
        return left(last, last.data.trimEnd().length - 1) > left(shown[0]!, 0);
      }),
    );
    expect(places).toEqual([true, true]);
  });

  test("chats of another service are imported, listed at once, and opened", async () => {
    const owner = newSession();
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

  test("export all that is kept of one, and erase it after a confirmation, drafts included", async () => {
    const owner = newSession();
    const [one] = await conversations(owner, "One", "Two");
    await using visit = await stage.visit({ owner, path: `/?c=${one}` });
    const { page } = visit;
    await page.getByLabel("Your question").fill("A draft");
    await page.getByRole("button", { name: "Settings" }).click();
    const settings = page.getByRole("dialog", { name: "Settings" });
    const file = await saved(page, () => settings.getByRole("button", { name: "Export my data" }).click());
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

  test("sign in with a token: the open conversation goes along, unless it is to stay; sign out", async () => {
    const owner = newSession();
    const [mine] = await conversations(owner, "Mine");
    const token = await mintToken({ secret: SECRET, user: "ada" });
    let watched: readonly string[] | undefined;
    await using visit = await stage.visit({
      owner,
      path: `/?c=${mine}`,
      prepare: async (page) =>
        (watched = await watch(page, { origins: [stage.url], expected: ["status of 401", "status of 404"] })),
    });
    const { page } = visit;
    await expect.poll(() => titles(page)).toEqual(["Mine"]);
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByLabel("Token").fill(`${token}x`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("The server did not accept this token.").waitFor();
    expect(await titles(page)).toEqual(["Mine"]);
    await page.getByLabel("Token").fill(token);
    await page.getByRole("button", { name: "Sign in" }).click();
    const settings = page.getByRole("dialog", { name: "Settings" });
    await settings.getByText("Signed in as ada").waitFor();
    await page.getByText("Answer about Mine").waitFor();
    await expect.poll(() => titles(page)).toEqual(["Mine"]);
    expect(await axeViolations(page)).toEqual([]);

    // The token is the tab's: a reload keeps it, and nothing of it lasts.
    await page.reload();
    await page.getByText("Answer about Mine").waitFor();
    await expect.poll(() => titles(page)).toEqual(["Mine"]);
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
    const owner = newSession();
    await conversations(owner, "Mine");
    const token = await mintToken({ secret: SECRET, user: "grace" });
    await using visit = await stage.visit({ owner });
    const { page } = visit;
    await page.getByRole("button", { name: "Settings" }).click();
    const settings = page.getByRole("dialog", { name: "Settings" });
    await settings.getByLabel("Token").fill(token);
    await settings.getByLabel("Bring this browser’s conversations along").uncheck();
    await settings.getByRole("button", { name: "Sign in" }).click();
    await settings.getByText("Signed in as grace").waitFor();
    await expect.poll(() => titles(page)).toEqual([]);
    await settings.getByRole("button", { name: "Move this browser’s conversations to my account" }).click();
    await settings.getByText("1 conversation was moved to your account.").waitFor();
    await expect.poll(() => titles(page)).toEqual(["Mine"]);
  });
});

test("every key of the list that ? shows does what it says, and ? in a text is a sign", async () => {
  const owner = newSession();
  const [one] = await conversations(owner, "One");
  await using visit = await stage.visit({ owner, path: `/?c=${one}` });
  const { page } = visit;
  await page.getByText("Answer about One").waitFor();
  const field = page.getByLabel("Your question");
  await field.press("?");
  expect(await field.inputValue()).toBe("?");
  await field.fill("");
  await page.getByText("Answer about One").click();
  await page.locator(".ck-scroll").focus();
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keyboard" });
  await help.waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await help.waitFor({ state: "detached" });
  await page.keyboard.press("Shift+Escape");
  expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);

  await ask(page, "Go on");
  const run = await script.started(one!);
  await run.emit("Going on");
  await page.getByText("Going on").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("article[data-status=stopped]").waitFor();
  await page.keyboard.press("Control+Shift+o");
  await page.getByText("What would you like to know?").waitFor();
  expect(new URL(page.url()).search).toBe("");
});

test("on a phone the list is a drawer; what is deleted in it is restored in it", async () => {
  const owner = newSession();
  await conversations(owner, "One", "Two");
  await using visit = await stage.visit({ owner, ...PHONE });
  const { page } = visit;
  await page.getByRole("button", { name: "Show the list of conversations" }).click();
  await expect.poll(() => titles(page)).toEqual(["Two", "One"]);
  expect(await axeViolations(page)).toEqual([]);
  await act(page, "One", "Delete");
  await expect.poll(() => titles(page)).toEqual(["Two"]);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => titles(page)).toEqual(["Two", "One"]);
  const small = await page.evaluate(() =>
    [...document.querySelectorAll("dialog button, dialog a, dialog label")]
      .map((element) => ({ text: element.textContent, height: element.getBoundingClientRect().height }))
      .filter(({ height }) => height > 0 && height < 43.5),
  );
  expect(small).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
});

test.each([
  ["at 320 pixels", { viewport: { width: 320, height: 640 }, hasTouch: true }],
  // What a browser makes of a window of 1280 × 800.
  ["at 200% zoom", { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 }],
])("%s nothing is cut off, however long a word is", async (_, options) => {
  const owner = newSession();
  const word = "Donaudampfschifffahrtsgesellschaft".repeat(4);
  const { conversation } = await history.createConversation(owner, { title: word });
  await history.appendMessages(owner, conversation.id, [
    { role: "user", content: `${word} https://example.org/${word}` },
    {
      role: "assistant",
      content: `# ${word}\n\n${word}\n\n| ${word} | b |\n|-|-|\n| 1 | 2 |\n\n\`${word}\``,
    },
  ]);
  await using visit = await stage.visit({ owner, ...options });
  const { page } = visit;
  const menu = page.getByRole("button", { name: "Show the list of conversations" });
  await page.getByText("What would you like to know?").waitFor();
  expect(await cutOff(page)).toEqual([]);
  await menu.click();
  await page.locator(".ck-nav-title").waitFor();
  await page.waitForFunction(() => document.getAnimations().length === 0);
  expect(await cutOff(page)).toEqual([]);
  await page.locator(".ck-nav-title").click();
  await page.locator("article").nth(1).waitFor();
  expect(await cutOff(page)).toEqual([]);
  // There is room to read in: a line of the answer and the field are both in sight.
  const room = await page.locator(".ck-scroll").evaluate((element) => element.clientHeight);
  expect(room).toBeGreaterThan(150);
  expect(await axeViolations(page)).toEqual([]);
  await menu.click();
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("dialog", { name: "Settings" }).waitFor();
  await page.waitForFunction(() => document.getAnimations().length === 0);
  expect(await cutOff(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("Donau");
  await page.locator(".option mark").first().waitFor();
  expect(await cutOff(page)).toEqual([]);
});

test("with reduced motion nothing moves; in forced colours what is chosen and what has the focus has a line", async () => {
  const owner = newSession();
  const [one] = await conversations(owner, "One");
  await using visit = await stage.visit({
    owner,
    path: `/?c=${one}`,
    reducedMotion: "reduce",
    forcedColors: "active",
  });
  const { page } = visit;
  await page.getByText("Answer about One").waitFor();
  await ask(page, "Go on");
  const run = await script.started(one!);
  await page.locator(".ck-waiting").waitFor();
  const moving = (): Promise<number> =>
    page.evaluate(() => document.getAnimations().filter(({ playState }) => playState === "running").length);
  await expect.poll(moving).toBe(0);
  await run.emit("Going on");
  await page.getByText("Going on").waitFor();
  await expect.poll(moving).toBe(0);
  run.finish();

  const line = (selector: string): Promise<string> =>
    page.locator(selector).evaluate((element) => {
      const { outlineStyle, borderTopStyle } = getComputedStyle(element);
      return outlineStyle === "none" ? borderTopStyle : outlineStyle;
    });
  expect(await line(".ck-choice label:has(:checked)")).toBe("solid");
  expect(await line(".ck-nav-row:has([aria-current])")).toBe("solid");
  expect(await line(".ck-bubble >> nth=0")).toBe("solid");
  await page.getByLabel("Your question").focus();
  expect(await line(".ck-composer")).toBe("solid");
  await page.keyboard.press("Shift+Tab");
  expect(await line(":focus")).not.toBe("none");
  expect(await axeViolations(page)).toEqual([]);
});

test("a finger sees the card of a source first, and goes to the passage with it", async () => {
  const owner = newSession();
  const { conversation } = await history.createConversation(owner);
  const at = { path: "birds.md", anchor: null, score: null, url: "/birds.md" };
  await history.appendMessages(owner, conversation.id, [
    { role: "user", content: "Where do herons nest?" },
    {
      role: "assistant",
      content: "By the pond [1].",
      citations: [{ ...at, chapter: "Birds", section: "Herons", quote: "They nest by the pond." }],
    },
  ]);
  await using visit = await stage.visit({
    owner,
    path: `/?c=${conversation.id}`,
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    colorScheme: "dark",
  });
  const { page } = visit;
  const mark = page.getByRole("link", { name: "Source 1: Birds › Herons" });
  const card = page.locator(".ck-card");
  // Whatever the width, it stands on the line of its word.
  const alone = await mark.evaluate((element) => {
    const paragraph = element.closest("p") as HTMLElement;
    const word = document.createRange();
    word.selectNodeContents(paragraph.firstChild as Text);
    word.setStart(paragraph.firstChild as Text, "By the ".length);
    const widths = Array.from({ length: 60 }, (_, index) => 60 + index * 3);
    const apart = widths.filter((width) => {
      paragraph.style.width = `${width}px`;
      return element.getBoundingClientRect().top - word.getBoundingClientRect().top > 10;
    });
    paragraph.style.width = "";
    return apart;
  });
  expect(alone).toEqual([]);
  await mark.tap();
  await card.getByText("They nest by the pond.").waitFor();
  await page.waitForFunction(() => document.getAnimations().length === 0);
  expect(await axeViolations(page)).toEqual([]);
  await page.getByText("Where do herons nest?").last().tap();
  await card.waitFor({ state: "detached" });
  await mark.tap();
  const opened = page.context().waitForEvent("page");
  await card.getByRole("link").tap();
  expect(new URL((await opened).url()).pathname).toBe("/birds.md");
});
