import { fileURLToPath } from "node:url";

import { type State, inLanguage, openList } from "./state.ts";

/** Settings, keys and languages. */
export const SETTINGS: readonly State[] = [
  {
    name: "settings",
    async reach(page) {
      await openList(page);
      await page.getByRole("button", { name: "Settings" }).click();
      await page.getByRole("dialog", { name: "Settings" }).waitFor();
    },
  },
  {
    name: "imported",
    async reach(page) {
      await openList(page);
      await page.getByRole("button", { name: "Settings" }).click();
      const file = fileURLToPath(new URL("../import/chatgpt.json", import.meta.url));
      await page.locator('input[type="file"]').last().setInputFiles(file);
      await page.getByText("Imported.").waitFor();
    },
  },
  {
    name: "erase",
    async reach(page) {
      await openList(page);
      await page.getByRole("button", { name: "Settings" }).click();
      await page.getByRole("button", { name: "Erase my data" }).click();
      await page.getByRole("dialog", { name: "Erase everything stored about you?" }).waitFor();
    },
  },
  {
    name: "keyboard",
    async reach(page) {
      await page.getByLabel("Your question").waitFor();
      await page.locator(".head").click();
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
    },
  },
  {
    name: "arabic-empty",
    visit: () => inLanguage("ar"),
    reach: (page) => page.locator(".suggestions").waitFor(),
  },
  {
    name: "arabic",
    visit: async (stage, owner) => {
      const { conversation } = await stage.history.createConversation(owner, { title: "ما الذي يُحفظ؟" });
      await stage.history.appendMessages(owner, conversation.id, [
        { role: "user", content: "ما الذي يُحفظ عند إغلاق الصفحة؟" },
        {
          role: "assistant",
          content:
            "لا يضيع شيء. تستمرّ الإجابة، وتجدها كاملة عند عودتك.\n\n- كل إجابة تُحفظ مع **مصادرها**.\n- زر `Stop` وحده ينهيها.\n\n| الاسم | العدد |\n|--|--|\n| رسائل | 1,200 |\n| محادثات | 12 |\n\n```js\nconst a = [1, 2]; // واحد\n```",
        },
      ]);
      return { ...(await inLanguage("ar")), path: `/?c=${conversation.id}` };
    },
    reach: (page) => page.getByText("لا يضيع شيء").waitFor(),
  },
  {
    name: "arabic-settings",
    visit: () => inLanguage("ar"),
    async reach(page) {
      await openList(page);
      await page.getByRole("button", { name: "الإعدادات" }).click();
      await page.getByRole("dialog", { name: "الإعدادات" }).waitFor();
    },
  },
  {
    name: "german-settings",
    visit: () => inLanguage("de"),
    async reach(page) {
      await openList(page);
      await page.getByRole("button", { name: "Einstellungen" }).click();
      await page.getByRole("dialog", { name: "Einstellungen" }).waitFor();
    },
  },
  { name: "german-list", visit: () => inLanguage("de"), reach: openList },
];
