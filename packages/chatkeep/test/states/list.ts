import type { Page } from "playwright-core";

import { EARLIER, type State, answer, openList } from "./state.ts";

/** The list of conversations, and what finds them. */
export const LIST: readonly State[] = [
  {
    name: "list",
    async reach(page, stage) {
      await answer(page, stage);
      await openActions(page, EARLIER[3]![0]);
    },
  },
  {
    name: "many",
    visit: async (stage, owner) => {
      for (let index = 1; index <= 200; index++)
        await stage.history.createConversation(owner, { title: `Conversation no. ${index}` });
      const title =
        "A title that is far longer than the list, the head and a phone are wide, and then some more";
      const { conversation } = await stage.history.createConversation(owner, { title });
      await stage.history.appendMessages(owner, conversation.id, [{ role: "user", content: title }]);
      return { path: `/?c=${conversation.id}` };
    },
    async reach(page) {
      await page.locator("article").waitFor();
      await openList(page);
      await page.locator(".ck-nav-row").nth(49).scrollIntoViewIfNeeded();
    },
  },
  {
    name: "rename",
    async reach(page) {
      await openActions(page, EARLIER[4]![0]);
      await page.getByRole("button", { name: "Rename", exact: true }).click();
      await page.getByLabel("Title").waitFor();
    },
  },
  {
    name: "archived",
    async reach(page) {
      await openActions(page, EARLIER[4]![0]);
      await page.getByRole("button", { name: "Archive", exact: true }).click();
      await page.locator(".sidebar").getByText("Archived", { exact: true }).click();
      await page.locator(".ck-nav-title", { hasText: EARLIER[4]?.[0] ?? "" }).waitFor();
    },
  },
  {
    name: "deleted",
    async reach(page, stage) {
      await answer(page, stage);
      await page.getByRole("button", { name: "Delete this conversation" }).click();
      await page.getByRole("button", { name: "Undo" }).waitFor();
    },
  },
  {
    name: "sidebar-hidden",
    visit: () =>
      Promise.resolve({
        prepare: (page) => page.addInitScript(() => localStorage.setItem("chatkeep-sidebar", "hidden")),
      }),
    reach: answer,
  },
  {
    name: "palette",
    async reach(page, stage) {
      await answer(page, stage);
      await page.locator("body").press("Control+k");
      await page.getByRole("option").nth(3).waitFor();
    },
  },
  {
    name: "search",
    async reach(page, stage) {
      await answer(page, stage);
      await page.locator("body").press("Control+k");
      await page.keyboard.type("answer page");
      await page.locator(".option mark").first().waitFor();
    },
  },
  {
    name: "found",
    async reach(page, stage) {
      await answer(page, stage);
      await page.locator("body").press("Control+k");
      await page.keyboard.type("running left");
      await page.locator(".option mark").first().waitFor();
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => CSS.highlights.has("ck-found"));
    },
  },
  {
    name: "history-not-loaded",
    visit: async (stage, owner) => {
      const { conversations } = await stage.history.listConversations(owner);
      return {
        path: `/?c=${conversations[0]?.id}`,
        prepare: (page) => page.route("**/messages**", (route) => route.fulfill({ status: 503, body: "{}" })),
      };
    },
    reach: (page) => page.getByText("could not be loaded").waitFor(),
  },
  {
    name: "list-not-loaded",
    visit: () =>
      Promise.resolve({
        prepare: (page) => page.route("**/api/conversations**", (route) => route.abort()),
      }),
    async reach(page) {
      await openList(page);
      await page.getByText("Your conversations could not be loaded.").waitFor();
    },
  },
  {
    name: "missing",
    visit: () => Promise.resolve({ path: "/c/gone" }),
    reach: (page) => page.getByText("Conversation not found").waitFor(),
  },
];

/** Opens the menu of a conversation. */
async function openActions(page: Page, title: string): Promise<void> {
  await openList(page);
  await page.locator(".ck-nav-row", { hasText: title }).hover();
  await page.getByRole("button", { name: `Actions for “${title}”` }).click();
}
