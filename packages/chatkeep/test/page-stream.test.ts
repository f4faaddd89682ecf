import { fileDatabase } from "@chatkeep/testing";
import { axeViolations, watch } from "@chatkeep/testing/page";
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";

import { PHONE, type Stage, conversationOf, openStage } from "./page-stage.ts";
import { answered, ask, longConversation, readTranscript } from "./page-view.ts";

const database = await fileDatabase();
const stage: Stage = await openStage(database.url);
afterAll(() => stage[Symbol.asyncDispose]());
const { script, history } = stage;

const place = (page: Page): Promise<number> =>
  page.locator(".ck-scroll").evaluate((element) => element.scrollTop);
const gap = (page: Page): Promise<number> =>
  page
    .locator(".ck-scroll")
    .evaluate((element) => Math.round(element.scrollHeight - element.clientHeight - element.scrollTop));

test("an answer grows before the reader's eyes; the status node says two things in 300 pieces", async () => {
  await using visit = await stage.visit();
  const { page } = visit;
  await page.evaluate(() => {
    const said: string[] = [];
    Object.assign(globalThis, { said });
    const node = document.querySelector(".ck-thread > output");
    new MutationObserver(() => said.push(node?.textContent ?? "")).observe(node as Node, {
      characterData: true,
      childList: true,
      subtree: true,
    });
  });
  await page.getByLabel("Your question").fill("Count to 300");
  await page.keyboard.press("Enter");
  const run = await script.started(await conversationOf(page));
  await run.emit("0 ");
  await page.getByText("Generating").waitFor();
  for (let count = 1; count <= 300; count++) await run.emit(`${count} `);
  run.finish();
  await answered(page, 1);
  expect((await readTranscript(page))[1]?.text).toContain("299 300");
  const said = await page.evaluate(() => (globalThis as unknown as { said: string[] }).said);
  expect(said.filter((text) => text !== "")).toEqual(["Generating", "Answer ready"]);
  expect(await page.locator("[aria-live], [role=log]").count()).toBe(0);
});

test("the end is kept in sight within 32 pixels of it only; any movement up lets go at once", async () => {
  const { owner, id } = await longConversation(history, 40);
  await using visit = await stage.visit({ owner, path: `/?c=${id}` });
  const { page } = visit;
  await page.getByText("Message 39.").waitFor();
  await expect.poll(() => gap(page)).toBe(0);
  await ask(page, "Tell me");
  const run = await script.started(id);
  await run.emit("It begins.\n\n");
  await page.getByText("It begins.").waitFor();
  await expect.poll(() => gap(page)).toBe(0);

  await page.mouse.move(700, 300);
  await page.mouse.wheel(0, -20);
  await expect.poll(() => gap(page)).toBe(20);
  const held = await place(page);
  for (let count = 0; count < 200; count++) await run.emit(`Line ${count}.\n\n`);
  await page.getByText("Line 199.").waitFor();
  expect(await place(page)).toBe(held);

  await page.getByRole("button", { name: "Jump to latest" }).click();
  await expect.poll(() => gap(page)).toBe(0);
  await run.emit("And on.\n\n");
  await page.getByText("And on.").waitFor();
  await expect.poll(() => gap(page)).toBe(0);
  run.finish();
});

