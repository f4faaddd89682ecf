import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { createClient } from "@chatkeep/protocol";
import { createDatabase, fileDatabase, freePort, startModel } from "@chatkeep/testing";
import { checkMount, startHost } from "@chatkeep/testing/host";
import { authenticateSession, createChatkeep, createLog, createNodeHandler } from "chatkeep";
import { createServer as createVite } from "vite";
import { expect, it, onTestFinished } from "vitest";

import { planExpress } from "../src/init/express.ts";
import { planNext } from "../src/init/next.ts";
import type { Plan } from "../src/init/plan.ts";
import type { Project } from "../src/init/project.ts";
import { chooseModel } from "../src/init/templates.ts";
import { planVite } from "../src/init/vite.ts";
import { readAll } from "./deploy-answers.ts";

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));
const GUIDE = readFileSync(join(REPOSITORY, "docs/guide/into-your-app.md"), "utf8");

/** The block of the page that follows a heading and begins so. */
function block(heading: string, language: string, place = 0): string {
  const [, section = ""] = GUIDE.split(`\n## ${heading}\n`);
  const [own = ""] = section.split("\n## ");
  const [, code = ""] =
    [...own.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))][place] ?? [];
  expect([heading, code]).not.toEqual([heading, ""]);
  return code;
}

/** A folder in the repository, whose programs find the packages. */
function folder(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(import.meta.dirname, "into-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(path, name, ".."), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return path;
}

const database = await fileDatabase();

/** What an app has. */
const project = (files: Readonly<Record<string, string>>, more: Partial<Project>): Project => ({
  folder: folder(files),
  framework: "next",
  packages: {},
  isTypeScript: false,
  isModule: true,
  manager: "npm",
  lineEnd: "\n",
  ...more,
});
/** The lines that a plan leaves to a person to add. */
const added = ({ byHand }: Plan): string[] =>
  byHand
    .flatMap((text) => text.split("\n").filter((line) => line.startsWith("+ ")))
    .map((line) => line.slice(2));

it("the guide shows what init writes and what it leaves to a person", () => {
  const page = 'import { useChat } from "@ai-sdk/react";\n';
  const next = planNext(
    project(
      { "app/layout.tsx": "", "app/chat.tsx": page, "app/api/chat/route.ts": "" },
      { packages: { next: "16.0.0", ai: "7.0.0" }, isTypeScript: true },
    ),
  );
  const [mount] = next.files;
  expect(`// ${mount!.path}\n${mount!.text}`).toBe(block("Next.js", "ts"));
  for (const line of block("Next.js", "diff").trim().split("\n"))
    expect(next.byHand.join("\n")).toContain(line);
  const lines = block("Next.js", "ts", 1).trim().split("\n");
  for (const line of lines.filter((one) => !one.includes("model:")))
    expect(next.byHand.join("\n")).toContain(line.trim());

  const express = planExpress(project({}, { packages: { express: "5.0.0" } }));
  expect(added(express).join("\n")).toBe(`${block("Express", "js")}${block("Express", "html")}`.trim());
  const vite = planVite(project({}, { packages: { vite: "8.0.0" } }));
  expect(added(vite)[0]).toBe(block("Vite", "js").trim());
});

it("the README, the guide and init name one model, and each model that init chooses is one of its provider's", () => {
  const { model } = chooseModel({});
  const pages = ["README.md", "docs/guide/into-your-app.md"].map((path) =>
    readFileSync(join(REPOSITORY, path), "utf8"),
  );
  const named = pages.flatMap((page) => page.match(/"openai\/[^"]+"|openai\("[^"]+"\)/g) ?? []);
  expect(new Set(named.map((one) => one.replace(/^openai\("(.+)"\)$/, '"openai/$1"')))).toEqual(
    new Set([`"${model}"`]),
  );
  for (const provider of ["openai", "anthropic", "google"]) {
    const chosen = chooseModel({ [`@ai-sdk/${provider}`]: "4.0.0" }).model.replace(`${provider}/`, "");
    const types = createRequire(import.meta.url)
      .resolve(`@ai-sdk/${provider}`)
      .replace(/\.m?js$/, ".d.ts");
    expect(readFileSync(types, "utf8")).toContain(`'${chosen}'`);
  }
});

it("the guide's login and its call of the AI SDK run as they are written", async () => {
  await using model = await startModel({ reply: () => ({ steps: ["Hello, Ada."] }) });
  const program = `
import { AsyncLocalStorage } from "node:async_hooks";
import { createServer } from "node:http";

import { createOpenAI } from "@ai-sdk/openai";
import { streamText } from "ai";
import { ChatkeepError, createChatkeep, createNodeHandler, toModelMessages } from "chatkeep";

const openai = createOpenAI({ apiKey: "a key", baseURL: process.env.OPENAI_BASE_URL });
const cookies = new AsyncLocalStorage();
const yourUser = async () => (cookies.getStore() === "user=ada" ? { id: "ada" } : null);
const chatkeep = createChatkeep({
  database: process.env.DATABASE_URL,
  ${block("Your login", "ts")}
  ${block("Next.js", "ts", 1)}
});
const handle = createNodeHandler(chatkeep);
createServer((request, response) => {
  if (request.url === "/") response.end("here");
  else cookies.run(request.headers.cookie, () => handle(request, response));
}).listen(Number(process.env.PORT));
`;
  const path = folder({ "host.ts": program });
  await using host = await startHost(
    [process.execPath, "--conditions=@chatkeep/source", join(path, "host.ts")],
    {
      env: { DATABASE_URL: database.url, OPENAI_BASE_URL: model.url },
    },
  );
  const client = createClient({ baseUrl: host.url, credentials: () => ({ cookie: "user=ada" }) });
  const ada = { kind: "user", id: "ada" } as const;
  const { conversation } = await client.createConversation(ada);
  const { turn, events } = await client.startTurn(ada, conversation.id, { content: "Who am I?" });
  await readAll(events[Symbol.asyncIterator]());
  expect(await client.getTurn(ada, conversation.id, turn.id)).toMatchObject({
    reply: { content: "Hello, Ada." },
  });
  const stranger = await fetch(`${host.url}/api/conversations`);
  expect([stranger.status, await stranger.json()]).toMatchObject([401, { detail: "Sign in first." }]);
});

it("Vite passes the requests of a page on to the mount, by the guide's line", async () => {
  await using empty = await createDatabase({ contents: "empty" });
  await using chatkeep = createChatkeep({
    database: empty.url,
    authenticate: authenticateSession,
    log: createLog({ level: "warn" }),
    async *responder({ question }) {
      yield `You said “${question.content}”.`;
    },
  });
  await chatkeep.migrate();
  const [port, own] = [await freePort(), await freePort()];
  const server = createServer(createNodeHandler(chatkeep)).listen(port, "127.0.0.1");
  onTestFinished(() => void server.close());
  const line = block("Vite", "js");
  expect(line).toContain("127.0.0.1:3001");
  const config = `export default { ${line.replace(":3001", `:${port}`)} };\n`;
  const root = folder({ "vite.config.mjs": config, "index.html": "<p>here</p>" });
  const vite = await createVite({
    root,
    configFile: join(root, "vite.config.mjs"),
    logLevel: "error",
    server: { port: own, host: "127.0.0.1" },
  });
  onTestFinished(() => vite.close());
  await vite.listen();
  await expect(checkMount(`http://127.0.0.1:${own}`)).resolves.toBeUndefined();
});
