import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { createClient } from "@chatkeep/protocol";
import { CHILD_ENV, fileDatabase, freePort, openBrowser, startChatkeep, startModel } from "@chatkeep/testing";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";

import { runCommand } from "./command.ts";

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));
const GUIDE = join(REPOSITORY, "docs/guide");

/** What is run elsewhere, and what cannot be here; every other block is run below, as it is written. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "apis.md":
    "server's apis/guide.test.ts, copilotkit.packed.test.ts, the adapters' tanstack-ai.test.ts, and the examples' tests",
  "frameworks.md": "the examples' tests, which run the files that it shows",
  "deploying.md": "deploy.test.ts, which checks the files that it shows",
  "docusaurus.md 0": "docusaurus' site.packed.test.ts, with the package of this repository",
  "docusaurus.md 1": "docusaurus' site.packed.test.ts, with the address of its server",
  "docusaurus.md 4": "docusaurus' site.packed.test.ts",
  "identity-and-privacy.md 1": "page-sign-in.test.ts, with an issuer of its own",
  "import.md 2": "import-tables.test.ts, with tables of those programs",
  "react.md": "react's guide.test.ts",
  "your-data-in-sql.md": "core's views.test.ts, the adapters' drizzle.test.ts and prisma.packed.test.ts",
  "responders.md 6": "the examples' tests, which run the file that it shows",
  "into-your-app.md": "into-your-app.test.ts, stopwatch.packed.test.ts and init.packed.test.ts",
  "README.md 0": "stopwatch.packed.test.ts",
  "README.md 1": "stopwatch.packed.test.ts",
  "README.md 2": "stopwatch.packed.test.ts",
  "README.md 3": "init.packed.test.ts",
  "README.md 4": "init.packed.test.ts",
  "README.md 5": "the first block of a first conversation; `npm test` is what runs this",
  "README.md 11": "apis.md",
};

/** The blocks of each document, in order. */
const documents = new Map(
  [...readdirSync(GUIDE).map((name) => join(GUIDE, name)), join(REPOSITORY, "README.md")].map((path) => [
    path.split("/").at(-1) ?? "",
    [...readFileSync(path, "utf8").matchAll(/^```\w*\n([\s\S]*?)^```/gm)].map(([, code = ""]) => code),
  ]),
);
const ran = new Set<string>();

/** Blocks as they are written, but for what is given in the place of an address. */
function blocksOf(
  document: string,
  places: readonly number[],
  given: Readonly<Record<string, string>> = {},
): string[] {
  return places.map((place) => {
    ran.add(`${document} ${place}`);
    let code = documents.get(document)?.[place] ?? "";
    expect([document, place, code]).not.toEqual([document, place, ""]);
    for (const [written, meant] of Object.entries(given)) {
      expect(code).toContain(written);
      code = code.replaceAll(written, meant);
    }
    return code;
  });
}

const database = await fileDatabase();
const operator = await runCommand(["key", "--name", "operator"]);
const [, KEY = ""] = /^key +(\S+)$/m.exec(operator.stdout) ?? [];
const [, ENTRY = ""] = /^entry +(\S+)$/m.exec(operator.stdout) ?? [];
const chatkeep = await startChatkeep({ env: { DATABASE_URL: database.url, CHATKEEP_API_KEYS: ENTRY } });
const HERE = { "127.0.0.1:3000": new URL(chatkeep.url).host };

/** A clone as a reader has it, in which files can be written. */
const clone = mkdtempSync(join(tmpdir(), "ck-guide-"));
for (const name of ["packages", "docs", "examples", "node_modules", "package.json"])
  symlinkSync(join(REPOSITORY, name), join(clone, name));
// `npm install` of the whole repository made what this runs on; `npx` finds the package where it is installed; there
// is no Docker, and the database is there; a bare machine has no openssl. All else is what it is.
const TOOLS = `
npm() { if [ "$1" != install ]; then command npm "$@"; fi; }
npx() { command npm run -s "$1" -- "\${@:2}"; }
docker() { :; }
command -v openssl >/dev/null || openssl() { node -p "crypto.randomBytes(48).toString('base64')"; }
`;
afterAll(async () => {
  await chatkeep[Symbol.asyncDispose]();
  rmSync(clone, { recursive: true });
});

/** Runs a program that is given as text; it finds the packages in the clone. */
const ARGS = ["--conditions=@chatkeep/source", "--input-type=module-typescript", "--eval"];
const MARK = "=== the next block";
const environment = (more: Readonly<Record<string, string>>): Record<string, string> => ({
  ...CHILD_ENV,
  HOME: clone,
  DATABASE_URL: database.url,
  ...more,
});

