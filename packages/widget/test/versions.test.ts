import { fileDatabase } from "@chatkeep/testing";
import { axeViolations } from "@chatkeep/testing/page";
import type { Locator } from "playwright-core";
import { afterAll, expect, test } from "vitest";

import { openStage } from "./stage.ts";
import { converse, openPanel, transcript } from "./view.ts";

const database = await fileDatabase();
const stage = await openStage(database.url);
afterAll(() => stage[Symbol.asyncDispose]());

const isFocused = (button: Locator): Promise<boolean> =>
  button.evaluate((element) => element === (element.getRootNode() as ShadowRoot).activeElement);

test("versions of a question and of an answer are made and chosen in the panel, by mouse and by keyboard, and a reload shows the chosen ones", async () => {
  const context = await stage.person();
  const page = await context.newPage();
  await page.goto(`${stage.url}/sensors`);
  await openPanel(page);
  await converse(stage, page, "What is a sensor?", "It feels.");
  const owner = {
    kind: "session",
    id: (await page.evaluate(() => localStorage.getItem("chatkeep-session-id"))) ?? "",
  } as const;
  const { conversations } = await stage.history.listConversations(owner);
  const id = conversations[0]!.id;
  const answer = async (text: string): Promise<void> => {
    const run = await stage.script.started(id);
    await run.emit(text);
    run.finish();
  };
  const previous = page.getByRole("button", { name: "Previous version" });
  const next = page.getByRole("button", { name: "Next version" });

  await page.getByRole("button", { name: "Regenerate" }).click();
  await answer("It measures.");
  await page.getByText("2 / 2").waitFor();
  await page.getByRole("button", { name: "Edit" }).click();
  const editor = page.getByRole("textbox", { name: "Edit" });
  await editor.fill("What is a motor?");
  await editor.press("Enter");
  await answer("It moves.");
  await expect.poll(() => transcript(page)).toEqual(["What is a motor?", "It moves."]);
  await page.getByText("2 / 2").waitFor();
  expect(await axeViolations(page)).toEqual([]);

  await previous.click();
  await expect.poll(() => transcript(page)).toEqual(["What is a sensor?", "It measures."]);
  await page.getByText("1 / 2").waitFor();
  // The question's buttons come first, then the answer's.
  await previous.last().focus();
  await page.keyboard.press("Enter");
  await expect.poll(() => transcript(page)).toEqual(["What is a sensor?", "It feels."]);
  await expect.poll(() => isFocused(next.last())).toBe(true);
  await page.reload();
  await expect.poll(() => transcript(page)).toEqual(["What is a sensor?", "It feels."]);
  await expect.poll(() => page.getByText("1 / 2").count()).toBe(2);

  await next.last().focus();
  await page.keyboard.press("Space");
  await expect.poll(() => transcript(page)).toEqual(["What is a sensor?", "It measures."]);
  await next.first().click();
  await expect.poll(() => transcript(page)).toEqual(["What is a motor?", "It moves."]);
  await page.reload();
  await page.getByText("2 / 2").waitFor();
  await expect.poll(() => transcript(page)).toEqual(["What is a motor?", "It moves."]);
  expect((await stage.history.listMessages(owner, id)).messages.map(({ content }) => content)).toEqual([
    "What is a motor?",
    "It moves.",
  ]);
  await context.close();
});
