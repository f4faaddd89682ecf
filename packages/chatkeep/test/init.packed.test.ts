import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { type ModelRequest, createDatabase, openBrowser, startModel } from "@chatkeep/testing";
import { checkMount, startHost } from "@chatkeep/testing/host";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { REPOSITORY, run, temporaryFolder } from "./packed.ts";
import { type Registry, startRegistry } from "./registry.ts";

const folder = temporaryFolder();
const database = await createDatabase({ contents: "empty" });
const model = await startModel({ reply: ({ body }) => ({ steps: [`You said “${lastOf(body)}”.`] }) });
const env = { DATABASE_URL: database.url, OPENAI_API_KEY: "a key", OPENAI_BASE_URL: model.url };
let registry: Registry;
beforeAll(async () => {
  registry = await startRegistry(join(folder.path, "npm"));
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await model.close();
  folder.remove();
  await database.close();
});

function lastOf({ messages }: ModelRequest["body"]): string {
  const content = messages.at(-1)?.content;
  return typeof content === "string" ? content : (content as { text: string }[])[0]!.text;
}

/** Makes an app, and runs `chatkeep init` in it. */
async function initialized(
  name: string,
  manifest: object,
  files: Readonly<Record<string, string>> = {},
): Promise<{ readonly app: string; readonly said: string }> {
  const app = join(folder.path, name);
  mkdirSync(join(app, "src"), { recursive: true });
  writeFileSync(join(app, "package.json"), JSON.stringify({ private: true, ...manifest }));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(app, path), text);
  const { stdout } = await run("npx", ["chatkeep", "init"], { cwd: app, env: registry.env });
  return { app, said: stdout };
}

/** The lines of what it leaves to a person, that begin so. */
function lines(said: string, begin: string): string[] {
  const added = said.split("\n").filter((line) => line.startsWith("+ "));
  return added.map((line) => line.slice(2)).filter((line) => line.startsWith(begin));
}

/** Starts an app, checks its mount, and gives the status of the widget's script. */
async function widgetOf(app: string, file: string, path = ""): Promise<number> {
  await using host = await startHost([process.execPath, file], { cwd: app, env });
  await checkMount(host.url + path);
  return (await fetch(`${host.url + path}/widget.js`)).status;
}

describe("init in an Express app", () => {
  const START = "app.get('/', (_, response) => void response.send('here'));\napp.listen(process.env.PORT);\n";

  it("writes a handler that answers, by the lines that it leaves to a person", async () => {
    const { app, said } = await initialized("commonjs", { dependencies: { express: "^5.0.0" } });
    const [load] = lines(said, "const");
    const [use] = lines(said, "app.use");
    const own = `${load}\nconst app = require("express")();\n${use}\n${START}`;
    writeFileSync(join(app, "index.js"), own);
    expect(await widgetOf(app, "index.js", "/chatkeep")).toBe(200);
  });

  it("is as short as the README says, by hand", async () => {
    const readme = readFileSync(join(REPOSITORY, "README.md"), "utf8");
    const [, code = ""] = /^```js\n([\s\S]*?)^```/m.exec(readme) ?? [];
    expect(code).toContain("app.use");
    expect(code.trim().split("\n").length).toBeLessThanOrEqual(10);
    const app = join(folder.path, "commonjs");
    const own = `import express from "express";\nconst app = express();\n${code}\n${START}`;
    writeFileSync(join(app, "readme.mjs"), own);
    expect(await widgetOf(app, "readme.mjs", "/chatkeep")).toBe(200);
  });
});

describe("init in a Vite app with React", () => {
  const compiler = {
    target: "es2023",
    lib: ["es2023", "dom", "dom.iterable"],
    module: "esnext",
    moduleResolution: "bundler",
    jsx: "react-jsx",
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ["node"],
  };
  const files = {
    "tsconfig.json": JSON.stringify({ compilerOptions: compiler, include: ["src", "chatkeep.ts"] }),
    "index.html": '<div id="root"></div><script type="module" src="/src/main.tsx"></script>',
    "src/main.tsx":
      'import { createRoot } from "react-dom/client";\nimport Chat from "./Chat";\ncreateRoot(document.querySelector("#root")!).render(<Chat />);\n',
  };

  it.each([5, 6, 7])("and version %i of the AI SDK writes a page whose chat is kept", async (version) => {
    const { app, said } = await initialized(
      `vite-${version}`,
      {
        type: "module",
        dependencies: { ai: `^${version}.0.0`, react: "^19.0.0", "react-dom": "^19.0.0" },
        devDependencies: {
          "@types/node": "^24.0.0",
          "@types/react": "^19.0.0",
          "@types/react-dom": "^19.0.0",
          typescript: "^5.9.0",
          vite: "^8.0.0",
        },
      },
      files,
    );
    await run(join(app, "node_modules/.bin/tsc"), ["-p", "."], { cwd: app });
    expect(await widgetOf(app, "chatkeep.ts")).toBe(404);

    await using server = await startHost([process.execPath, "chatkeep.ts"], { cwd: app, env });
    const [proxy = ""] = lines(said, "server:");
    expect(proxy).toContain("http://127.0.0.1:3001");
    writeFileSync(
      join(app, "vite.config.js"),
      `export default {
  ${proxy.replace("http://127.0.0.1:3001", server.url)}
  preview: { host: "127.0.0.1", port: Number(process.env.PORT) },
};
`,
    );
    const vite = join(app, "node_modules/.bin/vite");
    await run(vite, ["build"], { cwd: app, env: { NODE_ENV: "production" } });
    await using site = await startHost([vite, "preview"], { cwd: app, env: {} });
    await using browser = await openBrowser();
    const page = await browser.newPage();
    await page.goto(site.url);
    await page.getByLabel("Your question").fill("Is it kept?");
    await page.getByRole("button", { name: "Send" }).click();
    const shown = (): Promise<string[]> => page.locator("main p span").allTextContents();
    const whole = ["Is it kept?", "You said “Is it kept?”."];
    await expect.poll(shown).toEqual(whole);
    await page.reload();
    await expect.poll(shown).toEqual(whole);
  });
});
