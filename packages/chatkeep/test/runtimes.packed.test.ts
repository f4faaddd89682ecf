import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { createDatabase } from "@chatkeep/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { installPacked } from "./installed.ts";
import { REPOSITORY, publicPackages, run, temporaryFolder } from "./packed.ts";

const folder = temporaryFolder();
/** An app whose only packages of ours are `chatkeep`, the widget, React's and the adapters. */
const app = join(folder.path, "app");
/** Other Nodes and what compiles TypeScript. */
const tools = join(folder.path, "tools");
const tool = (name: string): string => join(tools, "node_modules", name);

beforeAll(async () => {
  const names = ["chatkeep", "@chatkeep/react", "@chatkeep/widget", "@chatkeep/adapters"];
  const others = {
    "@openai/agents": "*",
    "@types/node": "^24",
    "@types/react": "*",
    "@types/react-dom": "*",
    react: "*",
    "react-dom": "*",
    zod: "*",
  };
  const node = `node-${process.platform}-${process.arch}`;
  const versions = { node20: `npm:${node}@20`, node22: `npm:${node}@22`, esbuild: "*", tsx: "*" };
  await Promise.all([
    installPacked(app, names, { others }),
    installPacked(tools, [], { others: versions, allowScripts: ["esbuild"] }),
  ]);
});
afterAll(() => folder.remove());

/** What a host does: it mounts, migrates, asks and prints the answer. */
const HOST = `
  const pool = createPool(process.env.DATABASE_URL);
  const chatkeep = createChatkeep({
    pool,
    log: createLog({ level: "silent" }),
    authenticate: () => ({ kind: "user", id: "ada" }),
    async *responder({ question }) { yield "You asked: " + question.content; },
  });
  await chatkeep.migrate();
  const send = (path, body) => chatkeep.fetch(new Request("http://host.example" + path, {
    method: "POST", headers: { "content-type": "application/json", accept: "application/json" }, body: JSON.stringify(body),
  }));
  const { id } = await (await send("/api/conversations", {})).json();
  const { reply } = await (await send("/api/conversations/" + id + "/turns", { content: "Hi" })).json();
  console.log(reply.content);
  await chatkeep.close();
  await pool.end();
`;
const ESM = `import { createChatkeep, createLog, createPool } from "chatkeep";${HOST}`;
const CJS = `const { createChatkeep, createLog, createPool } = require("chatkeep");(async () => {${HOST}})();`;
/** As TypeScript of a CommonJS project: tsx makes \`require\` of its imports. */
const CTS = `import { createChatkeep, createLog, createPool } from "chatkeep";(async () => {${HOST}})();`;

function write(name: string, text: string): string {
  const file = join(app, name);
  writeFileSync(file, text);
  return file;
}

describe("a host of chatkeep's tarball answers", () => {
  const node24 = process.execPath;
  const esbuild = async (): Promise<string> => {
    const file = write("bundled.mjs", "");
    const flags = ["--bundle", "--platform=node", "--format=esm", "--log-level=error", `--outfile=${file}`];
    // esbuild's own advice for CommonJS packages in an ESM bundle.
    const banner =
      '--banner:js=import{createRequire}from"node:module";const require=createRequire(import.meta.url);';
    await run(
      join(tool(".bin"), "esbuild"),
      [write("entry.mjs", ESM), "--allow-overwrite", ...flags, banner],
      {
        cwd: app,
      },
    );
    return file;
  };
  it.for([
    ["as an ES module on Node 24", () => [node24, write("host.mjs", ESM)]],
    ["as an ES module on Node 22", () => [join(tool("node22"), "bin/node"), write("host.mjs", ESM)]],
    ["by require on Node 24", () => [node24, write("host.cjs", CJS)]],
    ["by require on Node 22", () => [join(tool("node22"), "bin/node"), write("host.cjs", CJS)]],
    [
      "by tsx in a CommonJS project",
      () => [node24, join(tool("tsx"), "dist/cli.mjs"), write("host.cts", CTS)],
    ],
    [
      "by tsx in an ES module project",
      () => [node24, join(tool("tsx"), "dist/cli.mjs"), write("host.ts", ESM)],
    ],
    ["bundled by esbuild", async () => [node24, await esbuild()]],
  ] as const)("%s", async ([, command]) => {
    await using database = await createDatabase({ contents: "empty" });
    const [file, ...args] = await command();
    const { stdout } = await run(file!, args, { cwd: app, env: { DATABASE_URL: database.url } });
    expect(stdout).toBe("You asked: Hi\n");
  });
});