test.each(["at the top", "a little below it", "while an answer grows"])(
  "older messages come without moving what is read: %s",
  async (where) => {
    const { owner, id } = await longConversation(history, 180);
    await using visit = await stage.visit({ owner, path: `/?c=${id}` });
    const { page } = visit;
    await page.getByText("Message 179.").waitFor();
    let growing: Promise<unknown> = Promise.resolve();
    if (where === "while an answer grows") {
      await ask(page, "Go on");
      const run = await script.started(id);
      await run.emit("It grows.\n\n");
      await page.getByText("It grows.").waitFor();
      growing = (async () => {
        for (let count = 0; count < 100; count++) await run.emit(`Line ${count}.\n\n`);
        run.finish();
      })();
    }
    // By the wheel, as a reader does: a page that is still being laid out keeps to its end otherwise.
    await page.mouse.move(700, 300);
    await page.mouse.wheel(0, -400);
    await page.getByRole("button", { name: "Jump to latest" }).waitFor();
    const drift = await page.locator(".ck-scroll").evaluate(
      async (container, top) => {
        const column = container.firstElementChild as Element;
        const first = column.querySelector("article") as Element;
        const before = (): number => first.getBoundingClientRect().top;
        const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
        container.scrollTop = top;
        await frame();
        const seen = before();
        while (column.querySelector("article") === first) await frame();
        await frame();
        return Math.abs(before() - seen);
      },
      where === "at the top" ? 0 : 250,
    );
    expect(drift).toBeLessThanOrEqual(1);
    await growing;
  },
);

test("a draft is each conversation's own, over a reload too; the composer is not blocked by an answer", async () => {
  await using visit = await stage.visit();
  const { page } = visit;
  const field = page.getByLabel("Your question");
  await ask(page, "About A");
  const a = await conversationOf(page);
  const run = await script.started(a);
  await field.fill("a draft in A");
  await page.getByRole("button", { name: "New conversation", exact: true }).click();
  await page.getByText("What would you like to know?").waitFor();
  expect(await field.inputValue()).toBe("");
  await field.fill("a draft in a new one");
  await page.reload();
  await expect.poll(() => field.inputValue()).toBe("a draft in a new one");
  await ask(page, "About B");
  await page.waitForURL((url) => url.searchParams.get("c") !== a && url.searchParams.has("c"));
  const other = await script.started(await conversationOf(page));
  await run.emit("Late, for A.");
  await other.emit("For B.");
  other.finish();
  await answered(page, 1);
  expect((await readTranscript(page)).map(({ text }) => text).join(" ")).not.toContain("Late");
  run.finish();
  await page.getByRole("link", { name: "About A" }).click();
  await page.getByText("Late, for A.").waitFor();
  expect(await field.inputValue()).toBe("a draft in A");
});

test("Enter during a composition sends nothing", async () => {
  await using visit = await stage.visit();
  const { page } = visit;
  const field = page.getByLabel("Your question");
  await field.fill("にほん");
  await field.evaluate((element) => {
    const press = (init: KeyboardEventInit): boolean =>
      element.dispatchEvent(
        new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...init }),
      );
    press({ isComposing: true });
    press({ keyCode: 229 });
    element.dispatchEvent(new CompositionEvent("compositionstart", { bubbles: true }));
    element.dispatchEvent(new CompositionEvent("compositionend", { bubbles: true, data: "日本" }));
    press({});
  });
  expect(await field.inputValue()).toBe("にほん");
  expect(new URL(page.url()).search).toBe("");
  await page.keyboard.press("Shift+Enter");
  expect(await field.inputValue()).toBe("にほん\n");
});

