import { gzipSync } from "node:zlib";

import type { Browser, Page, Response } from "playwright-core";

import type { Contender } from "./contender.ts";
import { MESSAGES } from "./history.ts";
import { scriptTime } from "./trace.ts";
import { type Watched, type WatchOptions, watchPage } from "./watch.ts";

/** A contender that is served. */
export interface Visited {
  readonly contender: Contender;
  readonly url: string;
  /** What the browser keeps of an earlier visit, by key of its local storage. */
  readonly stored: Readonly<Record<string, string>>;
}

/** The figures of one contender in one round. */
export interface Figures {
  /** JavaScript loaded before anybody pressed anything, gzip -9, in KB of 1,000 bytes. */
  readonly loaded: number;
  /** The same with what opening it loaded. */
  readonly loadedOpen: number;
  /** Main thread's time in scripts until the first paint of it, in milliseconds. */
  readonly script: number;
  /** The same on a processor that is slowed down six times, as a cheap phone's is. */
  readonly slowScript: number;
  /** From the navigation to its first paint, in milliseconds. */
  readonly first: number;
  /** JavaScript heap in use after the load, garbage collected, in MB of 1,000,000 bytes. */
  readonly heap: number;
  /** From a press on the launcher, some time after the load, to the painted history, in milliseconds. */
  readonly open: number;
  /** From the navigation to the painted history, the launcher or the page's button pressed as soon as it was painted, in milliseconds. */
  readonly pressed: number;
  /** From the navigation to the painted history where it stands in the page and is not pressed, in milliseconds. */
  readonly inline: number;
}

/** How long a page is left alone after its load before it is measured or pressed, in milliseconds. */
const REST = 1000;
/** How many times slower the processor of a cheap phone is. */
const SLOW = 6;
/** From the pointer's arrival on a button to the press: people take 100 to 200 ms and more. */
const HOVER = 150;

/** Visits a page in browser profiles of its own: traced, traced and slowed down, at rest, pressed at once, and inline. */
export async function visit(browser: Browser, visited: Visited): Promise<Figures> {
  return {
    ...(await traced(browser, visited, 1)),
    slowScript: (await traced(browser, visited, SLOW)).script,
    ...(await atRest(browser, visited)),
    pressed: await pressedAtOnce(browser, visited),
    inline: await inline(browser, visited),
  };
}

async function traced(
  browser: Browser,
  visited: Visited,
  throttle: number,
): Promise<Pick<Figures, "script" | "first">> {
  await using page = await open(browser, visited, { press: "person" });
  const devtools = await page.page.context().newCDPSession(page.page);
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: throttle });
  await browser.startTracing(page.page, { categories: ["devtools.timeline", "v8", "blink.user_timing"] });
  await page.page.goto(usual(visited));
  const first = await page.until("first");
  return { script: scriptTime(await browser.stopTracing(), "first"), first };
}

async function atRest(
  browser: Browser,
  visited: Visited,
): Promise<Pick<Figures, "loaded" | "loadedOpen" | "heap" | "open">> {
  await using page = await open(browser, visited, { press: "person" });
  await page.page.goto(usual(visited));
  await page.until("first");
  await page.page.waitForTimeout(REST);
  const figures = { loaded: await page.loaded(), heap: await heapInUse(page.page) };
  if (hasLauncher(visited)) return { ...figures, ...(await pressedByHand(page, visited)) };
  // It is there from the start; how long it takes to open is seen where the page's own button shows it.
  await using button = await open(browser, visited, { press: "person", first: visited.contender.launcher });
  await button.page.goto(visited.url);
  await button.until("first");
  await button.page.waitForTimeout(REST);
  return { ...figures, ...(await pressedByHand(button, visited)) };
}

async function pressedAtOnce(browser: Browser, visited: Visited): Promise<number> {
  await using page = await open(browser, visited, { press: "at once", first: visited.contender.launcher });
  await page.page.goto(visited.url);
  return await page.until("opened");
}

async function inline(browser: Browser, visited: Visited): Promise<number> {
  await using page = await open(browser, visited, { press: "none", first: visited.contender.message });
  await page.page.goto(inlineUrl(visited));
  return await page.until("opened");
}

/** The page that its own documentation shows first. */
function usual(visited: Visited): string {
  return hasLauncher(visited) ? visited.url : inlineUrl(visited);
}

function inlineUrl({ url }: Visited): string {
  return `${url}/?inline`;
}

function hasLauncher({ contender: { launcher, first } }: Visited): boolean {
  return launcher === first;
}

/** As a hand presses: the pointer is there a moment before. */
async function pressedByHand(
  page: Opened,
  { contender }: Visited,
): Promise<Pick<Figures, "loadedOpen" | "open">> {
  await page.page.hover(contender.launcher);
  await page.page.waitForTimeout(HOVER);
  await page.page.mouse.down();
  await page.page.mouse.up();
  const opened = await page.until("opened");
  const { pressed = Number.NaN } = await page.page.evaluate(() => window.watched);
  return { loadedOpen: await page.loaded(), open: opened - pressed };
}

/** A page that is watched, in a profile of its own. */
interface Opened extends AsyncDisposable {
  readonly page: Page;
  /** Waits for a moment and gives it. */
  until(moment: keyof Watched): Promise<number>;
  /** The JavaScript loaded so far, gzip -9, in KB. Weighed when it is asked for: this process serves the history, too. */
  loaded(): Promise<number>;
}

async function open(
  browser: Browser,
  { contender, stored }: Visited,
  how: Pick<WatchOptions, "press"> & Partial<Pick<WatchOptions, "first">>,
): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  await context.addInitScript((stored) => {
    for (const [key, value] of Object.entries(stored)) localStorage.setItem(key, value);
  }, stored);
  const { host, launcher, first, message } = contender;
  await context.addInitScript(watchPage, { host, launcher, first, message, messages: MESSAGES, ...how });
  const page = await context.newPage();
  const scripts: Response[] = [];
  page.on("response", (response) => {
    if ((response.headers()["content-type"] ?? "").includes("javascript")) scripts.push(response);
  });
  return {
    page,
    async until(moment) {
      const handle = await page.waitForFunction((moment) => window.watched[moment], moment, { polling: 100 });
      return (await handle.jsonValue())!;
    },
    async loaded() {
      const bodies = await Promise.all(scripts.map((script) => script.body()));
      return bodies.reduce((sum, body) => sum + gzipSync(body, { level: 9 }).length, 0) / 1000;
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}

async function heapInUse(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return usedSize / 1e6;
}
