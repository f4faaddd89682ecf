import { chmodSync, cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { createHistory, ownerId } from "@chatkeep/core";
import { UNHURRIED, createDatabase } from "@chatkeep/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { runCommand } from "./command.ts";
import { installPacked } from "./installed.ts";
import { run, temporaryFolder } from "./packed.ts";

const folder = temporaryFolder();
const app = join(folder.path, "app");
const database = await createDatabase();
// The login of an application that owns its database: what it makes stands in `public`.
const login = `${database.name}_app`;
await database.pool.query(`create role ${login} login superuser password 'secret'`);
const url = Object.assign(new URL(database.url), { username: login, password: "secret" }).href;

/** Packages of one release have different last numbers. The engine's version ends with its commit. */
const PRISMA = "^7.10.0";
const ENGINE = "8.1.0-2.59be4fda12412a79eeb9c2ae727b6aa723593323";

/** Runs Prisma's command in the app. */
const prisma = (...args: readonly string[]): Promise<{ readonly stdout: string }> =>
  run(process.execPath, [join(app, "node_modules/prisma/build/index.js"), ...args], {
    cwd: app,
    env: {
      DATABASE_URL: url,
      PRISMA_SCHEMA_ENGINE_BINARY: join(app, "engine.mjs"),
      PRISMA_HIDE_UPDATE_MESSAGE: "1",
      // The engine is started by its first line.
      PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"]}`,
    },
  });

/** Everything in our schemas. */
async function ours(): Promise<unknown> {
  const { rows } = await database.pool.query(
    `select n.nspname, c.relname, c.relkind from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname like 'chatkeep%' order by 1, 2`,
  );
  return rows;
}

beforeAll(async () => {
  await installPacked(app, ["@chatkeep/adapters"], {
    others: {
      "@prisma/adapter-pg": PRISMA,
      "@prisma/client": PRISMA,
      "@prisma/driver-adapter-utils": PRISMA,
      "@prisma/schema-engine-wasm": ENGINE,
      pg: "^8.23.1",
      prisma: PRISMA,
    },
  });
  cpSync(fileURLToPath(new URL("fixtures/prisma-engine.mjs", import.meta.url)), join(app, "engine.mjs"));
  chmodSync(join(app, "engine.mjs"), 0o755);
  mkdirSync(join(app, "prisma"));
  const view = "prisma/chatkeep.prisma";
  cpSync(join(app, "node_modules/@chatkeep/adapters", view), join(app, view));
  writeFileSync(
    join(app, "prisma/schema.prisma"),
    `generator client {
  provider = "prisma-client"
  output = "../generated"
  previewFeatures = ["views"]
  importFileExtension = "ts"
  moduleFormat = "esm"
}
datasource db {
  provider = "postgresql"
  schemas = ["public", "chatkeep_views"]
}
model Note {
  id Int @id
  conversationId String @map("conversation_id")
  @@schema("public")
}
`,
  );
  writeFileSync(
    join(app, "prisma.config.ts"),
    `import { defineConfig } from "prisma/config";
export default defineConfig({ schema: "prisma", datasource: { url: process.env.DATABASE_URL } });
`,
  );
});
afterAll(async () => {
  folder.remove();
  await database.pool.query(`drop owned by ${login}; drop role ${login}`);
  await database.close();
});

describe("Prisma", () => {
  it("reads the views with its generated client", async () => {
    const history = createHistory({ ...UNHURRIED.history, pool: database.pool });
    const me = { kind: "user" as const, id: "ada" };
    await history.createConversation(me, { id: "c1", title: "Mine", metadata: { a: 1 } });
    await history.appendMessages(me, "c1", [
      { role: "user", content: "Hello" },
      { role: "assistant", content: "Hi.", usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } },
    ]);
    await history.close();
    await prisma("generate");
    writeFileSync(
      join(app, "read.ts"),
      `import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "./generated/client.ts";
const client = new PrismaClient({ adapter: new PrismaPg({ connectionString: process.env.DATABASE_URL }) });
const ownerId = process.argv[2];
const conversation = await client.chatkeepConversation.findUnique({ where: { ownerId_id: { ownerId, id: "c1" } } });
const messages = await client.chatkeepMessage.findMany({ where: { ownerId, isCurrent: true }, orderBy: { seq: "asc" } });
const usage = await client.chatkeepUsage.aggregate({ _sum: { totalTokens: true } });
const turns = await client.chatkeepTurn.count();
console.log(JSON.stringify({ conversation, messages, usage, turns }, (_, value) => (typeof value === "bigint" ? Number(value) : value)));
await client.$disconnect();
`,
    );
    const { stdout } = await run(process.execPath, ["read.ts", ownerId(me)], {
      cwd: app,
      env: { DATABASE_URL: url },
    });
    expect(JSON.parse(stdout)).toMatchObject({
      conversation: { id: "c1", title: "Mine", messageCount: 2, metadata: { a: 1 }, ownerKind: "user" },
      messages: [
        { seq: 1, content: "Hello" },
        { seq: 2, content: "Hi." },
      ],
      usage: { _sum: { totalTokens: 3 } },
      turns: 0,
    });
  });

  it("pushes, compares and pulls an application's own tables, and leaves Chatkeep's schemas alone", async () => {
    const before = await ours();
    expect((await prisma("db", "push")).stdout).toContain("now in sync");
    expect((await prisma("db", "push")).stdout).toContain("already in sync");
    const { rows } = await database.pool.query(`select to_regclass('public."Note"') is not null as made`);
    expect(rows).toEqual([{ made: true }]);
    await prisma("migrate", "diff", "--from-config-datasource", "--to-schema", "prisma", "--exit-code");
    const views = readFileSync(join(app, "prisma/chatkeep.prisma"), "utf8");
    const pulled = (await prisma("db", "pull", "--print")).stdout;
    for (const [view] of views.matchAll(/^view \w+ \{[\s\S]*?^\}/gm)) expect(pulled).toContain(view);
    expect(pulled.match(/^(model|view) \w+/gm)).toHaveLength(7);
    expect(await ours()).toEqual(before);
  });

  it("migrates an application's own tables, and leaves Chatkeep's schemas alone", async () => {
    const before = await ours();
    await database.pool.query('drop table public."Note"');
    await prisma("migrate", "dev", "--name", "notes");
    const [name] = readdirSync(join(app, "prisma/migrations"));
    const sql = readFileSync(join(app, "prisma/migrations", name!, "migration.sql"), "utf8");
    expect(sql.match(/^\w+ .*$/gm)).toEqual(['CREATE TABLE "Note" (']);
    expect((await prisma("migrate", "deploy")).stdout).toContain("No pending migrations");
    expect(await ours()).toEqual(before);
  });

  it("drops the views when it resets the database, and `chatkeep migrate --repair` makes them again", async () => {
    const before = await ours();
    await prisma("migrate", "reset", "--force");
    expect(await ours()).not.toEqual(before);
    const environment = { DATABASE_URL: database.url };
    expect((await runCommand(["migrate"], environment)).stderr).toContain("chatkeep migrate --repair");
    expect((await runCommand(["migrate", "--repair"], environment)).stdout).toContain("and whole");
    expect(await ours()).toEqual(before);
    expect((await database.pool.query("select content from chatkeep_views.messages")).rows).toHaveLength(2);
  });
});
