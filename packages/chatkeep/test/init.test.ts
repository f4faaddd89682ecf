import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { CHILD_ENV } from "@chatkeep/testing";
import { describe, expect, it, onTestFinished } from "vitest";

import { runInit } from "../src/init.ts";

type Files = Readonly<Record<string, string | object>>;

const LAYOUT = "export default function Layout({ children }) { return children; }\n";
const NEXT = {
  "package.json": { dependencies: { next: "16.4.3", react: "19.3.0" } },
  "tsconfig.json": {},
  "app/layout.tsx": LAYOUT,
} as const;

/** An app in a folder of its own. */
function app(files: Files): string {
  const folder = mkdtempSync(join(tmpdir(), "ck-init-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), typeof content === "string" ? content : JSON.stringify(content));
  }
  return folder;
}

/** Every file of a folder, and what is in it. */
function contents(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]));
}

/** Runs it without installing. */
async function init(folder: string): Promise<{ said: string; made: Record<string, string> }> {
  const before = contents(folder);
  const said = await runInit({ folder, output: { write: () => true }, install: false });
  const after = contents(folder);
  for (const [path, text] of Object.entries(before)) expect([path, after[path]]).toEqual([path, text]);
  return { said, made: Object.fromEntries(Object.entries(after).filter(([path]) => !(path in before))) };
}

/** The command in a folder, by somebody without rights where `uid` says so. */
function command(folder: string, env: Record<string, string> = {}, uid?: number) {
  const program = fileURLToPath(new URL("../src/bin.ts", import.meta.url));
  return spawnSync(process.execPath, ["--conditions=@chatkeep/source", program, "init"], {
    cwd: folder,
    env: { ...CHILD_ENV, ...env },
    encoding: "utf8",
    ...(uid === undefined ? {} : { uid }),
  });
}

describe("in a Next.js app, init", () => {
  it("writes the mount and a page, and nothing at a second run", async () => {
    const folder = app(NEXT);
    const { said, made } = await init(folder);
    expect(Object.keys(made).sort()).toEqual(["app/api/[...chatkeep]/route.ts", "app/chat/page.tsx"]);
    expect(said).toContain("Made 2 files with 39 lines:");
    expect(said).toMatch(/ {2}npm install chatkeep@\S+ @chatkeep\/react@\S+ @ai-sdk\/react ai\n/);
    const again = await init(folder);
    expect(again.made).toEqual({});
    expect(again.said).toContain("app/api/[...chatkeep]/route.ts is there already: no file was changed.");
  });

  it("goes below src, without types in an app of JavaScript, and ends lines as the app does", async () => {
    const manifest = `{\r\n  "dependencies": { "next": "15.0.0", "ai": "^5.0.0", "@ai-sdk/anthropic": "^2.0.0" }\r\n}\r\n`;
    const { said, made } = await init(
      app({ "package.json": `\uFEFF${manifest}`, "src/app/layout.js": LAYOUT }),
    );
    expect(Object.keys(made).sort()).toEqual(["src/app/api/[...chatkeep]/route.js", "src/app/chat/page.jsx"]);
    expect(made["src/app/api/[...chatkeep]/route.js"]).toContain(
      'model: "anthropic/claude-sonnet-5-5", apiKey: process.env.ANTHROPIC_API_KEY',
    );
    for (const text of Object.values(made)) expect(text.replaceAll("\r\n", "")).not.toContain("\n");
    // The hook that goes with version 5.
    expect(said).toContain("@ai-sdk/react@^2\n");
  });

  it("names the line of a page that uses useChat, and what to move out of a route of the app's own", async () => {
    const page = '"use client";\r\nimport {\r\n  useChat,\r\n} from "@ai-sdk/react";\r\n';
    const { said, made } = await init(
      app({
        ...NEXT,
        "components/chat.tsx": page,
        "node_modules/x/chat.tsx": page,
        "app/api/chat/route.ts": "export async function POST() {}\n",
      }),
    );
    expect(Object.keys(made)).toEqual(["app/api/[...chatkeep]/route.ts"]);
    expect(said).toContain("components/chat.tsx:4 uses useChat.");
    expect(said).not.toContain("node_modules/x");
    expect(said).toContain('+ import { useChat } from "@chatkeep/react/ai-sdk";');
    expect(said).toContain("app/api/chat/route.ts answers useChat before Chatkeep does.");
    expect(said).toContain("messages: toModelMessages(request),");
  });

  it("leaves a file alone that is in the place of the mount, and shows what it would be", async () => {
    const mount = "app/api/[...chatkeep]/route.ts";
    const { said, made } = await init(app({ ...NEXT, [mount]: "export const GET = () => null;\n" }));
    expect(Object.keys(made)).toEqual(["app/chat/page.tsx"]);
    expect(said).toContain(`${mount} is yours and was left alone. It would be:`);
    expect(said).toContain("  export const { GET, POST, PATCH, DELETE } = chatkeep.handlers;");
  });

  it("writes no page where none could be built: without a root layout, or beside a page of the app's own", async () => {
    const localized = app({ ...NEXT, "app/[locale]/layout.tsx": LAYOUT });
    rmSync(join(localized, "app/layout.tsx"));
    const { said, made } = await init(localized);
    expect(Object.keys(made)).toEqual(["app/api/[...chatkeep]/route.ts"]);
    expect(said).toContain("app has no root layout");
    expect(said).toMatch(/open your page\.$/);
    const other = await init(app({ ...NEXT, "app/chat/page.js": "export default () => null;\n" }));
    expect(Object.keys(other.made)).toEqual(["app/api/[...chatkeep]/route.ts"]);
  });
});

