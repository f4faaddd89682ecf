import { fileDatabase } from "@chatkeep/testing";
import { axeViolations, watch } from "@chatkeep/testing/page";
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";

import { openStage, tokenOf } from "./stage.ts";
import { begin, cite, converse, openPanel, painted, transcript } from "./view.ts";

const database = await fileDatabase();
const stage = await openStage(database.url);
afterAll(() => stage[Symbol.asyncDispose]());

const SENSOR = "A sensor turns a quantity of the world into a signal.";
const MOTOR = "A motor turns a signal into movement, and heat.";

/** A page of the site in a browser of its own. */
async function visit(path = "/sensors", origin = stage.url, options = {}): Promise<Page & AsyncDisposable> {
  const context = await stage.person(options);
  const page = await context.newPage();
  await page.goto(origin + path);
  return Object.assign(page, { [Symbol.asyncDispose]: () => context.close() });
}
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const inner = document.activeElement?.shadowRoot?.activeElement;
    return `${document.activeElement?.localName ?? ""} ${inner?.localName ?? ""}`.trim();
  });

test("A3, A7: each chapter has a thread of its own, the panel stays open between them, and clearing one leaves the other", async () => {
  await using page = await visit();
  await openPanel(page);
  await converse(stage, page, "What is a sensor?", "It *feels*.");
  await page.getByRole("link", { name: "Motors" }).click();
  await page.waitForURL("**/motors");
  await page.getByText("Ask about “Motors”").waitFor();
  expect(await focused(page)).toBe("body");
  await converse(stage, page, "What is a motor?", "It moves.");
  const owner = {
    kind: "session",
    id: (await page.evaluate(() => localStorage.getItem("chatkeep-session-id"))) ?? "",
  } as const;
  const { conversations } = await stage.history.listConversations(owner);
  expect(
    conversations.map(({ scope, scopeLabel, isDefault, messageCount }) => [
      scope,
      scopeLabel,
      isDefault,
      messageCount,
    ]),
  ).toEqual([
    ["chapter-4", "Motors", true, 2],
    ["chapter-3", "Sensors", true, 2],
  ]);

  const run = await begin(stage, page, "And how fast?");
  await run.emit("Very fast, until");
  await page.getByText("Very fast, until").waitFor();
  await page.getByRole("button", { name: "Clear messages" }).click();
  await page.locator("chatkeep-chat .ck-dialog .ck-danger").click();
  await run.aborted;
  await page.getByText("Ask about “Motors”").waitFor();
  await page.reload();
  await page.getByText("Ask about “Motors”").waitFor();
  await page.getByRole("link", { name: "Sensors" }).click();
  await expect.poll(() => transcript(page)).toEqual(["What is a sensor?", "It feels."]);
  expect(
    (await stage.history.listConversations(owner)).conversations.map(({ messageCount }) => messageCount),
  ).toEqual([0, 2]);
});

