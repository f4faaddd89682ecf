import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Page } from "playwright-core";
import { expect, it } from "vitest";

import { nextCommand, startNext } from "./next-app.ts";
import { ask, openNextStage, shown } from "./next-page.ts";

const { folder, app, database, script, env, visit } = await openNextStage();

// A pool closes what is idle for 10 s. A change may take longer to compile; then one pool could not be told from two.
const noIdleTimeout = join(folder, "no-idle-timeout.mjs");
writeFileSync(
  noIdleTimeout,
  `const real = setTimeout;
   const patched = (run, ms, ...args) => real(run, ms === 10_000 ? 2 ** 31 - 1 : ms, ...args);
   globalThis.setTimeout = Object.defineProperties(patched, Object.getOwnPropertyDescriptors(real));`,
);

/** The connections of the app, and how many of them wait for a lock. */
async function connections(): Promise<{ all: number; waiting: number }> {
  const { rows } = await database.pool.query<{ wait_event_type: string | null }>(
    "select wait_event_type from pg_stat_activity where datname = $1 and application_name = 'chatkeep'",
    [database.name],
  );
  return {
    all: rows.length,
    waiting: rows.filter(({ wait_event_type: event }) => event === "Lock").length,
  };
}

/** Sends six requests that use a connection each at the same moment. */
async function useSixConnections(url: string, page: Page): Promise<void> {
  const [cookie] = await page.context().cookies();
  const send = (method: string, path: string, body: object): Promise<Response> =>
    fetch(`${url}/api/conversations${path}`, {
      method,
      headers: { cookie: `${cookie!.name}=${cookie!.value}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const { id } = (await (await send("POST", "", {})).json()) as { id: string };
  const client = await database.pool.connect();
  await client.query("begin");
  await client.query("select from chatkeep.conversations where id = $1 for update", [id]);
  const answers = Array.from({ length: 6 }, (_, index) => send("PATCH", `/${id}`, { title: `${index}` }));
  await expect.poll(connections).toMatchObject({ waiting: 6 });
  await client.query("rollback");
  client.release();
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(6).fill(200));
}

it.each(["turbopack", "webpack"])(
  "next dev with %s loads the mount again and again in the middle of an answer: no word is lost, and there is one pool",
  async (bundler) => {
    await using server = await startNext({
      folder: app,
      args: [nextCommand(app), "dev", `--${bundler}`],
      env: { ...env, NODE_OPTIONS: `--import=${noIdleTimeout}` },
    });
    const file = join(app, "lib/chatkeep.ts");
    const original = readFileSync(file, "utf8");
    const refusal = async (): Promise<unknown> =>
      ((await (await fetch(`${server.url}/api/conversations`)).json()) as { detail: unknown }).detail;
    const page = await visit(server.url, bundler);
    await ask(page, "What is it?");
    const answer = await script.answer("What is it?");
    answer.say("Once ");
    await expect.poll(() => shown(page)).toEqual(["What is it?", "Once "]);
    await useSixConnections(server.url, page);
    for (const edition of ["One.", "Two."]) {
      writeFileSync(file, original.replace("Sign in first.", edition));
      await expect.poll(refusal).toBe(edition);
      await useSixConnections(server.url, page);
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
    expect((await connections()).all).toBeLessThanOrEqual(10);
    writeFileSync(file, original);
  },
);
