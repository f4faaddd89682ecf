import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { createDatabase } from "@chatkeep/testing";
import { checkMount, startHost } from "@chatkeep/testing/host";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { installPacked } from "./installed.ts";
import { REPOSITORY, run, temporaryFolder } from "./packed.ts";

const folder = temporaryFolder();
const app = join(folder.path, "app");
const bin = (name: string): string => join(app, "node_modules/.bin", name);
const PAGE = "The host's own page";

/** What an example depends on, but for our packages. */
function dependenciesOf(example: string): Record<string, string> {
  const manifest = readFileSync(join(REPOSITORY, "examples", example, "package.json"), "utf8");
  const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> };
  return Object.fromEntries(Object.entries(dependencies).filter(([name]) => !/^@?chatkeep/.test(name)));
}

beforeAll(async () => {
  const hosts = dependenciesOf("hosts");
  const frameworks = Object.fromEntries(FRAMEWORKS.map((name) => [name, hosts[name]!]));
  await installPacked(app, ["chatkeep"], {
    others: { ...frameworks, ...dependenciesOf("nuxt"), bun: "*" },
    allowScripts: ["bun"],
  });
  for (const name of ["chatkeep", "express", "fastify", "hono", "node", "bun"])
    cpSync(join(REPOSITORY, `examples/hosts/${name}.ts`), join(app, `${name}.ts`));
});
afterAll(() => folder.remove());

const FRAMEWORKS = ["@hono/node-server", "express", "fastify", "hono"];

describe("installed from tarballs, a host", () => {
  it.each([
    ["Express", "/assistant", process.execPath, "express.ts"],
    ["Fastify", "", process.execPath, "fastify.ts"],
    ["Hono", "", process.execPath, "hono.ts"],
    ["node:http", "", process.execPath, "node.ts"],
    ["Bun", "", bin("bun"), "bun.ts"],
    ["Express on Bun", "/assistant", bin("bun"), "express.ts"],
  ])("of %s serves Chatkeep beside its own page", async (_, path, program, file) => {
    await using database = await createDatabase({ contents: "empty" });
    await using host = await startHost([program, file], { cwd: app, env: { DATABASE_URL: database.url } });
    expect(host.page).toBe(PAGE);
    await checkMount(host.url + path);
  });

  it.each([
    ["Nuxt", "nuxi", {}],
    [
      "Nitro without Nuxt",
      "nitropack",
      {
        "nitro.config.ts": 'export default { srcDir: "server", compatibilityDate: "2026-11-01" };\n',
        "server/routes/index.ts": `export default defineEventHandler(() => "${PAGE}");\n`,
      },
    ],
  ])("of %s serves Chatkeep from its build, moved to another folder", async (_, program, files) => {
    const host = join(app, program);
    cpSync(join(REPOSITORY, "examples/nuxt"), host, { recursive: true });
    mkdirSync(join(host, "server/routes"));
    for (const [path, text] of Object.entries(files)) writeFileSync(join(host, path), text);
    await run(bin(program), ["build"], {
      cwd: host,
      env: { NODE_ENV: "production", NUXT_TELEMETRY_DISABLED: "1" },
    });
    const moved = join(folder.path, program);
    cpSync(join(host, ".output"), moved, { recursive: true });
    await using database = await createDatabase({ contents: "empty" });
    await using server = await startHost([process.execPath, join(moved, "server/index.mjs")], {
      cwd: moved,
      env: { DATABASE_URL: database.url },
    });
    expect(server.page.replace("&#39;", "'")).toContain(PAGE);
    await checkMount(server.url);
  });

  it("of none: `chatkeep serve` serves on Bun", async () => {
    await using database = await createDatabase({ contents: "empty" });
    const responder = join(app, "responder.mjs");
    writeFileSync(
      responder,
      "export default async function* ({ question }) { yield `You said “${question.content}”.`; }",
    );
    const program = join(app, "node_modules/chatkeep/dist/bin.js");
    await using host = await startHost([bin("bun"), program, "serve"], {
      cwd: app,
      env: { DATABASE_URL: database.url, CHATKEEP_RESPONDER: responder },
    });
    expect(host.page).toContain("<html");
    await checkMount(host.url);
    expect(await host.stop()).toBe(0);
  });
});
