import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type NextServer, buildNext, nextCommand, startNext } from "./next-app.ts";
import { ask, openNextStage, reloadInAnswer, shown } from "./next-page.ts";

const { app, script, env, visit } = await openNextStage();
await buildNext(app);

/** `next start` on the build. */
const start = (): Promise<NextServer> => startNext({ folder: app, args: [nextCommand(app), "start"], env });

describe("the Next.js example, built with Turbopack and started", () => {
  let server: NextServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it("streams an answer, goes on with it after a reload in its middle, and keeps it", async () => {
    const page = await visit(server.url, "ada");
    const answer = await reloadInAnswer(page, script);
    answer.say("upon a time.");
    await expect.poll(() => shown(page)).toEqual(["What is it?", "Once upon a time."]);
    answer.end();
    await page.getByRole("button", { name: "Stop" }).waitFor({ state: "detached" });
    await page.reload();
    expect(await shown(page)).toEqual(["What is it?", "Once upon a time."]);
  });

  it("stops the model when somebody stops the answer, and keeps what was shown", async () => {
    const page = await visit(server.url, "bob");
    await ask(page, "Tell me all");
    const answer = await script.answer("Tell me all");
    answer.say("First");
    await expect.poll(() => shown(page)).toEqual(["Tell me all", "First"]);
    await page.getByRole("button", { name: "Stop" }).click();
    expect(await answer.request.ended).toBe("aborted");
    await page.reload();
    expect(await shown(page)).toEqual(["Tell me all", "First"]);
  });

  it("answers again, and asks an edited question in the place of the first", async () => {
    const page = await visit(server.url, "carol");
    await ask(page, "One?");
    (await script.answer("One?")).end("1");
    await expect.poll(() => shown(page)).toEqual(["One?", "1"]);
    await page.getByRole("button", { name: "Answer again" }).click();
    (await script.answer("One?")).end("uno");
    await expect.poll(() => shown(page)).toEqual(["One?", "uno"]);
    await page.getByRole("button", { name: "Edit" }).click();
    await ask(page, "Two?");
    const edited = await script.answer("Two?");
    expect(edited.request.body.messages.map(({ content }) => content)).toEqual(["Two?"]);
    edited.end("2");
    await expect.poll(() => shown(page)).toEqual(["Two?", "2"]);
    await page.reload();
    expect(await shown(page)).toEqual(["Two?", "2"]);
  });

  it("shows a running answer on the same person's second device, and nothing of it to anybody else", async () => {
    const first = await visit(server.url, "dora");
    await ask(first, "A secret?");
    const answer = await script.answer("A secret?");
    answer.say("Yes, ");
    await expect.poll(() => shown(first)).toEqual(["A secret?", "Yes, "]);
    const [second, other] = [await visit(server.url, "dora"), await visit(server.url, "eve")];
    await expect.poll(() => shown(second)).toEqual(["A secret?", "Yes, "]);
    answer.end("one.");
    await expect.poll(() => shown(second)).toEqual(["A secret?", "Yes, one."]);
    expect(await shown(other)).toEqual([]);

    const path = await first.evaluate(async () => {
      const { conversations } = (await (await fetch("/api/conversations")).json()) as {
        conversations: readonly { id: string }[];
      };
      return `/api/conversations/${conversations[0]!.id}/messages`;
    });
    expect(await statusOf(first, path)).toBe(200);
    expect(await statusOf(other, path)).toBe(403);
    expect((await fetch(server.url + path)).status).toBe(401);
    // "dora" as the cookie says it, with another signature.
    expect((await fetch(server.url + path, { headers: { cookie: "user=dora.AAAA" } })).status).toBe(401);
  });
});

describe("an instance that its platform freezes in the middle of an answer", () => {
  it("leaves the words to another one, which ends the answer; thawed, it adds nothing, tells its reader, and serves on", async () => {
    await using frozen = await start();
    await using other = await start();
    const reader = await visit(frozen.url, "fay");
    await ask(reader, "How long?");
    const answer = await script.answer("How long?");
    answer.say("Half ");
    await expect.poll(() => shown(reader)).toEqual(["How long?", "Half "]);
    frozen.kill("SIGSTOP");
    answer.say("a life.");

    // It follows the answer until the lease of the frozen one has ended.
    const elsewhere = await visit(other.url, "fay");
    await expect.poll(() => shown(elsewhere)).toEqual(["How long?", "Half "]);
    await elsewhere.getByRole("alert").waitFor();
    await ask(elsewhere, "And now?");
    (await script.answer("And now?")).end("Now.");
    const all = ["How long?", "Half ", "And now?", "Now."];
    await expect.poll(() => shown(elsewhere)).toEqual(all);

    frozen.kill("SIGCONT");
    await reader.getByRole("alert").waitFor();
    expect(await shown(reader)).toEqual(["How long?", "Half "]);
    for (const page of [reader, elsewhere]) {
      await page.reload();
      expect(await shown(page)).toEqual(all);
    }
    await ask(reader, "Again?");
    (await script.answer("Again?")).end("Again.");
    await expect.poll(() => shown(reader)).toEqual([...all, "Again?", "Again."]);
  });
});

function statusOf(page: Page, path: string): Promise<number> {
  return page.evaluate(async (address) => (await fetch(address)).status, path);
}
