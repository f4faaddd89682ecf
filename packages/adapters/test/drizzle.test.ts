import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import { conversations, defineViews, messages, turns, usage } from "@chatkeep/adapters/drizzle";
import { createHistory, ownerId } from "@chatkeep/core";
import { UNHURRIED, createDatabase, fileDatabase } from "@chatkeep/testing";
import { and, asc, eq, getViewName, getViewSelectedFields } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { expect, test } from "vitest";

const database = await fileDatabase();

/** The columns of the views in the database. */
async function columnsOf(): Promise<Record<string, string[]>> {
  const { rows } = await database.pool.query<{ view: string; columns: string[] }>(
    `select c.relname as view, json_agg(a.attname order by a.attnum) as columns
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
     where c.relnamespace = 'chatkeep_views'::regnamespace and c.relkind = 'v' group by c.relname`,
  );
  return Object.fromEntries(rows.map(({ view, columns }) => [view, columns]));
}

test("Drizzle reads the views, with their columns and types", async () => {
  const history = createHistory({ ...UNHURRIED.history, pool: database.pool });
  const me = { kind: "user" as const, id: "ada" };
  await history.createConversation(me, { id: "c1", title: "Mine", metadata: { a: 1 }, tags: ["work"] });
  await history.appendMessages(me, "c1", [
    { role: "user", content: "Hello" },
    { role: "assistant", content: "Hi.", usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } },
  ]);
  await history.close();
  const db = drizzle(database.pool);
  const [conversation] = await db
    .select()
    .from(conversations)
    .where(eq(conversations.ownerId, ownerId(me)));
  expect(conversation).toMatchObject({
    id: "c1",
    title: "Mine",
    messageCount: 2,
    metadata: { a: 1 },
    ownerKind: "user",
    tags: ["work"],
    expiresAt: null,
  });
  expect(conversation!.createdAt).toBeInstanceOf(Date);
  const said: { content: string }[] = await db
    .select({ content: messages.content })
    .from(messages)
    .where(and(eq(messages.conversationId, "c1"), eq(messages.isCurrent, true)))
    .orderBy(asc(messages.seq));
  expect(said).toEqual([{ content: "Hello" }, { content: "Hi." }]);
  expect(await db.select({ total: usage.totalTokens }).from(usage)).toEqual([{ total: 3 }]);
  expect(await db.select().from(turns)).toEqual([]);
});

test("Drizzle's and Prisma's definitions have the columns of the database", async () => {
  const views = await columnsOf();
  const defined = Object.values(defineViews()).map((view) => {
    const fields = Object.values(getViewSelectedFields(view)) as unknown as { name: string }[];
    return [getViewName(view), fields.map((field) => field.name)];
  });
  expect(Object.fromEntries(defined)).toEqual(views);
  const prisma = readFileSync(
    createRequire(import.meta.url).resolve("@chatkeep/adapters/prisma/chatkeep.prisma"),
    "utf8",
  );
  const blocks = [...prisma.matchAll(/^view \w+ \{\n([\s\S]*?)\n\n[\s\S]*?@@map\("(\w+)"\)/gm)];
  const fields = blocks.map(([, lines, name]) => [
    name,
    lines!.split("\n").map((line) => /@map\("(\w+)"\)/.exec(line)?.[1] ?? line.trim().split(" ")[0]),
  ]);
  expect(Object.fromEntries(fields)).toEqual(views);
});

test("drizzle-kit pushes an application's own tables and leaves Chatkeep's schemas alone", async () => {
  await using own = await createDatabase();
  // The login of an application that owns its database: what it makes stands in `public`.
  const login = `${own.name}_app`;
  await own.pool.query(`create role ${login} login superuser password 'secret'`);
  const url = new URL(own.url);
  url.username = login;
  url.password = "secret";
  const folder = mkdtempSync(join(import.meta.dirname, "drizzle-"));
  try {
    writeFileSync(
      join(folder, "schema.ts"),
      `import { pgTable, text, uuid } from "drizzle-orm/pg-core";
       export { conversations, messages, turns, usage } from "${new URL("../src/drizzle.ts", import.meta.url).pathname}";
       export const notes = pgTable("notes", { ownerId: uuid("owner_id"), conversationId: text("conversation_id") });`,
    );
    writeFileSync(
      join(folder, "drizzle.config.json"),
      JSON.stringify({ dialect: "postgresql", schema: "./schema.ts", dbCredentials: { url: url.href } }),
    );
    const objects = async (): Promise<unknown> =>
      (
        await own.pool.query(
          `select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname like 'chatkeep%' order by 1, 2`,
        )
      ).rows;
    const before = await objects();
    const program = join(dirname(createRequire(import.meta.url).resolve("drizzle-kit")), "bin.cjs");
    const push = () =>
      promisify(execFile)(process.execPath, [program, "push", "--force", "--config=drizzle.config.json"], {
        cwd: folder,
      });
    await push();
    expect((await push()).stdout).toContain("No changes detected");
    expect(await objects()).toEqual(before);
    expect((await own.pool.query("select to_regclass('public.notes') is not null as made")).rows).toEqual([
      { made: true },
    ]);
  } finally {
    rmSync(folder, { recursive: true });
    await own.pool.query(`drop owned by ${login}; drop role ${login}`);
  }
});
