import { cpSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, expect, it } from "vitest";

import { type NextServer, buildNext, startNext } from "./next-app.ts";
import { openNextStage, reloadInAnswer, shown } from "./next-page.ts";

const { folder, app, script, env, visit } = await openNextStage();
const protocol = join(app, "node_modules/@chatkeep/protocol");
let server: NextServer;

beforeAll(async () => {
  writeFileSync(join(app, "next.config.mjs"), 'export default { output: "standalone" };');
  // As npm leaves it where another package asks for another version.
  cpSync(protocol, join(app, "node_modules/@chatkeep/server/node_modules/@chatkeep/protocol"), {
    recursive: true,
  });
  await buildNext(app, "--webpack");
  const moved = join(folder, "moved");
  cpSync(join(app, ".next/standalone"), moved, { recursive: true });
  cpSync(join(app, ".next/static"), join(moved, ".next/static"), { recursive: true });
  server = await startNext({ folder: moved, args: ["server.js"], env });
});
afterAll(() => server[Symbol.asyncDispose]());

it("built with webpack as standalone, and moved, it makes the tables, streams an answer, and keeps it", async () => {
  const page = await visit(server.url, "ada");
  const answer = await reloadInAnswer(page, script);
  answer.end("upon a time.");
  await expect.poll(() => shown(page)).toEqual(["What is it?", "Once upon a time."]);
  expect(await (await fetch(`${server.url}/api/ready`)).json()).toEqual({ ready: true });
});

it("an error of one copy of the protocol is known by the other in the same bundle", async () => {
  const chunks = globSync(".next/server/**/*.js", { cwd: app }).map((file) =>
    readFileSync(join(app, file), "utf8"),
  );
  const copies = chunks.map((code) => code.split('Symbol.for("chatkeep.error")').length - 1);
  expect(Math.max(...copies)).toBe(2);
  const response = await fetch(`${server.url}/api/conversations`);
  expect([response.status, await response.json()]).toMatchObject([401, { detail: "Sign in first." }]);
});