test("another scope while it is open: the late history and the running answer of the one are not painted into the other, and drafts stay where they are", async () => {
  await using page = await visit();
  const widget = page.locator("chatkeep-chat");
  const go = (scope: string, label: string) =>
    widget.evaluate(
      (element, [scope, label]) => {
        element.setAttribute("scope-label", label ?? "");
        element.setAttribute("scope", scope ?? "");
      },
      [scope, label],
    );
  await openPanel(page);
  const run = await begin(stage, page, "What is a sensor?");
  await run.emit("It feels");
  await page.getByText("It feels").waitFor();
  await page.locator("chatkeep-chat textarea").fill("A draft about sensors");
  await go("chapter-4", "Motors");
  await page.getByText("Ask about “Motors”").waitFor();
  await run.emit(" the world.");
  run.finish();
  await converse(stage, page, "What is a motor?", "It moves.");
  expect(await transcript(page)).toEqual(["What is a motor?", "It moves."]);
  expect(await page.locator("chatkeep-chat textarea").inputValue()).toBe("");

  // Back to the one whose history is slow, and on before it has come.
  const held = Promise.withResolvers<void>();
  await page.goto(`${stage.url}/motors`);
  await page.getByText("It moves.").waitFor();
  await page.route(/scope=chapter-3/, async (route) => {
    await held.promise;
    await route.continue();
  });
  const asked = page.waitForRequest(/scope=chapter-3/);
  const late = page.waitForResponse(/scope=chapter-3/);
  await go("chapter-3", "Sensors");
  await asked;
  await go("chapter-4", "Motors");
  await expect.poll(() => transcript(page)).toEqual(["What is a motor?", "It moves."]);
  held.resolve();
  await (await late).finished();
  expect(await transcript(page)).toEqual(["What is a motor?", "It moves."]);
  await go("chapter-3", "Sensors");
  await expect.poll(() => transcript(page)).toEqual(["What is a sensor?", "It feels the world."]);
  expect(await page.locator("chatkeep-chat textarea").inputValue()).toBe("A draft about sensors");
});

test("on another site under the strictest policy: no violation, no other origin, no complaint", async () => {
  const context = await stage.person();
  const page = await context.newPage();
  const faults = await watch(page, { origins: [stage.url, stage.elsewhere] });
  await page.goto(`${stage.elsewhere}/sensors`);
  await openPanel(page);
  await converse(
    stage,
    page,
    "Show me code",
    "```js\nfeel(1)\n```\n\n![x](https://evil.example/x.png) <img src=y onerror=alert(1)>",
    [cite("sensors", SENSOR)],
  );
  await page.getByRole("button", { name: "Copy code" }).click();
  await page.getByRole("button", { name: "Conversations" }).click();
  await page.getByText("All", { exact: true }).click();
  await page.getByRole("link", { name: "Show me code" }).click();
  await page.locator("chatkeep-chat a.ck-mark, chatkeep-chat a.ck-source").first().waitFor();
  await page.keyboard.press("Escape");
  await page.reload();
  await openPanel(page);
  await expect.poll(() => transcript(page)).toHaveLength(2);
  expect(await page.locator("chatkeep-chat img").count()).toBe(0);
  // The session of one server is kept apart from what the page's own server may have.
  expect(
    await page.evaluate(() => Object.keys(localStorage).filter((key) => key.endsWith("session-id"))),
  ).toEqual([`${stage.url}|chatkeep-session-id`]);
  expect(faults).toEqual([]);
  await context.close();
});

test("the page's own styles do not get in, and ours do not get out", async () => {
  const looks = async (path: string): Promise<unknown> => {
    await using page = await visit(path);
    await openPanel(page);
    await converse(stage, page, "What is a sensor?", "It **feels** `x`.", [cite("sensors", SENSOR)]);
    // Its buttons come when it is read back, after the answer's.
    await page.locator("chatkeep-chat .ck-question > .ck-actions").waitFor();
    return await page.locator("chatkeep-chat").evaluate((element) =>
      [...(element.shadowRoot?.querySelectorAll(".launcher, .launcher *, .frame, .frame *") ?? [])].map(
        (each) => {
          const {
            color,
            fontFamily,
            fontSize,
            lineHeight,
            letterSpacing,
            textTransform,
            display,
            transform,
          } = getComputedStyle(each);
          return [
            each.localName,
            each.getAttribute("class"),
            color,
            fontFamily,
            fontSize,
            lineHeight,
            letterSpacing,
            textTransform,
            display,
            transform,
          ].join(";");
        },
      ),
    );
  };
  const plain = await looks("/sensors");
  expect(await looks("/sensors?rude")).toEqual(plain);

  await using page = await visit();
  // All but the lengths that are registered for the whole document.
  const look = () =>
    page.locator("h1").evaluate((element) => {
      const style = getComputedStyle(element);
      return [...style].filter((name) => !name.startsWith("--")).map((name) => style.getPropertyValue(name));
    });
  const before = await look();
  await openPanel(page);
  expect(await look()).toEqual(before);
  await page
    .locator("chatkeep-chat")
    .evaluate((element) => element.style.setProperty("--ck-accent", "rgb(1, 2, 3)"));
  const button = page.locator("chatkeep-chat button[type=submit]");
  await expect
    .poll(() => button.evaluate((element) => getComputedStyle(element).backgroundColor))
    .toBe("rgb(1, 2, 3)");
});

