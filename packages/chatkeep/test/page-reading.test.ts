import type { Owner } from "@chatkeep/protocol";
import { fileDatabase } from "@chatkeep/testing";
import { axeViolations } from "@chatkeep/testing/page";
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";

import { PHONE, type Stage, newOwner, openStage } from "./page-stage.ts";
import { ask, cutOff, longConversation } from "./page-view.ts";

const database = await fileDatabase();
const stage: Stage = await openStage(database.url);
afterAll(() => stage[Symbol.asyncDispose]());
const { history, script } = stage;

async function conversation(answer: string): Promise<{ readonly owner: Owner; readonly id: string }> {
  const owner: Owner = { kind: "session", id: crypto.randomUUID() };
  const { conversation: made } = await history.createConversation(owner, { title: "Herons" });
  await history.appendMessages(owner, made.id, [
    { role: "user", content: "Where do herons nest?" },
    { role: "assistant", content: answer },
  ]);
  return { owner, id: made.id };
}

const clipboard = (page: Page, type: string): Promise<string> =>
  page.evaluate(async (wanted) => {
    const [item] = await navigator.clipboard.read();
    return (await item!.getType(wanted)).text();
  }, type);
const select = (page: Page, words: string): Promise<void> =>
  page.evaluate((wanted) => {
    const walker = document.createTreeWalker(document.querySelector(".ck-column")!, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const at = (node as Text).data.indexOf(wanted);
      if (at !== -1) getSelection()!.setBaseAndExtent(node, at, node, at + wanted.length);
    }
  }, words);

