import type { State } from "./state.ts";
import { BEGINNING, QUESTION } from "./texts.ts";

/** The operator's page. */
export const ADMIN: readonly State[] = [
  {
    name: "admin-key",
    visit: () => Promise.resolve({ path: "/admin" }),
    reach: (page) => page.getByLabel("Server key").waitFor(),
  },
  {
    name: "admin",
    visit: async ({ history, script }, owner) => {
      const { conversation } = await history.createConversation(owner, { title: QUESTION });
      for (const end of ["finish", "fail"] as const) {
        const { events } = await history.startTurn(owner, conversation.id, { content: QUESTION });
        const run = await script.started(conversation.id);
        await run.emit(BEGINNING);
        if (end === "finish") run.finish();
        else run.fail(Object.assign(new Error("gone"), { code: "ECONNRESET" }));
        for await (const _ of events);
      }
      return { path: "/admin" };
    },
    async reach(page, stage) {
      await page.getByLabel("Server key").fill(stage.key);
      await page.keyboard.press("Enter");
      await page.locator(".figure").first().waitFor();
      for (let asked = 1; asked < 4; asked++) {
        const told = page.waitForResponse("**/api/admin/overview");
        await page.getByRole("button", { name: "Refresh" }).click();
        await told;
      }
      await page.locator(".sparkline").first().waitFor();
    },
  },
];