describe("the command of chatkeep's tarball", () => {
  const bin = join(app, "node_modules/.bin/chatkeep");
  it("runs on Node 22 and 24, and tells Node 20 which one it needs", async () => {
    for (const node of [process.execPath, join(tool("node22"), "bin/node")])
      expect((await run(node, [bin, "--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    await expect(run(join(tool("node20"), "bin/node"), [bin, "--version"])).rejects.toThrow(
      /\nChatkeep needs Node 22\.18 or newer, and this is v20\.[^\n]+\.\n$/,
    );
  });

  it("is a library that tells Node 20 too", async () => {
    const host = run(join(tool("node20"), "bin/node"), [write("host.mjs", ESM)], {
      cwd: app,
      env: { DATABASE_URL: "postgres://host.invalid/database" },
    });
    await expect(host).rejects.toThrow(/TypeError: Chatkeep needs Node 22\.18 or newer, and this is v20\./);
  });

  it("tells without DATABASE_URL that the embedded PostgreSQL was left out", async () => {
    const place = join(folder.path, "lean");
    await installPacked(place, ["chatkeep"], { flags: ["--omit=optional"] });
    const lean = join(place, "node_modules/.bin/chatkeep");
    await expect(run(process.execPath, [lean, "migrate"], { cwd: place })).rejects.toThrow(
      /There is no embedded PostgreSQL .+ set DATABASE_URL .+ without --omit=optional\.\n$/,
    );
  });

  it("serves the API, its page and the widget from a database", async () => {
    await using database = await createDatabase({ contents: "empty" });
    const env = { DATABASE_URL: database.url };
    expect((await run(process.execPath, [bin, "migrate"], { cwd: app, env })).stdout).toMatch(/^The schema/);
    const program = write(
      "serve.mjs",
      `import { readEnvironment, serve } from "chatkeep/serve";
       import { createLog } from "chatkeep";
       const { url, close } = await serve(readEnvironment(), createLog({ level: "silent" }));
       const paths = ["/", "/widget.js", "/health", "/documents"];
       console.log(JSON.stringify(await Promise.all(paths.map(async (path) => (await fetch(url + path)).status))));
       await close(0);`,
    );
    const { stdout } = await run(process.execPath, [program], { cwd: app, env: { ...env, PORT: "0" } });
    expect(JSON.parse(stdout)).toEqual([200, 200, 200, 200]);
  });
});

describe("the types of the tarballs", () => {
  const readmes = publicPackages.flatMap(({ name, folder: place }) =>
    [...readFileSync(join(place, "README.md"), "utf8").matchAll(/^```(tsx?)\n([\s\S]*?)^```/gm)].map(
      ([, kind = "", code = ""], index) => [`${name.replace(/^@.*\//, "")}-${index}.${kind}`, code] as const,
    ),
  );
  const check = async (options: Record<string, unknown>, files: readonly string[]): Promise<string> => {
    const config = write(
      "tsconfig.json",
      JSON.stringify({
        compilerOptions: { noEmit: true, strict: true, target: "es2024", ...options },
        files,
      }),
    );
    return (await run(join(REPOSITORY, "node_modules/.bin/tsc"), ["--project", config], { cwd: app })).stdout;
  };
  const base = { jsx: "react-jsx", lib: ["es2024", "esnext", "dom", "dom.iterable"], types: ["node"] };

  it.for([
    ["bundler", { module: "esnext", moduleResolution: "bundler" }],
    ["node16", { module: "node16", moduleResolution: "node16" }],
  ] as const)("hold for every README, with module resolution %s", async ([, options]) => {
    // Vite and Next.js declare style sheets in every app.
    const css = write("css.d.ts", 'declare module "*.css";');
    const files = [css, ...readmes.map(([name, code]) => write(name, code))];
    expect(await check({ ...base, ...options, skipLibCheck: true }, files)).toBe("");
  });

  it("hold in a CommonJS file, and those of the driver are there", async () => {
    const code = `import { createChatkeep, createPool } from "chatkeep";
      export const create: typeof createChatkeep = createChatkeep;
      // @ts-expect-error -- It is a number where the types of pg are found, and any where they are not.
      export const text: string = createPool("postgres://host/db").totalCount;`;
    const files = [write("typed.cts", code), write("typed.mts", code)];
    expect(await check({ ...base, module: "nodenext", skipLibCheck: true }, files)).toBe("");
  });
});

it("Vite builds a page with the components and the widget, without configuration", async () => {
  const readme = readFileSync(join(REPOSITORY, "packages/react/README.md"), "utf8");
  const [, component = ""] = /^```tsx\n([\s\S]*?)^```/m.exec(readme) ?? [];
  write("Chapter.tsx", component);
  write(
    "main.tsx",
    'import "@chatkeep/widget"; import { Chapter } from "./Chapter.tsx"; console.log(Chapter);',
  );
  write("index.html", '<!doctype html><script type="module" src="./main.tsx"></script>');
  const { stdout } = await run(join(REPOSITORY, "node_modules/.bin/vite"), ["build"], { cwd: app });
  expect(stdout).toMatch(/dist\/assets\/index-[^ ]+\.js/);
  expect(stdout).toMatch(/dist\/assets\/index-[^ ]+\.css/);
});