test("the focus goes in on open and back on close, Escape stops or closes, and no key of the page is taken", async () => {
  await using page = await visit();
  await page.keyboard.press("Escape");
  await page.locator("chatkeep-chat .launcher").focus();
  await page.keyboard.press("Enter");
  await expect.poll(() => focused(page)).toBe("chatkeep-chat textarea");
  await page.keyboard.press("Escape");
  await expect.poll(() => focused(page)).toBe("chatkeep-chat button");
  expect(
    await page
      .locator("chatkeep-chat")
      .evaluate((element) => (element as HTMLElement & { isOpen: boolean }).isOpen),
  ).toBe(false);

  await page
    .locator("#own")
    .evaluate((button) =>
      button.addEventListener(
        "click",
        () =>
          void (document.querySelector("chatkeep-chat") as HTMLElement & { open(): Promise<void> }).open(),
      ),
    );
  await page.locator("#own").click();
  await expect.poll(() => focused(page)).toBe("chatkeep-chat textarea");
  const run = await begin(stage, page, "What is a sensor?");
  await run.emit("It feels");
  await page.getByText("It feels").waitFor();
  await page.keyboard.press("Escape");
  await run.aborted;
  await page.locator("chatkeep-chat article[data-status=stopped]").waitFor();
  expect(await page.locator("chatkeep-chat[open]").count()).toBe(1);
  await page.keyboard.press("Escape");
  await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("own");
  expect(await page.locator("chatkeep-chat[open]").count()).toBe(0);
});

test("selected text is asked about, shown with the question, and still there after a reload; three characters are not", async () => {
  await using page = await visit();
  await openPanel(page);
  const select = (from: number, to: number) =>
    page.locator("#words").evaluate(
      (element, [from, to]) => {
        getSelection()?.setBaseAndExtent(
          element.firstChild as Node,
          from ?? 0,
          element.firstChild as Node,
          to ?? 0,
        );
      },
      [from, to],
    );
  const about = page.locator("chatkeep-chat .ck-about .ck-selected");
  await select(2, 5);
  await select(2, 8);
  await expect.poll(() => about.textContent()).toBe("sensor");
  await page.getByRole("button", { name: "Ask without the selected text" }).click();
  await about.waitFor({ state: "detached" });
  await select(0, 8);
  await about.waitFor();
  await page.locator("chatkeep-chat textarea").click();
  expect(await about.textContent()).toBe("A sensor");
  const run = await begin(stage, page, "What is that?");
  expect(run.request.question.contextText).toBe("A sensor");
  await run.emit("It feels.");
  run.finish();
  await about.waitFor({ state: "detached" });
  const asked = page.locator("chatkeep-chat .ck-question .ck-selected");
  expect(await asked.textContent()).toBe("A sensor");
  await page.reload();
  await asked.waitFor();
  expect(await asked.textContent()).toBe("A sensor");
  await select(2, 5);
  expect(await about.count()).toBe(0);
});

