import { fileURLToPath } from "node:url";

import type { Citation, Owner } from "@chatkeep/protocol";
import type { Page } from "playwright-core";

import { type Stage, type VisitOptions, conversationOf } from "./page-stage.ts";
import { answered, ask } from "./page-view.ts";

const QUESTION = "What happens to an answer when I close the page?";
const BEGINNING =
  "Nothing is lost. Leaving ends nothing: the responder goes on, and the whole answer is there when you come " +
  "back [1].\n\n- A **finished** answer is there with its sources [2].\n";
const END =
  "- A **running** one goes on where you left it.\n- Only *Stop* ends it, and the text so far is kept [3].\n";

const cite = (file: string, chapter: string, section: string, quote: string): Citation => {
  const anchor = section.toLowerCase().replaceAll(" ", "-");
  const url = `/documents/${file}#${anchor}`;
  return { path: file, chapter, section, anchor, quote, score: 0.9, url };
};
const CITATIONS = [
  cite(
    "turns.md",
    "Turns and streams",
    "Leaving is not stopping",
    "Closing the tab, a lost network or a timeout of the client ends nothing: the responder goes on, and the whole answer is there when the person comes back.",
  ),
  cite(
    "messages.md",
    "Messages, parts and citations",
    "Citations",
    "Citations are stored with the answer, so they are the same after a reload.",
  ),
  cite(
    "turns.md",
    "Turns and streams",
    "Stop an answer",
    "The responder's signal is aborted, the text so far is kept, and the status is `stopped`.",
  ),
];

/** Earlier conversations of whoever visits: their titles, and how many days ago they were. */
export const EARLIER: readonly (readonly [title: string, days: number])[] = [
  ["How do I move from Neon to my own PostgreSQL?", 40],
  ["Retention of anonymous sessions", 12],
  ["Which headers does the stream need behind nginx?", 6],
  ["Scopes for a documentation site", 4],
  ["Selected text in a question", 1],
  ["Running two servers on one database", 1],
  ["What does doctor check?", 0],
];

const MARKDOWN = `## Choosing a database

| Where | What to set | Good for |
|:--|:--|--:|
| embedded | nothing | trying it out |
| any PostgreSQL | \`DATABASE_URL\` | most sites |
| Neon | \`NEON_DATABASE_URL\` | a database that sleeps |

1. Set the address:

   \`\`\`sh
   DATABASE_URL=postgres://chatkeep@localhost/chatkeep npm start
   \`\`\`

2. Ask \`chatkeep doctor\` what it thinks of it.
   - It checks TLS, rights and the version.
   - Each line that fails says what to do.

> A database that is down is never an empty history. [See the guide](https://example.org).

---

- [x] migrated
- [ ] backed up`;

const WRITTEN = `A window of the last messages[^1] is read with one statement. Press <kbd>Ctrl</kbd> + <kbd>K</kbd> to find one.

\`\`\`ts
/** Reads the newest messages of a conversation. */
export async function newest(pool: Pool, id: string, limit = 50): Promise<Message[]> {
  const { rows } = await pool.query("select * from messages where conversation_id = $1 order by seq desc limit $2", [id, limit]);
  return rows.reverse(); // oldest first
}
\`\`\`

Its cost grows with the limit $n$ alone, so that

$$
T(n) = \\sum_{i=1}^{n} t_i + \\frac{\\log_2 m}{B} = O(n + \\log m)
$$

where \\(m\\) is the number of messages: H<sub>2</sub>O it is not.

| Messages | Rows read | Time |
|--:|--:|:--|
| 1,000 | 50 | 0.4 ms |
| 1,000,000 | 50 | 0.4 ms |

\`\`\`python
def window(seq: int, limit: int = 50) -> range:
    """The numbers that are read."""
    return range(max(1, seq - limit + 1), seq + 1)
\`\`\`

[^1]: By their number, never by their time.`;

/** A state of the page: what leads to it. */
export interface State {
  readonly name: string;
  readonly visit?: (stage: Stage, owner: Owner) => Promise<VisitOptions>;
  readonly reach: (page: Page, stage: Stage) => Promise<unknown>;
}

/** Asks, and gives the run that answers. */
async function begin(page: Page, stage: Stage, question = QUESTION) {
  await ask(page, question);
  return stage.script.started(await conversationOf(page));
}