test("an answer is copied as Markdown for a text field and as rich text for a document", async () => {
  const answer = "They nest **by the pond**, see [the map](/map):\n\n```js\nnest();\n```";
  const { owner, id } = await conversation(answer);
  await using visit = await stage.visit({
    owner,
    path: `/?c=${id}`,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const { page } = visit;
  await page.locator("article pre").waitFor();
  await page.getByRole("button", { name: "Copy answer" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  expect(await clipboard(page, "text/plain")).toBe(answer);
  const html = await clipboard(page, "text/html");
  expect(html).toContain("<strong>by the pond</strong>");
  expect(html).toContain(`href="${stage.url}/map"`);
  expect(html).toContain("nest();");
  expect(html).not.toMatch(/<button|class=|Copy code/);
  await page.getByRole("button", { name: "Copy code" }).click();
  await expect.poll(() => clipboard(page, "text/plain")).toBe("nest();");
});

test.each(["light", "dark"] as const)(
  "axe finds nothing in code, formulas and footnotes, %s",
  async (colorScheme) => {
    const answer =
      "By the pond[^1].\n\nOr $n^2$ of them:\n\n$$\n\\frac{\\sum_{i=1}^n t_i}{2}\n$$\n\n" +
      '```ts\n/** Nests. */\nexport const nest = (n = 2): string => "pond".repeat(n);\n```\n\n' +
      "| a | b |\n|-|-:|\n| <kbd>K</kbd> | H<sub>2</sub>O |\n\n[^1]: Or in a mill.";
    const { owner, id } = await conversation(answer);
    await using visit = await stage.visit({ owner, path: `/?c=${id}`, colorScheme });
    const { page } = visit;
    await page.locator("math").nth(1).waitFor();
    await page.locator('[data-kind="string"]').waitFor();
    expect(await axeViolations(page)).toEqual([]);
    const mark = page.getByRole("button", { name: "Footnote 1" });
    const note = page.getByText("Or in a mill.");
    await mark.click();
    await expect.poll(() => note.evaluate((element) => element.contains(document.activeElement))).toBe(true);
    // It stands in its line, which is no higher for it.
    const heights = await page
      .locator(".ck-answer .ck-markdown p")
      .first()
      .evaluate((line) => [
        line.clientHeight,
        Math.round(Number.parseFloat(getComputedStyle(line).lineHeight)),
      ]);
    expect(heights[0]).toBe(heights[1]);
  },
);

test("a link to an answer opens its conversation at it, far from the end; one that leads nowhere opens the end", async () => {
  const { owner, id } = await longConversation(history, 200);
  const { messages } = await history.listMessages(owner, id, { after: 41, limit: 1 });
  await using visit = await stage.visit({
    owner,
    path: `/?c=${id}&m=${messages[0]!.id}`,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const { page } = visit;
  const linked = page.locator("article", { hasText: "Message 41." });
  await expect.poll(() => linked.evaluate((article) => article === document.activeElement)).toBe(true);
  await linked.getByText("Details", { exact: true }).click();
  await linked.getByRole("button", { name: "Copy a link to this answer" }).click();
  await linked.getByRole("button", { name: "Copied" }).waitFor();
  expect(await clipboard(page, "text/plain")).toBe(`${stage.url}/?c=${id}&m=${messages[0]!.id}`);
  expect(await axeViolations(page)).toEqual([]);
  await page.goto(`${stage.url}/?c=${id}&m=gone`);
  await page.getByText("Message 199.").waitFor();
  // A link to somebody else's says no more than a wrong one.
  await using stranger = await stage.visit({ path: `/?c=${id}&m=${messages[0]!.id}` });
  await stranger.page.getByText("Conversation not found").waitFor();
});

test("selected words of an answer are quoted in the next question, by a press or by a key", async () => {
  const { owner, id } = await conversation("They nest by the pond, and in the old mill.");
  await using visit = await stage.visit({ owner, path: `/?c=${id}` });
  const { page } = visit;
  await page.getByText("They nest by").waitFor();
  const button = page.getByRole("button", { name: "Quote" });
  await select(page, "Where do");
  expect(await button.count()).toBe(0);
  await select(page, "by the pond");
  await button.waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await button.click();
  const about = page.getByLabel("Selected text", { exact: true });
  await expect.poll(() => about.innerText()).toBe("by the pond");
  expect(await page.evaluate(() => document.activeElement?.localName)).toBe("textarea");
  await page.getByRole("button", { name: "Ask without the selected text" }).click();
  await page.locator(".ck-scroll").focus();
  await select(page, "in the old mill");
  await button.waitFor();
  await page.keyboard.press("q");
  await expect.poll(() => about.innerText()).toBe("in the old mill");
  await page.keyboard.type("Which mill?");
  await page.keyboard.press("Enter");
  (await script.started(id)).finish();
  await expect
    .poll(async () => (await history.listMessages(owner, id)).messages[2])
    .toMatchObject({ content: "Which mill?", contextText: "in the old mill" });
  await expect.poll(() => page.locator(".ck-about").count()).toBe(0);
  expect(await about.innerText()).toBe("in the old mill");
});

test("a long text that is pasted becomes a file, a short one stays in the field", async () => {
  const { owner, id } = await conversation("By the pond.");
  await using visit = await stage.visit({ owner, path: `/?c=${id}` });
  const { page } = visit;
  await page.getByRole("button", { name: "Attach files" }).waitFor();
  const paste = (text: string): Promise<boolean> =>
    page.getByLabel("Your question").evaluate((field, pasted) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", pasted);
      // As the browser does: what nobody has taken goes into the field.
      return field.dispatchEvent(
        new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }),
      );
    }, text);
  expect(await paste("x".repeat(4_000))).toBe(true);
  const long = "A heron. ".repeat(1_000);
  expect(await paste(long)).toBe(false);
  await page.getByText("pasted.txt").waitFor();
  await page.getByText("Uploading…").waitFor({ state: "detached" });
  await page.getByLabel("Your question").fill("What does it say?");
  await page.keyboard.press("Enter");
  (await script.started(id)).finish();
  const asked = async () => (await history.listMessages(owner, id)).messages[2]?.parts ?? [];
  await expect.poll(async () => (await asked()).map(({ type }) => type)).toEqual(["file", "text"]);
  expect((await asked())[0]).toMatchObject({ name: "pasted.txt", size: long.length });
});

test.each([
  ["a desktop", {}],
  ["a phone", PHONE],
])("on paper, from %s, a conversation is whole and has nothing to press", async (_, options) => {
  const { owner, id } = await longConversation(history, 30);
  await using visit = await stage.visit({ owner, path: `/?c=${id}`, ...options });
  const { page } = visit;
  await page.getByText("Message 29.").waitFor();
  await page.emulateMedia({ media: "print" });
  const pressed = await page.evaluate(
    () =>
      [...document.querySelectorAll("button, textarea, aside")].filter((each) => each.checkVisibility())
        .length,
  );
  expect(pressed).toBe(0);
  const { page: height, last } = await page.evaluate(() => ({
    page: document.documentElement.scrollHeight,
    last: [...document.querySelectorAll("article")].at(-1)!.getBoundingClientRect().bottom + scrollY,
  }));
  expect(last).toBeLessThanOrEqual(height);
  expect(height).toBeGreaterThan(1_500);
  expect(await page.locator("article", { hasText: "Message 0." }).isVisible()).toBe(true);
});

test("an answer's details tell its status, model, tokens and cost, and what was recalled for it", async () => {
  const owner = newOwner();
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
  const owner = newOwner();
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

test("code runs from left to right in an Arabic page, in a block and inside a sentence", async () => {
  const owner = newOwner();
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
