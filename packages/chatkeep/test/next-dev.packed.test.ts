import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, it } from "vitest";

import { nextCommand, startNext } from "./next-app.ts";
import { ask, openNextStage, shown } from "./next-page.ts";

const { app, database, script, env, visit } = await openNextStage();

it.each(["--turbopack", "--webpack"])(
  "next dev %s loads the mount again and again in the middle of an answer: no word is lost, and there is one pool",
  async (bundler) => {
    await using server = await startNext({ folder: app, args: [nextCommand(app), "dev", bundler], env });
    const file = join(app, "lib/chatkeep.ts");
    const original = readFileSync(file, "utf8");
    const edit = async (edition: string): Promise<void> => {
      writeFileSync(file, original.replace("Sign in first.", edition));
      const refusal = async () =>
        ((await (await fetch(`${server.url}/api/conversations`)).json()) as { detail: string }).detail;
      await expect.poll(refusal).toBe(edition);
    };
    const name = bundler.slice(2);
    const page = await visit(server.url, name);
    await ask(page, "What is it?");
    const answer = await script.answer("What is it?");
    answer.say("Once ");
    await expect.poll(() => shown(page)).toEqual(["What is it?", "Once "]);
    for (const edition of ["One.", "Two."]) {
      await edit(edition);
      // As many as a pool has connections, and more.
      await page.evaluate(() => Promise.all(Array.from({ length: 20 }, () => fetch("/api/conversations"))));
    }
    answer.say("upon ");
    await expect.poll(() => shown(page)).toEqual(["What is it?", "Once upon "]);
    await page.reload();
    await expect.poll(() => shown(page)).toEqual(["What is it?", "Once upon "]);
    answer.end("a time.");
    await expect.poll(() => shown(page)).toEqual(["What is it?", "Once upon a time."]);
    await page.getByRole("button", { name: "Stop" }).waitFor({ state: "detached" });
    await page.reload();
    expect(await shown(page)).toEqual(["What is it?", "Once upon a time."]);
    const { rows } = await database.pool.query(
      "select from pg_stat_activity where datname = $1 and application_name = 'chatkeep'",
      [database.name],
    );
    expect(rows.length).toBeLessThanOrEqual(10);
    writeFileSync(file, original);
  },
);
