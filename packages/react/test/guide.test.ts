import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";

import { fileDatabase } from "@chatkeep/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type Output, type Site, compile, openHost } from "./host.ts";

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));

/** The page of the guide's chapter, as it is written but for the address of its server, on a site with these styles. */
function writePage(styles = ""): Site {
  const folder = mkdtempSync(join(tmpdir(), "ck-guide-"));
  const chapter = readFileSync(join(REPOSITORY, "docs/guide/react.md"), "utf8");
  const [, code = ""] = /^```tsx\n([\s\S]*?)^```/m.exec(chapter) ?? [];
  const address = "https://chat.example.org";
  expect(code).toContain(address);
  writeFileSync(join(folder, "site.css"), styles);
  writeFileSync(join(folder, "main.tsx"), `import "./site.css";\n${code.replace(address, ".")}`);
  const script = '<script type="module" src="./main.tsx"></script>';
  writeFileSync(
    join(folder, "index.html"),
    `<!doctype html><title>A book</title><div id="chapter"></div>${script}`,
  );
  symlinkSync(join(REPOSITORY, "node_modules"), join(folder, "node_modules"));
  return { root: folder, packages: "published" };
}

const database = await fileDatabase();
const page = writePage();
const darkPage = writePage("html { color-scheme: light dark; }");
beforeAll(() => promisify(execFile)("npm", ["run", "build", "-w", "@chatkeep/react"], { cwd: REPOSITORY }));
afterAll(() => {
  for (const { root } of [page, darkPage]) rmSync(root, { recursive: true, force: true });
});

describe("the guide's page", () => {
  it("keeps a chapter's conversation over a reload", async () => {
    await using host = await openHost("react", database.url, page);
    await using person = await host.person();
    const tab = await person.open();
    await tab.getByText("Ask about sensors.").waitFor();
    await tab.getByLabel("Your question").fill("What is a sensor?");
    await tab.keyboard.press("Enter");
    const conversations = async () => (await host.history().listConversations(person.owner)).conversations;
    await expect.poll(conversations).toHaveLength(1);
    const run = await host.script.started((await conversations())[0]!.id);
    await run.emit("It turns a quantity into a signal.");
    run.finish();
    await tab.locator("article[data-status=complete]").waitFor();
    await tab.reload();
    await tab.getByText("It turns a quantity into a signal.").waitFor();
    expect(await conversations()).toMatchObject([{ scope: "chapter-3", messageCount: 2 }]);
  });

  it.each([
    ["light where the site declares no color scheme", page, "rgb(29, 28, 25)", "rgb(246, 245, 242)"],
    ["those of the site's color scheme", darkPage, "rgb(237, 236, 231)", "rgb(19, 19, 18)"],
  ])("has its colours when it is built for production: %s", async (_, site, text, sunken) => {
    await using host = await openHost("react", database.url, site);
    await using person = await host.person(undefined, { colorScheme: "dark" });
    const tab = await person.open();
    await tab.getByText("Ask about sensors.").waitFor();
    const colours = await tab.locator(".ck").evaluate((element) => {
      const probe = element.appendChild(document.createElement("i"));
      probe.style.background = "var(--ck-sunken)";
      return [getComputedStyle(element).color, getComputedStyle(probe).backgroundColor];
    });
    expect(colours).toEqual([text, sunken]);
  });

  it("opens another conversation in place of one that was deleted elsewhere", async () => {
    await using host = await openHost("react", database.url, page);
    await using person = await host.person();
    const history = host.history();
    const chapter = { scope: "chapter-3", scopeLabel: "Sensors" };
    const { conversation } = await history.createConversation(person.owner, chapter);
    await history.appendMessages(person.owner, conversation.id, [{ role: "user", content: "Hello?" }]);
    const tab = await person.open();
    await tab.getByText("Hello?").waitFor();
    await history.deleteConversation(person.owner, conversation.id);
    await tab.evaluate(() => dispatchEvent(new Event("online")));
    await tab.getByRole("button", { name: "New conversation" }).click();
    await tab.getByText("Ask about sensors.").waitFor();
    await tab.getByLabel("Your question").fill("What is a sensor?");
    await tab.keyboard.press("Enter");
    const conversations = async () => (await history.listConversations(person.owner)).conversations;
    await expect.poll(conversations).toMatchObject([{ scope: "chapter-3" }]);
    const run = await host.script.started((await conversations())[0]!.id);
    await run.emit("It turns a quantity into a signal.");
    run.finish();
    await tab.locator("article[data-status=complete]").waitFor();
  });

  it("loads no more than its budgets: 25 KB beside React, and 15 KB with the first answer", async () => {
    const input = join(page.root, "main.tsx");
    const external = /^(react|react-dom)(\/|$)/;
    const files = await compile("react", page, { write: false, rolldownOptions: { input, external } });
    expect(weightOf(files)).toBeLessThanOrEqual(25 * 1024);
    const lexer = files.find(({ fileName }) => /lexer-[^/]+\.js$/.test(fileName));
    const code = lexer?.type === "chunk" ? lexer.code : "";
    expect(code).not.toBe("");
    expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(15 * 1024);
  });
});

/** Bytes of `gzip -9` of the scripts that are loaded at once. */
function weightOf(files: readonly Output[]): number {
  const chunks = new Map(
    files.flatMap((file) => (file.type === "chunk" ? [[file.fileName, file] as const] : [])),
  );
  const loaded = new Set(
    [...chunks.values()].filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName),
  );
  for (const name of loaded) for (const other of chunks.get(name)?.imports ?? []) loaded.add(other);
  return [...loaded].reduce((sum, name) => {
    const code = chunks.get(name)?.code;
    return code === undefined ? sum : sum + gzipSync(code, { level: 9 }).length;
  }, 0);
}
