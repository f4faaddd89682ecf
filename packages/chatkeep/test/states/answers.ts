import type { Page } from "playwright-core";

import type { Stage } from "../page-stage.ts";
import { answered } from "../page-view.ts";
import { type State, answer, begin } from "./state.ts";
import { BEGINNING, END, MARKDOWN, QUESTION, WRITTEN } from "./texts.ts";

/** Answers that are there. */
export const ANSWERS: readonly State[] = [
  { name: "answered", reach: answer },
  {
    name: "card",
    async reach(page, stage) {
      await answer(page, stage);
      const mark = page.locator(".ck-mark").nth(1);
      await (page.viewportSize()!.width < 600 ? mark.tap() : mark.hover());
      await page.locator(".ck-card").waitFor();
    },
  },
  {
    name: "markdown",
    async reach(page, stage) {
      const run = await begin(page, stage, "Which database should I use, and how do I set it?");
      await run.emit(MARKDOWN);
      run.finish();
      await answered(page, 1);
      await page.locator(".ck-scroll").evaluate((element) => (element.scrollTop = 0));
    },
  },
  {
    name: "written",
    async reach(page, stage) {
      const run = await begin(page, stage, "How is a window read?\n\n```sql\nselect 1 as answer;\n```");
      await run.emit(WRITTEN);
      run.finish();
      await answered(page, 1);
      await page.locator("math").nth(2).waitFor();
      await page.locator('[data-kind="string"]').first().waitFor();
      await page.locator(".ck-scroll").evaluate((element) => (element.scrollTop = 0));
    },
  },
  {
    name: "written-end",
    async reach(page, stage) {
      const run = await begin(page, stage, "How is a window read?");
      await run.emit(WRITTEN);
      run.finish();
      await answered(page, 1);
      await page.locator("math").nth(2).waitFor();
    },
  },
  {
    name: "versions",
    visit: async (stage, owner) => {
      const { conversation } = await stage.history.createConversation(owner, { title: QUESTION });
      await stage.history.appendMessages(owner, conversation.id, [
        { role: "user", content: "And if I close it?" },
      ]);
      const said = [BEGINNING, BEGINNING + END];
      const [question] = await stage.history.appendMessages(
        owner,
        conversation.id,
        [{ role: "user", content: QUESTION }],
        { parent: null },
      );
      for (const content of said)
        await stage.history.appendMessages(owner, conversation.id, [{ role: "assistant", content }], {
          parent: question!.id,
        });
      return { path: `/?c=${conversation.id}` };
    },
    async reach(page) {
      await page.getByText("2 / 2").nth(1).waitFor();
      await page.route("**/versions", (route) => route.abort());
      await page.getByRole("button", { name: "Previous version" }).last().click();
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "long-words",
    visit: async (stage, owner) => {
      const word = "Donaudampfschifffahrtsgesellschaft".repeat(3);
      const { conversation } = await stage.history.createConversation(owner, { title: `The ${word}` });
      await stage.history.appendMessages(owner, conversation.id, [
        { role: "user", content: `What does ${word} mean? See https://example.org/${word}` },
        { role: "assistant", content: `# ${word}\n\nA *company*: ${word}, in \`${word}\`.` },
      ]);
      return { path: `/?c=${conversation.id}` };
    },
    reach: (page) => page.locator("article").nth(1).waitFor(),
  },
  {
    name: "details",
    visit: async (stage, owner) => {
      const { conversation } = await stage.history.createConversation(owner, { title: "Tokens and cost" });
      await stage.history.appendMessages(owner, conversation.id, [
        { role: "user", content: "What did this answer cost?" },
        {
          role: "assistant",
          content: "Each answer is kept with its model, its tokens and, where prices are set, its cost.",
          model: "openai-compatible/llama3",
          usage: { inputTokens: 2480, outputTokens: 312, totalTokens: 2792, cost: 0.0093 },
        },
      ]);
      return { path: `/?c=${conversation.id}` };
    },
    async reach(page) {
      await page.getByText("Details", { exact: true }).last().click();
      await page.locator(".ck-details").waitFor();
    },
  },
  {
    name: "recalled",
    visit: async (stage, owner) => {
      const { conversation } = await stage.history.createConversation(owner, { title: "Herons" });
      const filler = "Some words about nothing in particular. ".repeat(40);
      const early = ["Where do the herons of Uppsala nest?", "In the old mill by the river, since 1974."];
      const batch = Array.from({ length: 60 }, (_, index) => ({
        role: index % 2 === 0 ? ("user" as const) : ("assistant" as const),
        content: early[index] ?? filler,
      }));
      await stage.history.appendMessages(owner, conversation.id, batch);
      return { path: `/?c=${conversation.id}` };
    },
    async reach(page, stage) {
      await page.locator("article").last().waitFor();
      const run = await begin(page, stage, "How long have the herons of Uppsala nested there?");
      await run.emit("Since 1974, in the old mill.");
      run.finish();
      const answer = page.locator("article", { hasText: "Since 1974, in the old mill." });
      await answer.getByText("Details", { exact: true }).click();
      await answer.getByRole("button", { name: "Where do the herons" }).waitFor();
      await answer.getByRole("button", { name: "Where do the herons" }).scrollIntoViewIfNeeded();
    },
  },
  {
    name: "rated",
    async reach(page, stage) {
      await answer(page, stage);
      await page.getByRole("button", { name: "Bad answer" }).click();
      await page
        .getByLabel("What do you think of this answer?")
        .fill("It does not say what happens to files.");
    },
  },
  {
    name: "sharing",
    reach: share,
  },
  {
    name: "shared",
    async reach(page, stage) {
      await page.goto(await share(page, stage));
      await page.getByText("Shared by Ada").waitFor();
      await page.getByText("Only Stop ends it").waitFor();
    },
  },
];

/** Makes a link to an answer, and gives its address. */
async function share(page: Page, stage: Stage): Promise<string> {
  await answer(page, stage);
  await page.getByRole("button", { name: "Share" }).click();
  await page.getByLabel("Your name (optional)").fill("Ada");
  await page.getByRole("button", { name: "Create link" }).click();
  return page.getByLabel("Link", { exact: true }).inputValue();
}