test("Stop, with the button, with Escape, and of an answer that was begun before a reload", async () => {
  await using visit = await stage.visit();
  const { page } = visit;
  await ask(page, "For ever");
  const id = await conversationOf(page);
  const run = await script.started(id);
  await run.emit("For ever and");
  await page.getByText("For ever and").waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await run.aborted;
  await page.getByText("Stopped", { exact: true }).nth(1).waitFor();
  await ask(page, "Once more");
  const again = await script.started(id);
  await again.emit("Once");
  await page.getByText("Once", { exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await again.aborted;
  await ask(page, "And again");
  const last = await script.started(id);
  await last.emit("Here");
  await page.getByText("Here", { exact: true }).waitFor();
  await page.reload();
  await page.getByText("Here", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await last.aborted;
  await page.reload();
  await expect.poll(() => page.locator("article[data-status=stopped]").count()).toBe(3);
});

test("without a network a banner says so, the question waits, and it is sent once when the network returns", async () => {
  await using visit = await stage.visit();
  const { page } = visit;
  await page.getByText("What would you like to know?").waitFor();
  await page.context().setOffline(true);
  await page.getByText("You are offline.").waitFor();
  await ask(page, "Are you there?");
  await page.locator("article[data-delivery=sending]").waitFor();
  expect(await axeViolations(page)).toEqual([]);
  const id = await conversationOf(page);
  await page.context().setOffline(false);
  const run = await script.started(id);
  await run.emit("I am.");
  run.finish();
  await answered(page, 1);
  await page.getByText("You are offline.").waitFor({ state: "detached" });
  expect(await readTranscript(page)).toHaveLength(2);
  expect(script.calls(id)).toBe(1);
});

test("a question that cannot be sent keeps its text, can be edited and retried", async () => {
  await using visit = await stage.visit({
    prepare: async (page) => page.route("**/turns", (route) => route.abort()),
  });
  const { page } = visit;
  await ask(page, "Are you there?");
  await page.getByText("Not sent.").waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await page.getByRole("button", { name: "Edit" }).click();
  await expect.poll(() => page.getByLabel("Your question").inputValue()).toBe("Are you there?");
  await page.keyboard.press("Enter");
  await page.getByText("Not sent.").waitFor();
  await page.reload();
  await page.getByText("Not sent.").waitFor();
  await page.unroute("**/turns");
  await page.getByRole("button", { name: "Retry" }).click();
  const run = await script.started(await conversationOf(page));
  await run.emit("I am.");
  run.finish();
  await answered(page, 1);
  expect(await readTranscript(page)).toHaveLength(2);
});

test.each([
  [503, "it comes by itself once it can be read"],
  [401, "it can be retried"],
] as const)(
  "a history that cannot be loaded (%i) says so, never looks empty, and %s",
  async (status, _means) => {
    const { owner, id } = await longConversation(history, 4);
    await using visit = await stage.visit({
      owner,
      path: `/?c=${id}`,
      prepare: async (page) => page.route("**/api/**", (route) => route.fulfill({ status, body: "{}" })),
    });
    const { page } = visit;
    await page.getByText("This conversation could not be loaded").waitFor();
    await page.getByText("Your conversations could not be loaded.").waitFor();
    expect(await page.getByText("What would you like to know?").count()).toBe(0);
    // The question field stays in its place, at the bottom of 800 pixels.
    expect((await page.getByLabel("Your question").boundingBox())?.y).toBeGreaterThan(600);
    expect(await axeViolations(page)).toEqual([]);
    await page.unroute("**/api/**");
    const retry = async (role: "alert" | "navigation"): Promise<void> => {
      if (status === 401) await page.getByRole(role).getByRole("button", { name: "Retry" }).click();
    };
    await retry("alert");
    await page.getByText("Message 3.").waitFor();
    await retry("navigation");
    await page.locator(".ck-nav-title").waitFor();
  },
);

test("text is shown as it is, links lead nowhere they should not, and the page breaks no rule of its policy", async () => {
  const faults: (readonly string[])[] = [];
  await using visit = await stage.visit({
    // Without docs there is nothing under /documents to suggest questions from.
    prepare: async (page) => faults.push(await watch(page, { origins: [stage.url], expected: ["404"] })),
  });
  const { page } = visit;
  await ask(page, "<script>alert(1)</script> SELECT <T> FROM t\u202e");
  const run = await script.started(await conversationOf(page));
  await run.emit(
    "<img src=x onerror=alert(1)> [x](javascript:alert(1)) ![p](https://example.org/p.png) <T> `<b>`\n\n",
  );
  await run.emit({
    type: "citation",
    citation: {
      path: "x",
      chapter: "<b>chapter</b>",
      section: null,
      anchor: null,
      quote: "<script>alert(2)</script>",
      score: null,
      url: "javascript:alert(3)",
    },
  });
  await run.emit("See [1].");
  run.finish();
  await answered(page, 1);
  const [question, answer] = await readTranscript(page);
  expect(question?.text).toContain("<script>alert(1)</script> SELECT <T> FROM t\u202e");
  expect(answer?.text).toContain("<img src=x onerror=alert(1)> x p <T> <b>");
  expect(answer?.text).toContain("<script>alert(2)</script>");
  expect(answer?.links).toEqual(["https://example.org/p.png"]);
  expect(await page.locator("article img, article script, article b").count()).toBe(0);
  expect(faults.flat()).toEqual([]);
  expect(await axeViolations(page)).toEqual([]);
});

test("on a phone the list is a drawer that keeps the keyboard in it and gives it back", async () => {
  const { owner } = await longConversation(history, 2);
  await using visit = await stage.visit({ owner, ...PHONE });
  const { page } = visit;
  const menu = page.getByRole("button", { name: "Show the list of conversations" });
  await menu.click();
  await page.getByRole("dialog", { name: "Conversations" }).waitFor();
  await page.locator(".ck-nav-title").waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(await menu.evaluate((button) => button === document.activeElement)).toBe(true);
  const small = await page
    .locator("button, a, summary")
    .evaluateAll(
      (elements) =>
        elements
          .map((element) => element.getBoundingClientRect())
          .filter(({ width, height }) => width > 0 && (width < 44 || height < 44)).length,
    );
  expect(small).toBe(0);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
});

test.each(["light", "dark"] as const)(
  "axe finds nothing before, during and after an answer, %s",
  async (colorScheme) => {
    await using visit = await stage.visit({ colorScheme });
    const { page } = visit;
    await page.getByText("What would you like to know?").waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await ask(page, "Show me everything");
    const run = await script.started(await conversationOf(page));
    await run.emit(
      "## A title\n\n| a | b |\n|-|-|\n| `x` | [y](https://example.org) [1] |\n\n```ts\nconst a = 1;\n```\n\n",
    );
    await run.emit({ type: "reasoning", text: "I think." });
    await run.emit({ type: "tool-call", id: "t", name: "look_up", arguments: '{"a":1}' });
    await page.getByText("Using look_up…").waitFor();
    await run.emit({ type: "tool-result", id: "t", result: { found: true } });
    await page.getByText("Used look_up").waitFor();
    await run.emit({ type: "tool-call", id: "u", name: "send_mail", arguments: "{}" });
    await run.emit({ type: "tool-result", id: "u", result: "No mail server.", error: true });
    // Not told by a colour alone.
    await page.getByText("send_mail failed").waitFor();
    await ask(page, "And then?");
    await page.getByText("Will be sent after this answer").waitFor();
    expect(await axeViolations(page)).toEqual([]);
    const at = {
      path: "a.md",
      chapter: "A",
      section: "B",
      anchor: "b",
      quote: "As it is.",
      score: 1,
      url: "/documents/a.md#b",
    };
    await run.emit({ type: "citation", citation: at });
    run.fail(new Error("gone"));
    await page.locator("article[data-status=failed]").waitFor();
    const next = await script.started(await conversationOf(page));
    await next.emit("Then the end.");
    next.finish();
    await answered(page, 1);
    expect(await axeViolations(page)).toEqual([]);
  },
);

test("a conversation of 1,000 messages reads its latest 50 with one request, and mounts no other", async () => {
  const { owner, id } = await longConversation(history, 1_000);
  const read: string[] = [];
  await using visit = await stage.visit({
    owner,
    path: `/?c=${id}`,
    prepare: (page) =>
      Promise.resolve(
        page.on("request", (request) => {
          const { pathname, search } = new URL(request.url());
          if (pathname.endsWith("/messages")) read.push(search);
        }),
      ),
  });
  await visit.page.getByText("Message 999.").waitFor();
  expect(await visit.page.locator("article").count()).toBe(50);
  expect(read).toEqual(["?limit=50&files=url"]);
});