describe("in other apps, init", () => {
  it.each([
    ["CommonJS", {}, {}, "chatkeep.mjs", 'const { handler } = require("./chatkeep.mjs");'],
    ["ES modules", { type: "module" }, {}, "chatkeep.js", 'import { handler } from "./chatkeep.js";'],
    [
      "TypeScript",
      {},
      { "tsconfig.json": "{}", "src/index.ts": "" },
      "src/chatkeep.ts",
      'import { handler } from "./chatkeep.js";',
    ],
    [
      "TypeScript that Node runs",
      { type: "module" },
      { "tsconfig.json": '{ "compilerOptions": { "allowImportingTsExtensions": true } }' },
      "chatkeep.ts",
      'import { handler } from "./chatkeep.ts";',
    ],
  ])(
    "of Express and %s writes a handler and names the lines that mount it",
    async (_, own, files, path, line) => {
      const { said, made } = await init(
        app({ "package.json": { ...own, dependencies: { express: "^5.0.0" } }, ...files }),
      );
      expect(Object.keys(made)).toEqual([path]);
      expect(made[path]).toContain("export const handler = createNodeHandler(chatkeep);");
      expect(said).toContain(`+ ${line}\n+ app.use("/chatkeep", handler);`);
    },
  );

  it("of Vite writes a server, and a component where there is React", async () => {
    const manifest = { type: "module", devDependencies: { vite: "^8.0.0" } };
    const plain = await init(app({ "package.json": manifest, "index.html": "" }));
    expect(Object.keys(plain.made)).toEqual(["chatkeep.js"]);
    expect(plain.said).toContain("@chatkeep/widget@");
    const react = { ...manifest, dependencies: { react: "^19.0.0" } };
    const { said, made } = await init(
      app({ "package.json": react, "tsconfig.json": "{}", "index.html": "" }),
    );
    expect(Object.keys(made).sort()).toEqual(["chatkeep.ts", "src/Chat.tsx"]);
    expect(said).toContain('+ server: { proxy: { "/api": "http://127.0.0.1:3001" } },');
  });
});

