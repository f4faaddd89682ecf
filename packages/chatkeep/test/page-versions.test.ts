import { fileDatabase } from "@chatkeep/testing";
import { axeViolations } from "@chatkeep/testing/page";
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";

import { PHONE, type Stage, conversationOf, openStage } from "./page-stage.ts";
import { ask, longConversation, readTranscript } from "./page-view.ts";

const database = await fileDatabase();
const stage: Stage = await openStage(database.url);
afterAll(() => stage[Symbol.asyncDispose]());
const { script, history } = stage;

/** Another tab of the same browser. */
async function otherTab(page: Page): Promise<Page> {
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.locator("article").last().waitFor();
  return other;
}

/** Edits the only question that is shown. */
async function edit(page: Page, text: string): Promise<void> {
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByRole("textbox", { name: "Edit" }).fill(text);
}

test("a question is edited in its place: Cancel changes nothing, Send makes a version and keeps the old one", async () => {
  const { owner, id } = await longConversation(history, 2);
  await using visit = await stage.visit({ owner, path: `/?c=${id}` });
  const { page } = visit;
  await page.getByText("Message 1.").waitFor();
  const stored = await history.listMessages(owner, id);
  const edit = page.getByRole("button", { name: "Edit" });
  await edit.click();
  const editor = page.getByRole("textbox", { name: "Edit" });
  await editor.fill("Never sent");
  expect(await axeViolations(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await editor.waitFor({ state: "detached" });
  await expect.poll(() => edit.evaluate((button) => button === document.activeElement)).toBe(true);
  expect(await history.listMessages(owner, id)).toEqual(stored);

  await page.keyboard.press("Enter");
  await editor.fill("Better asked");
  await page.keyboard.press("Enter");
  const run = await script.started(id);
  await run.emit("Better answered.");
  run.finish();
  await page.getByText("2 / 2").waitFor();
  expect(await axeViolations(page)).toEqual([]);
  const live = await readTranscript(page);
  await page.reload();
  await page.getByText("2 / 2").waitFor();
  expect(await readTranscript(page)).toEqual(live);

  await page.getByRole("button", { name: "Previous version" }).click();
  await page.getByText("1 / 2").waitFor();
  await page.getByText("Message 1.").waitFor();
  expect((await history.listMessages(owner, id)).messages.map((each) => each.id)).toEqual(
    stored.messages.map((each) => each.id),
  );
  await page.route("**/versions", (route) => route.abort());
  await page.getByRole("button", { name: "Next version" }).click();
  await page.getByRole("alert").getByText("That did not work.").waitFor();
});

test("an answer is given again as a version, which another tab follows; both versions stay", async () => {
  const { owner, id } = await longConversation(history, 4);
  await using visit = await stage.visit({ owner, path: `/?c=${id}` });
  const { page } = visit;
  await page.getByText("Message 3.").waitFor();
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.getByText("Message 3.").waitFor();
  const again = page.getByRole("button", { name: "Regenerate" });
  expect(await again.count()).toBe(2);

  await again.first().focus();
  await page.keyboard.press("Enter");
  const run = await script.started(id);
  await run.emit("Said otherwise.");
  await page.getByText("Said otherwise.").waitFor();
  await other.getByText("Said otherwise.").waitFor();
  await page.getByText("Message 3.").waitFor({ state: "detached" });
  await expect.poll(() => again.count()).toBe(0);
  // The button is gone, and the focus is not.
  expect(await page.getByLabel("Your question").evaluate((field) => field === document.activeElement)).toBe(
    true,
  );
  run.finish();
  await page.getByText("2 / 2").waitFor();
  await other.getByText("2 / 2").waitFor();
  expect(await axeViolations(page)).toEqual([]);
  const live = await readTranscript(page);
  expect(live).toHaveLength(2);
  await page.reload();
  await page.getByText("2 / 2").waitFor();
  expect(await readTranscript(page)).toEqual(live);

  await page.getByRole("button", { name: "Previous version" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("1 / 2").waitFor();
  await page.getByText("Message 3.").waitFor();
  await other.getByText("Message 3.").waitFor();
  const next = page.getByRole("button", { name: "Next version" });
  await expect.poll(() => next.evaluate((button) => button === document.activeElement)).toBe(true);
  await page.keyboard.press("Enter");
  await page.getByText("Said otherwise.").waitFor();
  await other.getByText("Said otherwise.").waitFor();
});

test("an answer that cannot be given again stays, and the reason is told", async () => {
  const { owner, id } = await longConversation(history, 2);
  await using visit = await stage.visit({ owner, path: `/?c=${id}` });
  const { page } = visit;
  await page.route("**/regenerate", (route) => route.abort());
  await page.getByRole("button", { name: "Regenerate" }).click();
  await page.getByRole("alert").getByText("That did not work.").waitFor();
  await page.getByText("Message 1.").waitFor();
  expect(script.calls(id)).toBe(0);
});

test("a version that was deleted elsewhere fails once, and what is left is shown", async () => {
  const { owner, id } = await longConversation(history, 2);
  await using visit = await stage.visit({ owner, path: `/?c=${id}` });
  const { page } = visit;
  const other = await otherTab(page);
  await page.getByRole("button", { name: "Regenerate" }).click();
  const run = await script.started(id);
  await run.emit("Said otherwise.");
  run.finish();
  for (const tab of [page, other]) await tab.getByText("2 / 2").waitFor();
  const { headId } = await history.getConversation(owner, id);
  await history.deleteMessages(owner, id, { ids: [headId!] });
  await page.getByRole("button", { name: "Previous version" }).click();
  await other.getByRole("button", { name: "Regenerate" }).click();
  for (const tab of [page, other]) {
    await tab.getByRole("alert").getByText("There is no message").waitFor();
    await tab.getByText("Message 1.").waitFor();
    await tab.getByText("2 / 2").waitFor({ state: "detached" });
  }
  expect(script.calls(id)).toBe(1);
});

test("a hit of the search in another branch opens that branch", async () => {
  const { owner, id } = await longConversation(history, 4);
  const { messages } = await history.listMessages(owner, id);
  const other = [
    { role: "user", content: "Where is the zebra?" },
    { role: "assistant", content: "Here." },
  ] as const;
  await history.appendMessages(owner, id, other, { parent: messages[1]!.id });
  await history.setHead(owner, id, messages[3]!.id);
  await using visit = await stage.visit({ owner, path: `/?c=${id}` });
  const { page } = visit;
  await page.getByText("Message 3.").waitFor();
  await page.keyboard.press("Control+k");
  const dialog = page.getByRole("dialog", { name: "Search and commands" });
  await page.keyboard.type("zebra");
  await dialog.locator("mark", { hasText: "zebra" }).waitFor();
  await dialog.getByRole("option").click();
  await page.getByText("Here.").waitFor();
  await page.getByText("2 / 2").waitFor();
  await page.getByText("Message 3.").waitFor({ state: "detached" });
  expect((await history.listMessages(owner, id)).messages.map(({ seq }) => seq)).toEqual([1, 2, 5, 6]);
});

test("an answer is continued where it stands: at the end by a question, before it as a branch", async () => {
  const { owner, id } = await longConversation(history, 4);
  await using visit = await stage.visit({ owner, path: `/?c=${id}` });
  const { page } = visit;
  const goOn = page.getByRole("button", { name: "Continue" });
  await goOn.last().click();
  const run = await script.started(id);
  await run.emit("At the end.");
  run.finish();
  await page.getByText("At the end.").waitFor();
  await expect.poll(() => goOn.count()).toBe(3);
  await goOn.first().click();
  const branch = await script.started(id);
  await branch.emit("From the middle.");
  branch.finish();
  await page.getByText("2 / 2").waitFor();
  expect((await readTranscript(page)).map(({ text }) => text)).toEqual(
    ["Message 0.", "Message 1.", "Continue.", "From the middle."].map((said) =>
      expect.stringContaining(said),
    ),
  );
  await page.getByRole("button", { name: "Previous version" }).click();
  await page.getByText("At the end.").waitFor();
  expect((await history.listMessages(owner, id)).total).toBe(6);
});

test("two tabs that edit the same question at once make two versions of it", async () => {
  const { owner, id } = await longConversation(history, 2);
  await using visit = await stage.visit({ owner, path: `/?c=${id}` });
  const { page } = visit;
  const other = await otherTab(page);
  await edit(page, "Asked in one tab");
  await edit(other, "Asked in the other");
  const send = (tab: Page) => tab.getByRole("textbox", { name: "Edit" }).press("Enter");
  await Promise.all([send(page), send(other)]);
  const first = await script.started(id);
  await first.emit("One answer.");
  first.finish();
  const second = await script.started(id);
  await second.emit("Another answer.");
  second.finish();
  await page.getByText("3 / 3").waitFor();
  await other.getByText("3 / 3").waitFor();
  await page.getByText("Another answer.").waitFor();
  await expect.poll(async () => (await readTranscript(other)).length).toBe(2);
  expect(await readTranscript(other)).toEqual(await readTranscript(page));
  const { messages } = await history.listMessages(owner, id, { branches: "all" });
  const asked = messages.filter(({ role }) => role === "user");
  expect(asked.map(({ parentId }) => parentId)).toEqual([null, null, null]);
  expect(asked.map(({ content }) => content.slice(0, 10)).sort()).toEqual([
    "Asked in o",
    "Asked in t",
    "Message 0.",
  ]);
  expect(script.calls(id)).toBe(2);
});

test("an edit that is open stays open when another tab has asked a version of its question", async () => {
  const { owner, id } = await longConversation(history, 2);
  await using visit = await stage.visit({ owner, path: `/?c=${id}` });
  const { page } = visit;
  const other = await otherTab(page);
  await edit(page, "Asked later");
  await edit(other, "Asked first");
  await other.keyboard.press("Enter");
  const first = await script.started(id);
  await first.emit("The first answer.");
  await page.getByText("The first answer.").waitFor();
  first.finish();
  await page.getByText("2 / 2").waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Regenerate" }).waitFor();
  const editor = page.getByRole("textbox", { name: "Edit" });
  expect(await editor.inputValue()).toBe("Asked later");
  await editor.press("Enter");
  const second = await script.started(id);
  await second.emit("The second answer.");
  second.finish();
  await page.getByText("3 / 3").waitFor();
  await other.getByText("3 / 3").waitFor();
});

test("what is typed is kept when another tab shows another branch: the next question, and an edit in the field for it", async () => {
  const { owner, id } = await longConversation(history, 4);
  await using visit = await stage.visit({ owner, path: `/?c=${id}` });
  const { page } = visit;
  const other = await otherTab(page);
  await page.getByRole("button", { name: "Edit" }).last().click();
  await page.getByRole("textbox", { name: "Edit" }).fill("Half an edit");
  const field = page.getByLabel("Your question");
  await field.fill("Half a question");

  await other.getByRole("button", { name: "Regenerate" }).first().click();
  const run = await script.started(id);
  await run.emit("Said otherwise.");
  await page.getByText("Said otherwise.").waitFor();
  run.finish();
  await page.getByText("2 / 2").waitFor();
  await expect.poll(() => field.inputValue()).toBe("Half an edit\nHalf a question");
  await other.getByRole("button", { name: "Previous version" }).click();
  await page.getByText("Message 3.").waitFor();
  expect(await field.inputValue()).toBe("Half an edit\nHalf a question");
});

test("an edit without a network waits over a reload and makes its version when it can be sent", async () => {
  const { owner, id } = await longConversation(history, 4);
  await using visit = await stage.visit({ owner, path: `/?c=${id}` });
  const { page } = visit;
  await page.getByText("Message 3.").waitFor();
  await page.getByRole("button", { name: "Edit" }).first().click();
  await page.getByRole("textbox", { name: "Edit" }).fill("Asked offline");
  await page.route("**/turns", (route) => route.abort());
  await page.keyboard.press("Enter");
  await page.getByText("Asked offline").waitFor();
  await page.getByText("Message 3.").waitFor({ state: "detached" });
  await page.reload();
  await page.getByText("Asked offline").waitFor();
  await page.getByText("Message 3.").waitFor({ state: "detached" });
  expect(script.calls(id)).toBe(0);

  await page.getByText("Not sent.").waitFor();
  await page.unroute("**/turns");
  await page.getByRole("button", { name: "Retry" }).click();
  const run = await script.started(id);
  await run.emit("Answered later.");
  run.finish();
  await page.getByText("2 / 2").waitFor();
  expect((await history.listMessages(owner, id)).messages.map(({ content }) => content)).toEqual([
    "Asked offline",
    "Answered later.",
  ]);
});

test("nothing moves when an answer ends and the buttons come", async () => {
  await using visit = await stage.visit();
  const { page } = visit;
  await ask(page, "What holds still?");
  const run = await script.started(await conversationOf(page));
  await run.emit("The first line.\n\nThe second.");
  const line = page.locator(".ck-answer p", { hasText: /^The second[.]$/ });
  await line.waitFor();
  const before = await line.boundingBox();
  run.finish();
  await page.getByRole("button", { name: "Regenerate" }).waitFor();
  expect(await line.boundingBox()).toEqual(before);
});

test("on a phone each button of a message is 44 pixels large: versions, an open editor, a broken answer", async () => {
  const { owner, id } = await longConversation(history, 2);
  const viewport = { width: 320, height: 700 };
  await using visit = await stage.visit({ owner, path: `/?c=${id}`, ...PHONE, viewport });
  const { page } = visit;
  await page.getByText("Message 1.").waitFor();
  const small = () =>
    page.locator("main button, main a, main summary").evaluateAll((elements) =>
      elements
        .map((element) => ({
          name: element.getAttribute("aria-label") ?? element.textContent,
          box: element.getBoundingClientRect(),
        }))
        .filter(({ box }) => box.width > 0 && (box.width < 44 || box.height < 44 || box.right > innerWidth))
        .map(({ name, box }) => `${name} ${box.width}×${box.height}`),
    );
  await page.getByRole("button", { name: "Regenerate" }).tap();
  const run = await script.started(id);
  await run.emit("Cut ");
  run.fail(new Error("gone"));
  await page.getByText("2 / 2").waitFor();
  expect(await small()).toEqual([]);
  await edit(page, "Another");
  expect(await small()).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
});

test("on a phone the versions of a question stand above its answer, and a notice's Close beside its text", async () => {
  const { owner, id } = await longConversation(history, 2);
  const [first] = (await history.listMessages(owner, id)).messages;
  await history.appendMessages(
    owner,
    id,
    [
      { role: "user", content: "Asked otherwise" },
      { role: "assistant", content: "Answered otherwise." },
    ],
    { parent: first!.parentId },
  );
  await using visit = await stage.visit({ owner, path: `/?c=${id}`, ...PHONE });
  const { page } = visit;
  const versions = page.locator(".ck-question .ck-versions");
  const answer = page.getByText("Answered otherwise.");
  const [buttons, line] = [await versions.boundingBox(), await answer.boundingBox()];
  expect(buttons!.y + buttons!.height).toBeLessThanOrEqual(line!.y);

  await page.route("**/versions", (route) => route.abort());
  await page.getByRole("button", { name: "Previous version" }).tap();
  const notice = page.getByRole("alert");
  const text = await notice.locator(".ck-notice-text").boundingBox();
  const close = await notice.getByRole("button", { name: "Close" }).boundingBox();
  expect(close!.x).toBeGreaterThanOrEqual(text!.x + text!.width);
});