/** Runs blocks one after the other in one shell, and gives what each said. */
async function shell(
  blocks: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const script = TOOLS + blocks.join(`\necho; echo "${MARK}"\n`);
  const { stdout } = await promisify(execFile)("bash", ["-euc", script], {
    env: environment(more),
    cwd: clone,
  });
  return stdout.split(MARK).map((said) => said.trim());
}

/** Starts what serves, until the test is finished. */
function start(file: string, args: readonly string[]) {
  const child = spawn(file, args, {
    env: environment({ PORT: "0" }),
    cwd: clone,
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  onTestFinished(async () => {
    process.kill(-child.pid!, "SIGTERM");
    await exited;
  });
  return child;
}

/** Starts the server of a block; gives where it serves. */
async function served([block = ""]: readonly string[]): Promise<string> {
  const { stdout } = start("bash", ["-euc", TOOLS + block]);
  for await (const line of createInterface(stdout)) {
    const { msg, url } = (line.startsWith("{") ? JSON.parse(line) : {}) as { msg?: string; url?: string };
    if (msg?.startsWith("listening") !== true || url === undefined) continue;
    // Or its log would fill the pipe and stop it.
    stdout.resume();
    return url;
  }
  throw new Error("It ended before it served.");
}

/** What a server answers. */
async function answerOf(url: string, content = "What is a scope?") {
  const client = createClient({ baseUrl: url });
  const owner = { kind: "session", id: crypto.randomUUID() } as const;
  const { conversation } = await client.createConversation(owner);
  const { events } = await client.startTurn(owner, conversation.id, { content });
  for await (const _ of events);
  return (await client.listMessages(owner, conversation.id)).messages[1];
}

const json = (text: string | undefined): unknown => JSON.parse(text ?? "");

describe("the guide's commands do what it says, as they are written", () => {
  it("a first conversation, and conversations, messages and turns", async () => {
    expect((await answerOf(await served(blocksOf("first-conversation.md", [0]))))?.citations).not.toBeNull();
    const [
      ,
      made,
      asked,
      watched,
      stored,
      scoped,
      note,
      rated,
      link,
      shared,
      forked,
      links,
      resumed,
      ...turns
    ] = await shell([
      ...blocksOf("first-conversation.md", [1]),
      ...blocksOf("first-conversation.md", [2, 3, 4, 5], HERE),
      ...blocksOf("conversations.md", [0], HERE),
      ...blocksOf("messages.md", [0, 1], HERE),
      ...blocksOf("sharing.md", [0, 1, 2, 3], HERE),
      ...blocksOf("turns.md", [0, 1, 2, 3, 4], HERE),
    ]);
    const answered = { turn: { status: "complete" }, reply: { role: "assistant" }, persisted: true };
    expect(json(made)).toMatchObject({ id: "first", title: "My first conversation" });
    expect(json(asked)).toMatchObject(answered);
    expect(watched).toMatch(/^id: 1\n[\s\S]*data: \[DONE\]$/);
    expect(json(stored)).toMatchObject({ total: 4 });
    expect(json(scoped)).toMatchObject({
      scope: "the-database",
      scope_label: "The database",
      is_default: true,
    });
    expect(json(note)).toMatchObject({ id: "note-1", content: "A note to myself 🗒️" });
    expect(json(rated)).toMatchObject({ feedback: { rating: "down", comment: "Too long." } });
    expect(json(link)).toMatchObject({ title: "My first conversation", name: "Ada", live: false });
    expect(json(shared)).toMatchObject({ messages: [{}, {}], has_more: true });
    expect(json(forked)).toMatchObject({ title: "My first conversation", message_count: 5 });
    expect(json(links)).toMatchObject({ shares: [{ conversation_id: "first", name: "Ada" }] });
    expect(resumed).toMatch(/^id: 2\n[\s\S]*data: \[DONE\]$/);
    const [stopped, queued, waiting, again] = turns;
    expect(json(stopped)).toMatchObject({ status: "complete" });
    // Nothing else is answered there.
    expect(queued).toMatch(/^id: 1\n[\s\S]*data: \[DONE\]\s*\{"questions":\[\]\}$/);
    expect(json(waiting)).toMatchObject({ conversations: [] });
    expect(json(again)).toMatchObject({ ...answered, message: { id: "question-7" } });
  });

  it("operating, and the operator's page", async () => {
    const [probes = "", checks] = await shell([
      ...blocksOf("operating.md", [0], HERE),
      ...blocksOf("operating.md", [1]),
    ]);
    const [usage = ""] = await shell(blocksOf("operating.md", [2], HERE), { SESSION: crypto.randomUUID() });
    expect(probes.replace("}{", "}\n{").split("\n").map(json)).toMatchObject([
      { status: "ok" },
      { ready: true },
    ]);
    expect(checks).toMatch(/^ok +/m);
    expect(json(usage)).toMatchObject({ days: [], budgets: [] });
    const [told = ""] = await shell(blocksOf("the-operators-page.md", [0], HERE), { KEY });
    expect(told).toMatch(/^entry +operator:/m);
    expect(json(told.slice(told.indexOf("{"), told.indexOf('{"errors"')))).toMatchObject({
      health: { status: "ok" },
    });
    expect(json(told.slice(told.indexOf('{"errors"')))).toMatchObject({ errors: [] });
  });

  it("identity and privacy", async () => {
    const [token, erased] = await shell(blocksOf("identity-and-privacy.md", [0, 2]));
    expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(erased).toMatch(/^Erased 0 conversations/);
    expect(json(readFileSync(join(clone, "ada.jsonl"), "utf8"))).toMatchObject({ type: "end" });
  });

  it("bring chats along", async () => {
    cpSync(join(REPOSITORY, "packages/chatkeep/test/import/chatgpt.json"), join(clone, "conversations.json"));
    const [said] = await shell(blocksOf("import.md", [0]));
    expect(said).toBe(blocksOf("import.md", [1])[0]?.trim());
  });

  it("the database", async () => {
    const place = { "postgres://user:password@host:5432/database": database.url };
    expect(await answerOf(await served(blocksOf("the-database.md", [0], place)))).toMatchObject({
      status: "complete",
    });
    const docker = { "postgres://postgres:secret@127.0.0.1:5432/postgres": database.url };
    expect(await answerOf(await served(blocksOf("the-database.md", [1], docker)))).toMatchObject({
      status: "complete",
    });
  });

  it("responders", async () => {
    const docsUrl = await served(blocksOf("responders.md", [0]));
    expect(await (await fetch(`${docsUrl}/documents`)).text()).toContain(
      "One lease and one fencing number a node",
    );
    await using model = await startModel();
    const modelUrl = await served(blocksOf("responders.md", [1], { "http://127.0.0.1:11434/v1": model.url }));
    expect(await answerOf(modelUrl, "Say it back")).toMatchObject({
      content: "You said: Say it back",
      model: "llama3.2",
    });
    writeFileSync(join(clone, "responder.ts"), blocksOf("responders.md", [2])[0] ?? "");
    expect(await answerOf(await served(blocksOf("responders.md", [3])))).toMatchObject({
      content: "You asked: What is a scope?",
      citations: [{ path: "a.md" }],
    });
    const [own = ""] = blocksOf("responders.md", [4], { "http://127.0.0.1:11434/v1": model.url });
    writeFileSync(join(clone, "responder.ts"), own);
    expect(await answerOf(await served(blocksOf("responders.md", [3])), "Say it back")).toMatchObject({
      content: "You said: Say it back",
      model: "llama3.2",
    });
    for (const place of [5, 7]) {
      writeFileSync(join(clone, "responder.ts"), blocksOf("responders.md", [place])[0] ?? "");
      expect(await answerOf(await served(blocksOf("responders.md", [3])))).toMatchObject({
        content: "You asked: What is a scope?",
      });
    }
    writeFileSync(join(clone, "responder.ts"), blocksOf("responders.md", [8])[0] ?? "");
    expect(await answerOf(await served(blocksOf("responders.md", [3])))).toMatchObject({
      content: "Look it up. Compare. Write it down.",
    });
  });

  it("a program of one's own", async () => {
    const port = await freePort();
    const given = {
      "postgres://user:password@host:5432/database": database.url,
      "port: 3000": `port: ${port}`,
    };
    const [code = ""] = blocksOf("responders.md", [9], given);
    start("node", [...ARGS, code]);
    const url = `http://127.0.0.1:${port}`;
    const ready = (): Promise<number> =>
      fetch(`${url}/ready`).then(
        ({ status }) => status,
        () => 0,
      );
    await expect.poll(ready).toBe(200);
    expect(await answerOf(url)).toMatchObject({
      content: "You asked: What is a scope?",
    });
  });

  it("a site at another origin", async () => {
    for (const [place, origin] of [
      [2, "https://docs.example.org"],
      [3, "http://localhost:3001"],
    ] as const) {
      const url = await served(blocksOf("docusaurus.md", [place]));
      const reply = await fetch(`${url}/api/conversations`, { method: "OPTIONS", headers: { origin } });
      expect(reply.headers.get("access-control-allow-origin")).toBe(origin);
    }
  });

  it("the widget", async () => {
    const answers = await served(["CHATKEEP_ORIGINS='*' npm start"]);
    const address = { "https://chat.example.org": answers };
    const [html = "", look = "", policy = ""] = [
      ...blocksOf("widget.md", [0], address),
      ...blocksOf("widget.md", [4]),
      ...blocksOf("widget.md", [5], address),
    ];
    const head =
      '<!doctype html><html lang="en"><title>Sensors</title><link rel="stylesheet" href="/look.css">';
    const site = createServer(({ url }, response) => {
      const [type, text] = url === "/look.css" ? ["text/css", look] : ["text/html", head + html];
      response
        .setHeader("content-type", type)
        .setHeader("content-security-policy", policy.trim().split(": ")[1]!);
      response.end(text);
    }).listen(0, "127.0.0.1");
    await once(site, "listening");
    const browser = await openBrowser();
    onTestFinished(async () => {
      await browser.close();
      site.close();
    });
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
    // What a page has: its own router, and nobody who is signed in.
    await page.evaluate("pushed = []; router = { push: (url) => pushed.push(url) }");
    await page.evaluate("pageOf = (path) => `/pages/${path}`; session = { accessToken: null }");
    const ask = { "What is a sensor?": "What is a scope?" };
    const code = [...blocksOf("widget.md", [1], ask), ...blocksOf("widget.md", [2, 3])].join("\n");
    await page.evaluate(`(async () => { ${code} })()`);
    expect(
      await page
        .locator("chatkeep-chat")
        .evaluate((element) => getComputedStyle(element).getPropertyValue("--ck-accent").trim()),
    ).toBe("#7c3aed");
    expect(await page.locator("chatkeep-chat .ck-question .ck-selected").textContent()).toContain(
      "A sensor turns",
    );
    await page.locator("chatkeep-chat article[data-status=complete] a.ck-mark").first().click();
    await expect.poll(() => page.evaluate("pushed")).toEqual([expect.stringMatching(/^\/pages\/.+\.md#/)]);
  });

  it("the README", async () => {
    await using model = await startModel();
    const address = { "http://127.0.0.1:11434/v1": model.url };
    expect(await answerOf(await served(blocksOf("README.md", [6], address)), "Say it back")).toMatchObject({
      content: "You said: Say it back",
    });
    const [respond = ""] = blocksOf("README.md", [7]);
    writeFileSync(join(clone, "respond.ts"), respond);
    const [, start = ""] = /then: (.+)/.exec(respond) ?? [];
    const said = "You asked: What is a scope?. We have spoken of 0 things before.";
    expect(await answerOf(await served([start]))).toMatchObject({ content: said });
    const place = { "postgres://user:password@host/db?sslmode=require": database.url };
    const [serve = "", doctor = ""] = blocksOf("README.md", [8], place)[0]?.split("\n") ?? [];
    expect(await answerOf(await served([serve]))).toMatchObject({ status: "complete" });
    expect((await shell([doctor]))[0]).toMatch(/^ok +/m);
    const [http] = await shell(blocksOf("README.md", [9], HERE));
    expect(http).toMatch(/^\{"id":"[\s\S]*data: \[DONE\]\s+\{"messages":\[[\s\S]*"total":2/);
    const library = `${respond.replace("export default respond;", "")}\n${blocksOf("README.md", [10])[0]}`;
    expect(await shell([`node ${ARGS.join(" ")} "$CODE"`], { CODE: `${library}\nprocess.exit();` })).toEqual([
      "You asked: What is a sensor?. We have spoken of 0 things before.",
    ]);
  });

  it("are all that there are", () => {
    const left = [...documents].flatMap(([document, blocks]) =>
      blocks
        .map((_, place) => `${document} ${place}`)
        .filter(
          (block) => !ran.has(block) && ELSEWHERE[block] === undefined && ELSEWHERE[document] === undefined,
        ),
    );
    expect(left).toEqual([]);
  });
});