describe("init refuses in one sentence, and changes nothing,", () => {
  it.each<[string, Files, string]>([
    ["without a package.json", { "app/page.tsx": "" }, "There is no package.json here"],
    ["with one that is no JSON", { "package.json": "{ nope" }, "package.json is not valid JSON"],
    ["with one that is no object", { "package.json": "[]" }, "package.json is not valid JSON"],
    ["in an app of none", { "package.json": { dependencies: { koa: "3" } } }, "names none of them"],
    [
      "in an app of another framework on Vite",
      { "package.json": { devDependencies: { vite: "8", "@sveltejs/kit": "3" } }, "src/app.html": "" },
      "names SvelteKit",
    ],
    [
      "with the Pages Router",
      { ...without("app/layout.tsx"), "pages/index.tsx": "" },
      "the Pages Router only",
    ],
    ["without a folder app", without("app/layout.tsx"), "There is no folder app/ or src/app/"],
    [
      "at the root of npm's workspaces",
      { "package.json": { workspaces: ["apps/*"], devDependencies: { next: "16" } } },
      "the root of a workspace",
    ],
    [
      "at the root of pnpm's",
      { "package.json": {}, "pnpm-workspace.yaml": "packages:\n  - apps/*\n" },
      "the root of a workspace",
    ],
    [
      "in a static export",
      { ...NEXT, "next.config.ts": 'export default {\n  output: "export",\n};\n' },
      'next.config.ts has output: "export"',
    ],
    [
      "beside another catch-all",
      { ...NEXT, "app/api/[[...route]]/route.ts": "" },
      "app/api/[[...route]] takes",
    ],
    [
      "with an AI SDK that is too old",
      { ...NEXT, "package.json": { dependencies: { next: "14", ai: "^4.3.0" } } },
      "This app has version 4 of the AI SDK",
    ],
    [
      "where a file is in the place of a folder",
      { ...NEXT, "app/chat": "" },
      "app/chat/page.tsx cannot be written",
    ],
  ])("%s", async (_, files, sentence) => {
    const folder = app(files);
    const before = contents(folder);
    const refused = runInit({ folder, output: { write: () => true }, install: true });
    await expect(refused).rejects.toThrow(sentence);
    await expect(refused).rejects.toMatchObject({ name: "StartError" });
    await expect(refused).rejects.toThrow(/^[^\n]+$/);
    expect(contents(folder)).toEqual(before);
  });

  it("where it may not write, before it installs", () => {
    const folder = app(NEXT);
    chmodSync(folder, 0o755);
    chmodSync(join(folder, "app"), 0o555);
    onTestFinished(() => chmodSync(join(folder, "app"), 0o755));
    const before = contents(folder);
    // Nobody's: root may write everywhere.
    const { status, stderr, stdout } = command(folder, {}, process.getuid?.() === 0 ? 65_534 : undefined);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("app/api/[...chatkeep]/route.ts cannot be written, so nothing was");
    expect(contents(folder)).toEqual(before);
  });

  it("where the package manager cannot be run", () => {
    const folder = app({ ...NEXT, "pnpm-lock.yaml": "" });
    const before = contents(folder);
    const { status, stdout, stderr } = command(folder, { PATH: "/nowhere" });
    expect(status).toBe(1);
    expect(stdout).toMatch(/^\$ pnpm add chatkeep@/);
    expect(stderr).toContain("pnpm cannot be run, so nothing was written");
    expect(contents(folder)).toEqual(before);
  });
});

function without(path: keyof typeof NEXT): Files {
  return Object.fromEntries(Object.entries(NEXT).filter(([name]) => name !== path));
}

describe("init names the package manager", () => {
  const manifest = NEXT["package.json"];
  it.each<[string, Files, string]>([
    ["of the lockfile", { "yarn.lock": "" }, "yarn add chatkeep@"],
    ["of Bun's lockfile", { "bun.lock": "" }, "bun add chatkeep@"],
    [
      "of package.json where there is no lockfile",
      { ".git/HEAD": "", "package.json": { ...manifest, packageManager: "pnpm@10.0.0" } },
      "pnpm add chatkeep@",
    ],
    [
      "of pnpm, whose workspace file create-next-app writes without packages",
      { "pnpm-lock.yaml": "", "pnpm-workspace.yaml": "ignoredBuiltDependencies:\n  - sharp\n" },
      "pnpm add chatkeep@",
    ],
  ])("%s", async (_, files, line) => {
    expect((await init(app({ ...NEXT, ...files }))).said).toContain(line);
  });

  it("of the workspace that an app is in", async () => {
    const root = app({
      "pnpm-lock.yaml": "",
      ...Object.fromEntries(Object.entries(NEXT).map(([path, content]) => [`apps/web/${path}`, content])),
    });
    expect((await init(join(root, "apps/web"))).said).toContain("pnpm add chatkeep@");
  });
});

it("init does not read the settings of an app whose .env is about another database", () => {
  const folder = app({ ...NEXT, ".env": "DATABASE_URL=file:./dev.db\nPORT=auto\n" });
  const { stderr } = command(folder, { PATH: "/nowhere" });
  expect(stderr).toBe("npm cannot be run, so nothing was written: spawn npm ENOENT.\n");
});