test("a citation opens and its passage is painted: on this page, on the next, by the page's own router; or the page has changed", async () => {
  await using page = await visit();
  await openPanel(page);
  await converse(stage, page, "Tell me", "This [1], that [2], gone [3].", [
    cite("sensors", SENSOR),
    cite("motors", MOTOR),
    cite("sensors", "Sensors were made of cheese."),
  ]);
  const marks = page.locator("chatkeep-chat a.ck-mark");
  await marks.nth(0).click();
  await expect.poll(() => painted(page)).toBe(SENSOR);
  expect(new URL(page.url()).hash).toBe("#words");

  // The page's own router: it cancels, and changes the page when it likes.
  await page.evaluate(
    (words) => {
      document.addEventListener(
        "chatkeep-navigate",
        (event) => {
          event.preventDefault();
          const { url } = (event as CustomEvent<{ url: string }>).detail;
          document.title = url;
          requestAnimationFrame(() => ((document.querySelector("#words") as Element).innerHTML = ""));
          setTimeout(() => ((document.querySelector("#words") as Element).textContent = words), 50);
        },
        { once: true },
      );
    },
    MOTOR.replace("movement", "move\u00adment").replace(" into ", "\n into "),
  );
  await marks.nth(1).click();
  await expect
    .poll(async () => (await painted(page)).replace(/\s+/g, " ").replaceAll("\u00ad", ""))
    .toBe(MOTOR);
  expect(await page.title()).toBe(`${stage.url}/motors#words`);
  expect(page.url()).toBe(`${stage.url}/sensors#words`);

  await marks.nth(1).click();
  await page.waitForURL("**/motors#words");
  await expect.poll(() => painted(page)).toBe(MOTOR);
  await page.goBack();

  // A page that takes the event may as well load the other page.
  await page.evaluate(() =>
    document.addEventListener(
      "chatkeep-navigate",
      (event) => {
        event.preventDefault();
        location.assign("/motors?loaded#words");
      },
      { once: true },
    ),
  );
  await marks.nth(1).click();
  await page.waitForURL("**/motors?loaded#words");
  await expect.poll(() => painted(page)).toBe(MOTOR);
  await page.goBack();

  await page.clock.install();
  await marks.nth(2).click();
  await page.clock.runFor(6_000);
  await page.getByText("The page has changed").waitFor();
});

test("signed in: the token's person has their conversations, the next has none of them, and a draft is its writer's", async () => {
  await using page = await visit();
  const sign = (token: string | null) =>
    page.locator("chatkeep-chat").evaluate((element, token) => {
      (element as HTMLElement & { getToken: unknown }).getToken = () => Promise.resolve(token);
    }, token);
  const field = page.locator("chatkeep-chat textarea");
  await sign(tokenOf("ada"));
  await openPanel(page);
  // Before the first question it is kept for the place, which is the same for everybody.
  await field.fill("Ada's first draft");
  await sign(tokenOf("eve"));
  await expect.poll(() => field.inputValue()).toBe("");
  await field.fill("Eve's first draft");
  await sign(tokenOf("ada"));
  await expect.poll(() => field.inputValue()).toBe("Ada's first draft");
  await converse(stage, page, "Ada's question", "Ada's answer.");
  await field.fill("Ada's draft");
  expect((await stage.history.listConversations({ kind: "user", id: "ada" })).conversations).toHaveLength(1);
  await sign(tokenOf("eve"));
  await page.getByText("Ask about “Sensors”").waitFor();
  await expect.poll(() => field.inputValue()).toBe("Eve's first draft");
  await converse(stage, page, "Eve's question", "Eve's answer.");
  await sign(tokenOf("ada"));
  await expect.poll(() => transcript(page)).toEqual(["Ada's question", "Ada's answer."]);
  expect(await field.inputValue()).toBe("Ada's draft");
  await sign(null);
  await page.getByText("Ask about “Sensors”").waitFor();
});