async function answer(page: Page, stage: Stage): Promise<void> {
  const run = await begin(page, stage);
  await run.emit(BEGINNING + END);
  for (const citation of CITATIONS) await run.emit({ type: "citation", citation });
  run.finish();
  await answered(page, 1);
}

/** Every state of the page. */
export const STATES: readonly State[] = [
  { name: "empty", reach: (page) => page.locator(".suggestions").waitFor() },
  {
    name: "streaming",
    async reach(page, stage) {
      const run = await begin(page, stage);
      await run.emit(`${BEGINNING}- A **running** one goes on`);
      await page.getByText("one goes on").waitFor();
    },
  },
  {
    name: "waiting-and-queued",
    async reach(page, stage) {
      await begin(page, stage);
      await ask(page, "And what if the server is killed meanwhile?");
      await page.getByText("Will be sent after this answer").waitFor();
    },
  },
  { name: "answered", reach: answer },
  {
    name: "sharing",
    async reach(page, stage) {
      await answer(page, stage);
      await page.getByRole("button", { name: "Share" }).click();
      await page.getByLabel("Your name, if it is to be shown").fill("Ada");
      await page.getByRole("button", { name: "Make a link" }).click();
      await page.getByLabel("Link", { exact: true }).waitFor();
    },
  },
  {
    name: "shared",
    async reach(page, stage) {
      await answer(page, stage);
      await page.getByRole("button", { name: "Share" }).click();
      await page.getByLabel("Your name, if it is to be shown").fill("Ada");
      await page.getByRole("button", { name: "Make a link" }).click();
      await page.goto(await page.getByLabel("Link", { exact: true }).inputValue());
      await page.getByText("Shared by Ada").waitFor();
      await page.getByText("Only Stop ends it").waitFor();
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
    name: "approval",
    async reach(page, stage) {
      const run = await begin(page, stage, "Please tell Ada that the backup is done.");
      await run.emit("I will write this mail.");
      const mail = {
        to: "ada@example.org",
        subject: "Backup",
        body: "The backup of tonight is done.\nNothing failed.",
      };
      await run.emit({ type: "tool-call", id: "c1", name: "send_email", arguments: JSON.stringify(mail) });
      await run.emit({ type: "approval-request", id: "a1", call: "c1" });
      await run.emit({
        type: "source",
        id: "s1",
        url: "https://example.org/backups",
        title: "How backups run",
      });
      run.finish();
      await page.getByRole("button", { name: "Approve" }).waitFor();
    },
  },
  {
    name: "attaching",
    async reach(page, stage) {
      await page.getByRole("button", { name: "Attach files" }).waitFor();
      const files = [
        { name: "plan.png", mimeType: "image/png", buffer: await page.screenshot() },
        { name: "minutes.txt", mimeType: "text/plain", buffer: Buffer.from("We met.") },
      ];
      const input = page.locator("input[type=file]");
      await input.setInputFiles(files);
      await page.getByText("Uploading…").first().waitFor({ state: "detached" });
      const run = await begin(page, stage, "What do these say?");
      await run.emit("The picture shows this page, and the");
      await page.locator(".ck-picture").waitFor();
      await page.route("**/api/files*", (route) => route.fulfill({ status: 413, body: "{}" }));
      await input.setInputFiles(files);
      await page.locator(".ck-attached [role=alert]").first().waitFor();
    },
  },
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
    name: "not-sent",
    async reach(page) {
      await page.route("**/turns", (route) => route.abort());
      await ask(page, QUESTION);
      await page.getByText("Not sent.").waitFor();
    },
  },
  {
    name: "answer-failed",
    async reach(page, stage) {
      const run = await begin(page, stage);
      await run.emit(BEGINNING);
      run.fail(new Error("gone"));
      await page.getByRole("button", { name: "Regenerate" }).waitFor();
    },
  },
  {
    name: "stopped",
    async reach(page, stage) {
      const run = await begin(page, stage);
      await run.emit(BEGINNING);
      await page.getByText("Nothing is lost").waitFor();
      await page.getByRole("button", { name: "Stop" }).click();
      await page.locator("article[data-status=stopped]").waitFor();
    },
  },
  {
    name: "not-saved",
    async reach(page, stage) {
      await page.route("**/turns", async (route) => {
        const chunks = [
          {
            type: "start",
            messageId: "r",
            messageMetadata: { turn_id: "t", message_id: "m", persisted: false },
          },
          { type: "text-start", id: "1" },
          {
            type: "text-delta",
            id: "1",
            delta: "Nothing is lost, even now: I answer, and the exchange is saved later.",
          },
          { type: "text-end", id: "1" },
          { type: "finish", messageMetadata: { status: "complete", persisted: false, token: "x" } },
        ];
        const { id } = route.request().postDataJSON() as { id: string };
        const frames = chunks
          .map((chunk, index) => `id: ${index + 1}\ndata: ${JSON.stringify(chunk)}\n\n`)
          .join("");
        const body = `${frames.replace('"message_id":"m"', `"message_id":"${id}"`)}data: [DONE]\n\n`;
        await route.fulfill({ contentType: "text/event-stream", body });
      });
      await ask(page, QUESTION);
      await page.getByText("Not saved.").waitFor();
      void stage;
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
  {
    name: "edit",
    async reach(page, stage) {
      await answer(page, stage);
      await page.getByRole("button", { name: "Edit" }).click();
      await page.getByRole("textbox", { name: "Edit" }).waitFor();
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
    name: "offline",
    async reach(page, stage) {
      await answer(page, stage);
      await page.context().setOffline(true);
      await page.getByText("You are offline.").waitFor();
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
    name: "list",
    async reach(page, stage) {
      await answer(page, stage);
      await openList(page);
      await page.locator(".ck-nav-row", { hasText: EARLIER[3]?.[0] ?? "" }).hover();
      await page.getByRole("button", { name: `Actions for “${EARLIER[3]?.[0]}”` }).click();
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
      await openList(page);
      await page.locator(".ck-nav-row", { hasText: EARLIER[4]?.[0] ?? "" }).hover();
      await page.getByRole("button", { name: `Actions for “${EARLIER[4]?.[0]}”` }).click();
      await page.getByRole("button", { name: "Rename", exact: true }).click();
      await page.getByLabel("Title").waitFor();
    },
  },
  {
    name: "archived",
    async reach(page) {
      await openList(page);
      await page.locator(".ck-nav-row", { hasText: EARLIER[4]?.[0] ?? "" }).hover();
      await page.getByRole("button", { name: `Actions for “${EARLIER[4]?.[0]}”` }).click();
      await page.getByRole("button", { name: "Archive", exact: true }).click();
      await page.locator(".sidebar").getByText("Archived", { exact: true }).click();
      await page.locator(".ck-nav-title", { hasText: EARLIER[4]?.[0] ?? "" }).waitFor();
    },
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
    name: "quote",
    async reach(page, stage) {
      await answer(page, stage);
      await page.evaluate(() => {
        const words = document.querySelector(".ck-markdown li strong")!;
        getSelection()!.selectAllChildren(words);
      });
      await page.locator(".quote").waitFor();
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
    name: "tools",
    async reach(page, stage) {
      const run = await begin(page, stage, "Put the milk on my list, and remind me on Friday.");
      await run.emit({ type: "reasoning", text: "Two things are asked: a task, and a reminder." });
      await run.emit({
        type: "tool-call",
        id: "t1",
        name: "add_task",
        arguments: '{"title":"Milk","list":"Shopping"}',
      });
      await run.emit({ type: "tool-result", id: "t1", result: { id: 17, title: "Milk", done: false } });
      await run.emit({ type: "tool-call", id: "t2", name: "set_reminder", arguments: '{"day":"Friday"}' });
      await run.emit({ type: "tool-result", id: "t2", result: "No calendar is connected.", error: true });
      await run.emit(
        "Milk is on your shopping list. I could not set the reminder: no calendar is connected.",
      );
      run.finish();
      await answered(page, 1);
      await page.getByText("add_task").click();
    },
  },
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
      const file = fileURLToPath(new URL("import/chatgpt.json", import.meta.url));
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

/** Opens the list of conversations where it is a drawer. */
async function openList(page: Page): Promise<void> {
  await page.getByRole("main").waitFor();
  const menu = page.getByRole("button", { name: /^(Show the list|إظهار قائمة|Liste)/ });
  if ((await menu.count()) > 0) await menu.click();
}

function inLanguage(language: "ar" | "de"): Promise<VisitOptions> {
  return Promise.resolve({
    prepare: (page) => page.addInitScript((tag) => localStorage.setItem("chatkeep-language", tag), language),
  });
}
