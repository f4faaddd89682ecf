import type { Owner } from "@chatkeep/protocol";
import { IS_MATRIX, fileDatabase } from "@chatkeep/testing";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type Host, type Person, type Renderer, openHost } from "./host.ts";

const database = await fileDatabase();

/** What the transcript shows, in order. */
const texts = (page: Page): Promise<string[]> =>
  page
    .locator("article")
    .evaluateAll((articles) =>
      articles.map((article) => (article.querySelector(".ck-bubble, .ck-markdown") as HTMLElement).innerText),
    );

/** The text of what has the focus. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => (document.activeElement as HTMLElement).innerText);

const field = (page: Page) => page.getByLabel("Your question");
const conversationOf = async (page: Page): Promise<string> => {
  await page.waitForURL(/#./);
  return new URL(page.url()).hash.slice(1);
};

// The widget's own tests run them on Preact too.
describe.each<Renderer>(IS_MATRIX ? ["react", "preact"] : ["react"])("the components on %s", (renderer) => {
  let host: Host;
  beforeAll(async () => {
    host = await openHost(renderer, database.url);
  });
  afterAll(() => host[Symbol.asyncDispose]());

  /** Asks and is answered. */
  async function exchange(page: Page, question: string, answer: string): Promise<string> {
    await field(page).fill(question);
    await page.keyboard.press("Enter");
    const id = await conversationOf(page);
    const run = await host.script.started(id);
    await run.emit(answer);
    run.finish();
    await page.getByText(answer).waitFor();
    await page.locator("article[data-status=complete] .ck-actions").last().waitFor();
    return id;
  }

  /** A conversation of this many messages, one of them about herons. */
  async function longConversation(count: number): Promise<{ owner: Owner; id: string }> {
    const owner = { kind: "session", id: crypto.randomUUID() } as const;
    const { conversation } = await host.history().createConversation(owner, { title: "A long one" });
    const messages = Array.from({ length: count }, (_, index) => ({
      role: index % 2 === 0 ? ("user" as const) : ("assistant" as const),
      content:
        index === 400
          ? "Where do herons nest?"
          : `Message ${index}. ${"Some words to fill a line or two of it. ".repeat(index % 5)}`,
    }));
    await host.history().appendMessages(owner, conversation.id, messages);
    return { owner, id: conversation.id };
  }

  test("a conversation is renamed in place, pinned, archived, deleted and restored, with the keyboard", async () => {
    await using person = await host.person();
    const page = await person.open();
    const id = await exchange(page, "Where is the heron?", "At the pond.");
    const nav = page.getByRole("navigation", { name: "Conversations" });
    const menu = nav.getByRole("button", { name: /^Actions for/ });
    const act = async (name: string): Promise<void> => {
      await nav.getByRole("link").first().focus();
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await nav.getByRole("button", { name, exact: true }).focus();
      await page.keyboard.press("Enter");
    };

    await nav.getByRole("link").first().focus();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await nav.getByRole("button", { name: "Rename" }).waitFor();
    await page.keyboard.press("Escape");
    await nav.getByRole("button", { name: "Rename" }).waitFor({ state: "detached" });
    expect(await menu.evaluate((button) => button === document.activeElement)).toBe(true);

    await act("Rename");
    await page.getByLabel("Title").fill("Birds");
    await page.keyboard.press("Escape");
    await nav.getByRole("link", { name: "Where is the heron?" }).waitFor();
    expect(await focused(page)).toBe("Where is the heron?");
    await act("Rename");
    await page.getByLabel("Title").fill("Birds");
    await page.keyboard.press("Enter");
    await nav.getByRole("link", { name: "Birds" }).waitFor();
    expect(await focused(page)).toBe("Birds");
    await act("Pin");
    await nav.getByRole("heading", { name: "Pinned" }).waitFor();
    await expect
      .poll(() => host.history().getConversation(person.owner, id))
      .toMatchObject({
        title: "Birds",
        pinnedAt: expect.any(String),
      });

    await act("Delete");
    await page.getByText("“Birds” was deleted.").waitFor();
    await page.getByText("Nothing was asked yet").waitFor();
    expect(await nav.getByRole("link").count()).toBe(0);
    expect((await host.history().listConversations(person.owner)).total).toBe(0);
    await page.getByRole("button", { name: "Undo" }).click();
    await nav.getByRole("link", { name: "Birds" }).waitFor();
    await page.getByText("At the pond.").waitFor();
    expect(await texts(page)).toEqual(["Where is the heron?", "At the pond."]);

    await act("Archive");
    await nav.getByRole("link").waitFor({ state: "detached" });
    // It leaves the list before the server has heard of it.
    await expect
      .poll(async () => (await host.history().listConversations(person.owner, { archived: true })).total)
      .toBe(1);
  });

  test("who deletes a conversation with the keyboard is at the next one", async () => {
    const owner = { kind: "session", id: crypto.randomUUID() } as const;
    for (const title of ["One", "Two", "Three"]) await host.history().createConversation(owner, { title });
    await using person = await host.person(owner);
    const page = await person.open();
    const nav = page.getByRole("navigation", { name: "Conversations" });
    const remove = async (title: string): Promise<void> => {
      await nav.getByRole("button", { name: `Actions for “${title}”` }).focus();
      await page.keyboard.press("Enter");
      await nav.getByRole("button", { name: "Delete" }).focus();
      await page.keyboard.press("Enter");
      await nav.getByRole("link", { name: title }).waitFor({ state: "detached" });
    };
    await remove("Two");
    await expect.poll(() => focused(page)).toBe("One");
    await remove("One");
    await expect.poll(() => focused(page)).toBe("Three");
  });

  test("the way to the latest message is gone once all is in sight", async () => {
    await using person = await host.person();
    const page = await person.open();
    await page.setViewportSize({ width: 1280, height: 500 });
    await exchange(page, "Where is the heron?", "It is at the pond. ".repeat(200).trim());
    await page.locator(".ck-scroll").hover();
    await page.mouse.wheel(0, -10_000);
    const jump = page.getByRole("button", { name: "Jump to latest" });
    await jump.waitFor();
    await page.setViewportSize({ width: 1280, height: 3_000 });
    await expect.poll(() => jump.count()).toBe(0);
  });

  test("a message that was searched for is gone to, and both ways lead on without moving what is read", async () => {
    const { owner, id } = await longConversation(1_000);
    await using person = await host.person(owner);
    const page = await person.open(id);
    await page.getByText("Message 999.").waitFor();
    await page.getByLabel("Search").fill("hero");
    const hit = page.locator(".ck-hit");
    await hit.waitFor();
    expect(await hit.locator("mark").allInnerTexts()).toEqual(["herons"]);
    await hit.click();
    const target = page.locator("article", { hasText: "Where do herons nest?" });
    await target.waitFor();
    const focused = (): Promise<boolean> => target.evaluate((article) => article === document.activeElement);
    await expect.poll(focused).toBe(true);
    const inSight = await target.evaluate((article) => {
      const { top, bottom } = article.getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight;
    });
    expect(inSight).toBe(true);

    for (const direction of ["newer", "older"] as const) {
      const drift = await page.locator(".ck-scroll").evaluate(async (container, direction) => {
        const articles = container.getElementsByTagName("article");
        const edge = (): Element | undefined => articles[direction === "newer" ? articles.length - 1 : 0];
        const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
        const before = edge();
        container.scrollTop = direction === "newer" ? container.scrollHeight : 0;
        await frame();
        const top = before!.getBoundingClientRect().top;
        while (edge() === before) await frame();
        await frame();
        return Math.abs(before!.getBoundingClientRect().top - top);
      }, direction);
      expect(drift).toBeLessThanOrEqual(1);
    }
    await page.getByRole("button", { name: "Jump to latest" }).click();
    await page.getByText("Message 999.").waitFor();
    await expect
      .poll(() =>
        page.locator(".ck-scroll").evaluate((box) => box.scrollHeight - box.clientHeight - box.scrollTop),
      )
      .toBeLessThan(1);
  });

  test("of a thousand messages at most 400 are mounted, and every one of them is met on the way up", async () => {
    const { owner, id } = await longConversation(1_000);
    await using person = await host.person(owner);
    const page = await person.open(id);
    await page.getByText("Message 999.").waitFor();
    const walk = await page.locator(".ck-scroll").evaluate(async (container) => {
      const articles = container.getElementsByTagName("article");
      const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
      const met = new Set<string>();
      let most = 0;
      let drift = 0;
      while (!met.has("Message 0.")) {
        for (const { textContent } of articles) {
          const [name] = /Message \d+\.|Where do herons nest\?/.exec(textContent) ?? [""];
          met.add(name);
        }
        most = Math.max(most, articles.length);
        if (met.has("Message 0.")) break;
        container.scrollTop = 0;
        await frame();
        const first = articles[0]!;
        const top = first.getBoundingClientRect().top;
        while (articles[0] === first) await frame();
        await frame();
        drift = Math.max(drift, Math.abs(first.getBoundingClientRect().top - top));
      }
      return { met: met.size, most, drift };
    });
    expect(walk).toEqual({ met: 1_000, most: 400, drift: expect.closeTo(0, 0) });
    await page.getByRole("button", { name: "Jump to latest" }).click();
    await page.getByText("Message 999.").waitFor();
  });

  test("an answer is the store's byte for byte after reloads, lost networks and restarts at any point of it", async () => {
    await using person = await host.person();
    const page = await person.open();
    const words = Array.from({ length: 40 }, (_, index) => `w${index}é🙂 `);
    const points = Array.from({ length: 20 }, (_, index) => index * 2 + (index % 2));
    await field(page).fill("Tell me");
    await page.keyboard.press("Enter");
    const id = await conversationOf(page);
    let run = await host.script.started(id);
    for (const [index, word] of words.entries()) {
      await run.emit(word);
      if (!points.includes(index)) continue;
      await page.getByText(`w${index}é`).waitFor();
      const kind = (["reload", "offline", "restart"] as const)[points.indexOf(index) % 3];
      if (kind === "reload") await page.reload();
      else if (kind === "offline") {
        await person.context.setOffline(true);
        await page.getByText("You are offline.").waitFor();
        await person.context.setOffline(false);
      } else {
        await host.restart();
        // The answer is cut off with its server, and what was shown of it stays.
        await page.getByRole("button", { name: "Regenerate" }).waitFor();
        await assertEqual(page, person, id);
        await page.getByRole("button", { name: "Regenerate" }).click();
        run = await host.script.started(id);
        for (const said of words.slice(0, index + 1)) await run.emit(said);
      }
      await page.getByText(`w${index}é`).waitFor();
    }
    run.finish();
    await page.locator("article[data-status=complete] .ck-actions").last().waitFor();
    await assertEqual(page, person, id);
    expect((await host.history().listMessages(person.owner, id)).total).toBe(2);
  });

  async function assertEqual(page: Page, { owner }: Person, id: string): Promise<void> {
    const { messages } = await host.history().listMessages(owner, id);
    expect(await texts(page)).toEqual(messages.map(({ content }) => content.trim()));
  }

  const failures: readonly (readonly [string, number])[] = [
    ["an error of the server", 500],
    ["a limit", 429],
    ["a lapsed login", 401],
    ["no network", 0],
  ];
  test.each(failures)("%s loses no question, and two tabs store each once", async (_, status) => {
    await using person = await host.person();
    const one = await person.open();
    const id = await exchange(one, "Hello", "Hello.");
    const two = await person.open(id);
    await two.getByText("Hello.").waitFor();
    await person.context.route("**/turns", (route) =>
      status === 0
        ? route.abort("internetdisconnected")
        : route.fulfill({ status, contentType: "application/problem+json", body: "{}" }),
    );
    await field(one).fill("From the first tab");
    await one.keyboard.press("Enter");
    await field(two).fill("From the second tab");
    await two.keyboard.press("Enter");
    for (const page of [one, two]) await page.getByText("Not sent.").nth(1).waitFor();
    await person.context.unroute("**/turns");

    // Each tab knows of both questions, and both are asked for in both tabs at once.
    await Promise.all(
      [one, two].map((page) =>
        page
          .getByRole("button", { name: "Retry" })
          .evaluateAll((buttons) => buttons.forEach((button) => (button as HTMLElement).click())),
      ),
    );
    for (let answer = 1; answer <= 2; answer++) {
      const run = await host.script.started(id);
      await run.emit(`Answer ${answer}.`);
      run.finish();
    }
    for (const page of [one, two]) await page.getByText("Answer 2.").waitFor();
    const { messages } = await host.history().listMessages(person.owner, id);
    expect(
      messages
        .map(({ content }) => content)
        .filter((content) => content.startsWith("From"))
        .sort(),
    ).toEqual(["From the first tab", "From the second tab"]);
    expect(host.script.calls(id)).toBe(3);
    for (const page of [one, two]) {
      await expect.poll(() => texts(page)).toEqual(messages.map(({ content }) => content));
      expect(
        await page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes("unsent"))),
      ).toEqual([]);
    }
  });

  test("the card of a marker shows its passage to the pointer and to the keyboard, and Escape closes it", async () => {
    await using person = await host.person();
    const page = await person.open();
    await field(page).fill("Where is the heron?");
    await page.keyboard.press("Enter");
    const run = await host.script.started(await conversationOf(page));
    const passage = { path: "birds.md", anchor: null, score: null };
    const citations = [
      { ...passage, chapter: "Birds", section: "Herons", quote: "They nest by the pond.", url: "/birds.md" },
      { ...passage, chapter: "Ponds", section: null, quote: null, url: null },
    ];
    for (const citation of citations) await run.emit({ type: "citation", citation });
    await run.emit("At the pond [1], as is said [2].");
    run.finish();
    await page.locator("article[data-status=complete] .ck-actions").last().waitFor();
    const link = page.getByRole("link", { name: "Source 1: Birds › Herons" });
    const button = page.getByRole("button", { name: "Source 2: Ponds" });
    const card = page.locator(".ck-card");
    const focused = (element: typeof link): Promise<boolean> =>
      element.evaluate((each) => each === document.activeElement);

    await link.hover();
    await expect.poll(() => card.allInnerTexts()).toEqual(["Birds\nHerons\nThey nest by the pond."]);
    const { x, y, width, height } = (await card.boundingBox())!;
    await page.mouse.move(x + width / 2, y + height / 2, { steps: 20 });
    expect(await card.count()).toBe(1);
    await page.keyboard.press("Escape");
    await card.waitFor({ state: "detached" });
    await link.hover();
    await card.waitFor();
    await field(page).hover();
    await card.waitFor({ state: "detached" });

    await page.locator("article").last().focus();
    await page.keyboard.press("Tab");
    await card.getByText("Herons").waitFor();
    await page.keyboard.press("Escape");
    await card.waitFor({ state: "detached" });
    expect(await focused(link)).toBe(true);
    await page.keyboard.press("Tab");
    await expect.poll(() => card.allInnerTexts()).toEqual(["Ponds"]);
    expect(await focused(button)).toBe(true);
    await page.keyboard.press("Shift+Tab");
    await card.getByText("Herons").waitFor();
    const opened = person.context.waitForEvent("page");
    await page.keyboard.press("Enter");
    expect(new URL((await opened).url()).pathname).toBe("/birds.md");
  });

  test("a tap on a marker whose card cannot be loaded opens its link", async () => {
    await using person = await host.person(undefined, { hasTouch: true });
    await person.context.route("**/CitationCard-*.js", (route) => route.abort());
    const page = await person.open();
    await field(page).fill("Where is the heron?");
    await page.getByRole("button", { name: "Send", exact: true }).tap();
    const run = await host.script.started(await conversationOf(page));
    const citation = {
      path: "birds.md",
      chapter: "Birds",
      section: null,
      anchor: null,
      quote: null,
      score: null,
    };
    await run.emit({ type: "citation", citation: { ...citation, url: "/birds.md" } });
    await run.emit("At the pond [1].");
    run.finish();
    const opened = person.context.waitForEvent("page");
    await page.locator("a.ck-mark").tap();
    expect(new URL((await opened).url()).pathname).toBe("/birds.md");
  });

  test("an answer's details say how it ended and what was recalled for it", async () => {
    await using person = await host.person();
    const page = await person.open();
    const id = await exchange(page, "Where is the heron?", "At the pond.");
    await page.getByText("Details").click();
    await page.getByText("Nothing older than the latest messages.").waitFor();
    const said = await page.locator(".ck-details dd").allInnerTexts();
    const { messages } = await host.history().listMessages(person.owner, id);
    const time = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
    expect(said.slice(0, 2)).toEqual(["Complete", time.format(new Date(messages[1]?.createdAt ?? ""))]);
  });

  test("while one tab is answered, the other follows the same turn; two things are announced in 300 pieces", async () => {
    await using person = await host.person();
    const one = await person.open();
    const id = await exchange(one, "Hello", "Hello.");
    const two = await person.open(id);
    await two.getByText("Hello.").waitFor();
    await one.evaluate(() => {
      const said: string[] = [];
      Object.assign(globalThis, { said });
      const node = document.querySelector(".ck-thread output") as Node;
      new MutationObserver(() => said.push(node.textContent ?? "")).observe(node, {
        characterData: true,
        childList: true,
        subtree: true,
      });
    });
    await field(one).fill("Count");
    await one.keyboard.press("Enter");
    const run = await host.script.started(id);
    await run.emit("0 ");
    await one.getByText("Generating").waitFor();
    for (let count = 1; count <= 300; count++) await run.emit(`${count} `);
    await two.getByText("299 300").waitFor();
    run.finish();
    await one.getByText("Answer ready").waitFor();
    const said = await one.evaluate(() => (globalThis as unknown as { said: string[] }).said);
    expect(said.filter((text) => text !== "")).toEqual(["Generating", "Answer ready"]);
    expect(await texts(two)).toEqual(await texts(one));
  });

  test("nothing in an answer, a source, a title or a snippet runs or is fetched", async () => {
    await using person = await host.person();
    const hostile = [
      "<script>hostile()</script>",
      "<img src=x onerror=hostile()>",
      "<svg onload=hostile()>",
      "<iframe srcdoc='<script>parent.hostile()</script>'></iframe>",
      "[a](javascript:hostile())",
      "[b](JaVaScRiPt:hostile())",
      "[c](java\tscript:hostile())",
      "[d](&#106;avascript:hostile())",
      "[e](data:text/html,<script>hostile()</script>)",
      "[f](vbscript:hostile())",
      "![g](https://elsewhere.invalid/g.png)",
      "<a href='javascript:hostile()'>h</a>",
      "[i]: javascript:hostile()\n\n[i]",
      "<javascript:hostile()>",
      "| <img src=x onerror=hostile()> |\n|-|\n| <b onclick=hostile()>j</b> |",
      "```<script>\nhostile()\n```",
      "```html\n<script>hostile()</script><img src=x onerror=hostile()>\n```",
      "$\\href{javascript:hostile()}{x} \\includegraphics{https://elsewhere.invalid/h.png} y$",
      "$$\\htmlStyle{background:url(https://elsewhere.invalid/s.png)}{z}$$",
      "<kbd><script>hostile()</script></kbd> k[^k]\n\n[^k]: <img src=x onerror=hostile()>",
    ];
    const page = await person.open();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.exposeFunction("hostile", () => asked.push("hostile"));
    await field(page).fill(`heron ${hostile[1]}`);
    await page.keyboard.press("Enter");
    const run = await host.script.started(await conversationOf(page));
    for (const text of hostile) await run.emit(`${text}\n\n`);
    const url = "javascript:hostile()";
    const quote = hostile[0] ?? null;
    await run.emit({
      type: "citation",
      citation: {
        path: "x",
        chapter: hostile[1] ?? "",
        section: null,
        anchor: null,
        quote,
        score: null,
        url,
      },
    });
    run.finish();
    await page.locator("article[data-status=complete] .ck-actions").last().waitFor();
    await page.getByLabel("Search").fill("heron");
    await page.locator(".ck-hit").nth(1).waitFor();
    const schemes = await page
      .locator("article a")
      .evaluateAll((links) => [
        ...new Set(links.map((link) => new URL((link as HTMLAnchorElement).href).protocol)),
      ]);
    expect(schemes).toEqual(["https:"]);
    expect(await page.locator("article :is(script, img, iframe, b, svg:not(.ck-icon))").count()).toBe(0);
    expect(asked.filter((address) => !address.startsWith(host.url))).toEqual([]);
  });

  test("an answer that nests too deep, or that the host's code cannot show, takes no other message with it", async () => {
    const owner = { kind: "session", id: crypto.randomUUID() } as const;
    const { conversation } = await host.history().createConversation(owner);
    const citation = {
      path: "x",
      chapter: "X",
      section: null,
      anchor: null,
      quote: null,
      score: null,
      url: "broken:",
    };
    const broken = [
      { type: "text" as const, text: "Look it up [1]." },
      { type: "citation" as const, citation },
    ];
    await host.history().appendMessages(owner, conversation.id, [
      { role: "user", content: "Before" },
      { role: "assistant", content: ">".repeat(2_000) },
      { role: "assistant", content: "1. ".repeat(3_000) },
      { role: "assistant", parts: broken },
      { role: "assistant", content: "**After**" },
    ]);
    await using person = await host.person(owner);
    const page = await person.open(conversation.id);
    await page.locator("article strong", { hasText: "After" }).waitFor();
    expect(await page.locator("article").count()).toBe(5);
    await page.getByText("Look it up [1].").waitFor();
    await field(page).fill("The page goes on");
  });

  test("Enter while composing sends nothing, nor within 30 ms of its end, in a question and in an edit", async () => {
    await using person = await host.person();
    const page = await person.open();
    const compose = (written: Locator): Promise<void> =>
      written.evaluate((element) => {
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
    await exchange(page, "Where is the heron?", "At the pond.");
    await page.getByRole("button", { name: "Edit" }).click();
    const edit = page.getByRole("textbox", { name: "Edit" });
    for (const written of [edit, field(page)]) {
      await written.fill("にほん");
      await compose(written);
      expect(await written.inputValue()).toBe("にほん");
    }
    expect(await page.locator("article").count()).toBe(2);
  });
});
