import { randomUUID } from "node:crypto";

import { type CoreHistory, createHistory, createPool } from "@chatkeep/core";
import type { Owner } from "@chatkeep/protocol";
import {
  type Documents,
  authenticatePeople,
  createLog,
  createRecentErrors,
  createServer,
  createTokenCheck,
  listen,
  makeServerKey,
  readServerKeys,
} from "@chatkeep/server";
import { UNHURRIED, type ScriptedResponder, createScriptedResponder, openBrowser } from "@chatkeep/testing";
import type { BrowserContextOptions, Page } from "playwright-core";

import { createPages, createWidget } from "../src/pages.ts";
import { buildPage } from "./page-view.ts";

const { key, hash } = makeServerKey();

/** What signs the tokens of tests. */
export const SECRET = "a secret of tests that is longer than 32 bytes";

/** The page on a server whose answers a test leads by hand. */
export interface Stage extends AsyncDisposable {
  readonly url: string;
  readonly history: CoreHistory;
  readonly script: ScriptedResponder;
  /** A server key that it takes. */
  readonly key: string;
  /** Opens the page in a new browser profile that belongs to `owner` (default: a new one). */
  visit(options?: VisitOptions): Promise<Visit>;
}

/** A phone. */
export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
};

/** How the page is opened. */
export interface VisitOptions extends BrowserContextOptions {
  readonly owner?: Owner;
  /** The address after the origin. Default `/`. */
  readonly path?: string;
  /** Called before the page is loaded. */
  readonly prepare?: (page: Page) => Promise<unknown>;
}

/** The page in a browser of its own. */
interface Visit extends AsyncDisposable {
  readonly page: Page;
  readonly owner: Owner;
}

/** Opens a stage over the database of this URL. */
export async function openStage(url: string, docs?: Documents): Promise<Stage> {
  const built = await buildPage();
  const pool = createPool(url, UNHURRIED.pool);
  const script = createScriptedResponder();
  const errors = createRecentErrors();
  const history = createHistory({
    pool,
    ...UNHURRIED.history,
    responder: script.responder,
    onError: (error, turnId) => errors.record(error, { turnId }),
  });
  const log = createLog({ level: "silent" });
  const server = createServer({
    history,
    health: () => history.health(),
    log,
    authenticate: authenticatePeople(createTokenCheck({ key: { secret: SECRET } })),
    serverKeys: readServerKeys(`tests:${hash}`),
    errors,
    connections: () => ({
      open: pool.totalCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
      most: 10,
    }),
    fallback: createPages({ folder: built.folder, widget: createWidget(built.folder) }),
    ...(docs === undefined ? {} : { docs }),
  });
  const listener = await listen({ server, port: 0, log });
  const browser = await openBrowser();
  return {
    url: listener.url,
    history,
    script,
    key,
    async visit({ owner = newOwner(), path = "/", prepare, ...options } = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
      await context.addInitScript((id) => localStorage.setItem("chatkeep-session-id", id), owner.id);
      const page = await context.newPage();
      await prepare?.(page);
      await page.goto(listener.url + path);
      return { page, owner, [Symbol.asyncDispose]: () => context.close() };
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await listener.close({ grace: 0 });
      await history.close();
      await pool.end();
      built[Symbol.dispose]();
    },
  };
}

/** A session that was never there before. */
export function newOwner(): Owner & { readonly kind: "session" } {
  return { kind: "session", id: randomUUID() };
}

/** The id of the conversation that the address names, once there is one. */
export async function conversationOf(page: Page): Promise<string> {
  await page.waitForURL(/[?]c=/);
  return new URL(page.url()).searchParams.get("c") ?? "";
}
