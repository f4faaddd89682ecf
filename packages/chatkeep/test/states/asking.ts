import { answered, ask } from "../page-view.ts";
import { type State, answer, begin } from "./state.ts";
import { BEGINNING, QUESTION } from "./texts.ts";

/** A question, and the answer while it is made. */
export const ASKING: readonly State[] = [
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
    async reach(page) {
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
    },
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
    name: "edit",
    async reach(page, stage) {
      await answer(page, stage);
      await page.getByRole("button", { name: "Edit" }).click();
      await page.getByRole("textbox", { name: "Edit" }).waitFor();
    },
  },
  {
    name: "quote",
    async reach(page, stage) {
      await answer(page, stage);
      const words = page.locator(".ck-markdown li strong").first();
      await words.evaluate((element) => getSelection()!.selectAllChildren(element));
      await page.locator(".quote").waitFor();
    },
  },
];