test("A18: with storage blocked, and over plain http, it works and says what is not remembered", async () => {
  const context = await stage.person();
  await context.addInitScript(() => {
    for (const name of ["localStorage", "sessionStorage"])
      Object.defineProperty(globalThis, name, {
        get() {
          throw new DOMException("blocked", "SecurityError");
        },
      });
  });
  const page = await context.newPage();
  // A name that is not localhost: to the browser the page comes over an insecure connection.
  await page.route("http://plain.example/**", async (route) => {
    const { pathname, search } = new URL(route.request().url());
    await route.fulfill({ response: await route.fetch({ url: stage.url + pathname + search }) });
  });
  await page.goto("http://plain.example/sensors");
  expect(await page.evaluate(() => [isSecureContext, typeof crypto.randomUUID])).toEqual([
    false,
    "undefined",
  ]);
  await openPanel(page);
  await page.getByText("This browser blocks storage").waitFor();
  await converse(stage, page, "What is a sensor?", "It feels.");
  await page.getByRole("button", { name: "Copy answer" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  expect(await transcript(page)).toEqual(["What is a sensor?", "It feels."]);
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await context.close();
});

test("A18: two tabs that load for the first time at once have one session and one thread", async () => {
  const context = await stage.person();
  const tabs = [await context.newPage(), await context.newPage()] as const;
  await Promise.all(tabs.map((tab) => tab.goto(`${stage.url}/sensors`)));
  await Promise.all(tabs.map(openPanel));
  await converse(stage, tabs[0], "What is a sensor?", "It feels.");
  await tabs[1].reload();
  await expect.poll(() => transcript(tabs[1])).toEqual(["What is a sensor?", "It feels."]);
  await context.close();
});

test("axe finds nothing in any state, wide and narrow, light and dark, from left and from right", async () => {
  const found: string[] = [];
  const check = async (state: string, page: Page): Promise<void> => {
    // What fades in is not yet legible.
    await page.evaluate(() =>
      Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined))),
    );
    for (const fault of await axeViolations(page)) found.push(`${state}: ${fault}`);
  };
  const walk = async (name: string, path: string, options: object): Promise<void> => {
    await using page = await visit(path, stage.url, { reducedMotion: "reduce", ...options });
    await check(`${name} launcher`, page);
    await openPanel(page);
    await check(`${name} welcome`, page);
    const run = await begin(stage, page, "What is a sensor?");
    await run.emit("It *feels* [1]. | a | b |\n|---|---|\n| 1 | 2 |\n");
    await page.locator("chatkeep-chat article[data-status=streaming] em").waitFor();
    await check(`${name} streaming`, page);
    run.fail(new Error("no"));
    await page.locator("chatkeep-chat article[data-status=failed]").waitFor();
    await check(`${name} failed`, page);
    await converse(stage, page, "Again", "It feels [1].\n\n```js\nx\n```", [cite("sensors", SENSOR)]);
    await check(`${name} answered`, page);
    const mark = page.locator("chatkeep-chat a.ck-mark");
    await ("hasTouch" in options ? mark.tap() : mark.hover());
    await page.locator("chatkeep-chat .ck-card", { hasText: SENSOR }).waitFor();
    await check(`${name} card`, page);
    await page.keyboard.press("Escape");
    await page.locator("chatkeep-chat .ck-card").waitFor({ state: "detached" });
    await page.locator("chatkeep-chat [part=head] button").first().click();
    await page.locator("chatkeep-chat .ck-nav-row").first().waitFor();
    await check(`${name} conversations`, page);
  };
  await walk("wide", "/sensors", {});
  await walk("dark from right", "/sensors?lang=ar", { colorScheme: "dark" });
  await walk("narrow", "/sensors?lang=de", { viewport: { width: 320, height: 640 }, hasTouch: true });
  expect(found).toEqual([]);
});

