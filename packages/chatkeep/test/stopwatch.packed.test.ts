import { readFileSync } from "node:fs";
import { join } from "node:path";

import { createDatabase, openBrowser, startModel } from "@chatkeep/testing";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

import { createScript } from "./model-script.ts";
import { type NextServer, buildNext, nextCommand, startNext } from "./next-app.ts";
import { REPOSITORY, run, temporaryFolder } from "./packed.ts";
import { type Registry, startRegistry } from "./registry.ts";

/** The section of the README that this test does, as it is written. */
const [, section = ""] =
  /^## Into your project\n([\s\S]*?)^## /m.exec(readFileSync(join(REPOSITORY, "README.md"), "utf8")) ?? [];
const blocks = [...section.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].map(([, language = "", code = ""]) => ({
  language,
  lines: code.split("\n").filter((line) => line.trim() !== ""),
}));
const commands = blocks.find(({ language }) => language === "sh")!.lines;
const [route, change] = ["ts", "diff"].map((name) => blocks.find(({ language }) => language === name)!.lines);
const [path = "", ...code] = route!;

const folder = temporaryFolder();
const app = join(folder.path, "my-app");
const database = await createDatabase({ contents: "empty" });
const script = createScript();
const model = await startModel({ reply: script.reply });
const browser: Browser = await openBrowser();
let registry: Registry;
let said = "";

beforeAll(async () => {
  registry = await startRegistry(join(folder.path, "npm"));
  // The last command starts it.
  const { stdout } = await run("bash", ["-euc", commands.slice(0, -1).join("\n")], {
    cwd: folder.path,
    env: { ...registry.env, NEXT_TELEMETRY_DISABLED: "1" },
  });
  said = stdout;
});

afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await browser.close();
  await model.close();
  folder.remove();
  await database.close();
});

describe("from nothing to a chat that is kept, as the README says", () => {
  it("takes three commands, or ten lines of one's own", () => {
    const counted = commands.flatMap((line) => line.split(" && ")).filter((one) => !one.startsWith("cd "));
    expect(counted).toHaveLength(3);
    const given = [...commands.at(-1)!.matchAll(/\b([A-Z_]+)=/g)].map(([, name]) => name);
    expect(given).toEqual(["DATABASE_URL", "OPENAI_API_KEY"]);
    const written = [...code, ...change!.filter((line) => line.startsWith("+"))];
    expect(written.length).toBeLessThanOrEqual(10);
  });

  it("init writes what the README shows, counts its lines, and does nothing the second time", async () => {
    const text = readFileSync(join(app, path.replace("// ", "")), "utf8");
    expect(text.split("\n").filter((line) => line !== "")).toEqual(code);
    const page = readFileSync(join(app, "app/chat/page.tsx"), "utf8");
    expect(page).toContain(change!.find((line) => line.startsWith("+"))!.slice(2));
    const lines = [text, page].map((one) => one.split("\n").filter((line) => line.trim() !== "").length);
    expect(said).toContain(`Made 2 files with ${lines[0]! + lines[1]!} lines:`);
    const before = readFileSync(join(app, "package.json"), "utf8");
    const again = await run("npx", ["chatkeep", "init"], { cwd: app, env: registry.env });
    expect(again.stdout).toBe(`${path.replace("// ", "")} is there already: no file was changed.\n`);
    expect(readFileSync(join(app, "package.json"), "utf8")).toBe(before);
  });

  describe("built and started", () => {
    let server: NextServer;
    beforeAll(async () => {
      await buildNext(app);
      server = await startNext({
        folder: app,
        args: [nextCommand(app), "start"],
        env: { DATABASE_URL: database.url, OPENAI_API_KEY: "a key", OPENAI_BASE_URL: model.url },
      });
    });
    afterAll(() => server[Symbol.asyncDispose]());

    /** The page of a new person, or of one more tab of theirs. */
    async function visit(): Promise<Page> {
      const context = await browser.newContext();
      onTestFinished(() => context.close());
      const page = await context.newPage();
      await page.goto(`${server.url}/chat`);
      return page;
    }
    async function ask(page: Page, text: string): Promise<void> {
      await page.getByLabel("Your question").fill(text);
      await page.getByRole("button", { name: "Send" }).click();
    }
    const shown = (page: Page): Promise<string[]> => page.locator("main p span").allTextContents();

    it("keeps a conversation over a reload, and goes on with it in another tab; another person sees nothing of it", async () => {
      const page = await visit();
      await ask(page, "What is it?");
      (await script.answer("What is it?")).end("A chat.");
      await expect.poll(() => shown(page)).toEqual(["What is it?", "A chat."]);
      await page.getByRole("button", { name: "Stop" }).waitFor({ state: "detached" });
      await page.reload();
      await expect.poll(() => shown(page)).toEqual(["What is it?", "A chat."]);

      const tab = await page.context().newPage();
      await tab.goto(`${server.url}/chat`);
      await expect.poll(() => shown(tab)).toEqual(["What is it?", "A chat."]);
      await ask(tab, "And now?");
      const second = await script.answer("And now?");
      expect(second.request.body.messages.map(({ content }) => content)).toEqual([
        "What is it?",
        "A chat.",
        "And now?",
      ]);
      second.end("It goes on.");
      await expect.poll(() => shown(tab)).toEqual(["What is it?", "A chat.", "And now?", "It goes on."]);

      const other = await visit();
      await ask(other, "Who am I?");
      const third = await script.answer("Who am I?");
      expect(third.request.body.messages).toHaveLength(1);
      third.end("Somebody else.");
      await expect.poll(() => shown(other)).toEqual(["Who am I?", "Somebody else."]);
    });

    it("follows a running answer after a reload, and stops the model", async () => {
      const page = await visit();
      await ask(page, "Tell me all");
      const answer = await script.answer("Tell me all");
      answer.say("First");
      await expect.poll(() => shown(page)).toEqual(["Tell me all", "First"]);
      await page.reload();
      await expect.poll(() => shown(page)).toEqual(["Tell me all", "First"]);
      await page.getByRole("button", { name: "Stop" }).click();
      expect(await answer.request.ended).toBe("aborted");
      await page.getByRole("button", { name: "Stop" }).waitFor({ state: "detached" });
      await page.reload();
      await expect.poll(() => shown(page)).toEqual(["Tell me all", "First"]);
    });
  });
});
