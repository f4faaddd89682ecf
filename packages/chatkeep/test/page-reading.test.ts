import type { Owner } from "@chatkeep/protocol";
import { fileDatabase } from "@chatkeep/testing";
import { axeViolations } from "@chatkeep/testing/page";
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";

import { PHONE, type Stage, openStage } from "./page-stage.ts";
import { longConversation } from "./page-view.ts";

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

test("the sidebar is hidden and shown, and stays so over a reload", async () => {
  const { owner, id } = await conversation("By the pond.");
  await using visit = await stage.visit({ owner, path: `/?c=${id}` });
  const { page } = visit;
  await page.getByRole("button", { name: "Close the list of conversations" }).click();
  await page.locator("aside").waitFor({ state: "detached" });
  await page.reload();
  await page.getByText("By the pond.").waitFor();
  expect(await page.locator("aside").count()).toBe(0);
  expect(await axeViolations(page)).toEqual([]);
  await page.getByRole("button", { name: "New conversation" }).click();
  await page.getByText("What would you like to know?").waitFor();
  await page.getByRole("button", { name: "Show the list of conversations" }).click();
  await page.locator("aside .ck-nav-title").waitFor();
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