test("at 320 pixels nothing is cut off, and what is pressed is 44 pixels large", async () => {
  await using page = await visit("/sensors", stage.url, {
    viewport: { width: 320, height: 560 },
    hasTouch: true,
  });
  const targets = () =>
    page.locator("chatkeep-chat").evaluate((element) =>
      [
        ...(element.shadowRoot?.querySelectorAll(
          "button, summary, .ck-choice label, a.ck-source, .ck-nav-row a",
        ) ?? []),
      ]
        .map((each) => ({
          name: each.getAttribute("aria-label") ?? each.textContent ?? "",
          box: each.getBoundingClientRect(),
        }))
        .filter(
          ({ box }) =>
            box.width > 0 && (box.width < 44 || box.height < 44 || box.left < 0 || box.right > innerWidth),
        )
        .map(({ name, box }) => `${name} ${box.width}×${box.height}`),
    );
  expect(await targets()).toEqual([]);
  await openPanel(page);
  await converse(stage, page, "What is a sensor?", `${"long".repeat(80)} [1]`, [cite("sensors", SENSOR)]);
  expect(await targets()).toEqual([]);

  // A finger sees the card first, and goes to the passage with it.
  await page.locator("chatkeep-chat a.ck-mark").tap();
  const card = page.locator("chatkeep-chat .ck-card");
  await card.getByText(SENSOR).waitFor();
  expect(await painted(page)).toBe("");
  const { x, width } = (await card.boundingBox())!;
  expect(x >= 0 && x + width <= 320).toBe(true);
  await card.getByRole("link").tap();
  await expect.poll(() => painted(page)).toBe(SENSOR);
  await openPanel(page);
  expect(
    await page
      .locator("chatkeep-chat .panel")
      .evaluate((element) => element.scrollWidth - element.clientWidth),
  ).toBe(0);
  await page.locator("chatkeep-chat [part=head] button").first().click();
  await page.locator("chatkeep-chat .ck-nav-row").first().waitFor();
  expect(await targets()).toEqual([]);
});

test("at 200% zoom the panel is in the window, with room to read and to write in", async () => {
  // What a browser makes of a window of 1280 × 800.
  await using page = await visit("/sensors", stage.url, {
    viewport: { width: 640, height: 400 },
    deviceScaleFactor: 2,
  });
  await openPanel(page);
  await converse(stage, page, "What is a sensor?", "It feels [1].", [cite("sensors", SENSOR)]);
  const { frame, room, field } = await page.locator("chatkeep-chat").evaluate((element) => {
    const box = (selector: string): DOMRect =>
      element.shadowRoot!.querySelector(selector)!.getBoundingClientRect();
    return {
      frame: box(".frame").toJSON() as DOMRect,
      room: box(".ck-scroll").height,
      field: box("textarea").bottom,
    };
  });
  expect([frame.left >= 0, frame.top >= 0, frame.right <= 640, frame.bottom <= 400]).toEqual(
    Array(4).fill(true),
  );
  expect(room).toBeGreaterThan(100);
  expect(field).toBeLessThan(400);
});

test("a citation's card stays in the panel, and from right to left a title stands where its lines begin", async () => {
  for (const path of ["/sensors", "/sensors?lang=ar"]) {
    await using page = await visit(path);
    await openPanel(page);
    await converse(stage, page, "What is a sensor?", "It feels [1].", [cite("sensors", SENSOR)]);
    await page.locator("chatkeep-chat a.ck-mark").hover();
    await page.locator("chatkeep-chat .ck-card", { hasText: SENSOR }).waitFor();
    const { panel, card, head, title } = await page.locator("chatkeep-chat").evaluate((element) => {
      const root = element.shadowRoot!;
      const box = (selector: string): DOMRect => root.querySelector(selector)!.getBoundingClientRect();
      const words = document.createRange();
      words.selectNodeContents(root.querySelector(".head-text h2")!);
      const title = words.getBoundingClientRect();
      return { panel: box(".panel"), card: box(".ck-card"), head: box(".head-text"), title };
    });
    expect(card.left).toBeGreaterThanOrEqual(panel.left);
    expect(card.right).toBeLessThanOrEqual(panel.right);
    const away = path === "/sensors" ? title.left - head.left : head.right - title.right;
    expect(away).toBeLessThan(10);
  }
});
