import { fileDatabase } from "@chatkeep/testing";
import { axeViolations } from "@chatkeep/testing/page";
import { afterAll, expect, test } from "vitest";

import { type Stage, newOwner, openStage } from "./page-stage.ts";
import { ask, cutOff, talks } from "./page-view.ts";

const database = await fileDatabase();
const stage: Stage = await openStage(database.url);
afterAll(() => stage[Symbol.asyncDispose]());
const { history, script } = stage;

test.each([
  ["at 320 pixels", { viewport: { width: 320, height: 640 }, hasTouch: true }],
  // What a browser makes of a window of 1280 × 800.
  ["at 200% zoom", { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 }],
])("%s nothing is cut off, however long a word is", async (_, options) => {
  const owner = newOwner();
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
  const owner = newOwner();
  const [one] = await talks(history, owner, "One");
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
  const owner = newOwner();
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
