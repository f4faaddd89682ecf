import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { type CoreHistory, createHistory, createPool } from "@chatkeep/core";
import type { Owner } from "@chatkeep/protocol";
import { createFiles, createLog, createServer, listen } from "@chatkeep/server";
import {
  UNHURRIED,
  type ScriptedResponder,
  createScriptedResponder,
  freePort,
  openBrowser,
} from "@chatkeep/testing";
import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { type BuildOptions, type Rolldown, build, defaultClientConditions } from "vite";

/** A file of a compiled page. */
export type Output = Rolldown.OutputChunk | Rolldown.OutputAsset;

/** What the components are compiled for: the React that peers bring, or Preact in its place, as the widget has it. */
export type Renderer = "react" | "preact";

/** A page of the components on a server whose answers a test leads by hand. */
export interface Host extends AsyncDisposable {
  readonly url: string;
  history(): CoreHistory;
  readonly script: ScriptedResponder;
  /** A browser profile of a person (default: a new one), which its pages share. */
  person(owner?: Owner, options?: BrowserContextOptions): Promise<Person>;
  /** Ends the server as a deploy does, with its running turns, and starts another in its place. */
  restart(): Promise<void>;
}

/** A browser profile and who it belongs to. */
export interface Person extends AsyncDisposable {
  readonly owner: Owner;
  readonly context: BrowserContext;
  /** Opens the page at a conversation (default: none yet). */
  open(conversationId?: string): Promise<Page>;
}

/** A page of the components. */
export interface Site {
  /** The folder of its `index.html`. */
  readonly root: string;
  /** What it gets of our packages: their sources, or what is published. */
  readonly packages: "sources" | "published";
}

/** The page that shows every component. */
const FIXTURE: Site = {
  root: fileURLToPath(new URL("fixtures/host", import.meta.url)),
  packages: "sources",
};

/** Serves a page of the components (default: one with all of them), compiled for a renderer, on the database of this URL. */
export async function openHost(renderer: Renderer, url: string, site: Site = FIXTURE): Promise<Host> {
  const folder = mkdtempSync(join(tmpdir(), "ck-host-"));
  await compile(renderer, site, { outDir: folder });
  const script = createScriptedResponder();
  const log = createLog({ level: "silent" });
  const port = await freePort();
  const start = async () => {
    const pool = createPool(url, UNHURRIED.pool);
    const history = createHistory({ pool, ...UNHURRIED.history, responder: script.responder });
    const server = createServer({
      history,
      health: () => history.health(),
      log,
      fallback: createFiles({ folder }),
    });
    const listener = await listen({ server, port, log });
    return { history, listener, pool };
  };
  let running = await start();
  const stop = async (): Promise<void> => {
    await running.listener.close({ grace: 0 });
    await running.history.close();
    await running.pool.end();
  };
  const browser = await openBrowser();
  const origin = running.listener.url;
  return {
    url: origin,
    history: () => running.history,
    script,
    async person(owner = { kind: "session", id: randomUUID() }, options = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
      await context.addInitScript((id) => localStorage.setItem("chatkeep-session-id", id), owner.id);
      return {
        owner,
        context,
        async open(conversationId = "") {
          const page = await context.newPage();
          await page.goto(`${origin}/#${conversationId}`);
          return page;
        },
        [Symbol.asyncDispose]: () => context.close(),
      };
    },
    async restart() {
      await stop();
      running = await start();
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What the widget has in place of React. */
const WIDGET_REACT = fileURLToPath(new URL("../../widget/src/react.ts", import.meta.url));
const PREACT_ROOT = fileURLToPath(new URL("fixtures/host/preact-root.ts", import.meta.url));

/** Compiles a page as a site does. */
export async function compile(renderer: Renderer, site: Site, options: BuildOptions): Promise<Output[]> {
  const compat = [
    { find: /^react$/, replacement: WIDGET_REACT },
    { find: /^react-dom\/client$/, replacement: PREACT_ROOT },
    { find: /^react\/jsx-runtime$/, replacement: WIDGET_REACT },
  ];
  const built = await build({
    configFile: false,
    logLevel: "error",
    mode: "production",
    root: site.root,
    base: "./",
    // A test run's own NODE_ENV would give the development build of React.
    define: { "process.env.NODE_ENV": '"production"' },
    oxc: { jsx: { runtime: "automatic", development: false } },
    resolve: {
      conditions: [...(site.packages === "sources" ? ["@chatkeep/source"] : []), ...defaultClientConditions],
      alias: renderer === "preact" ? compat : [],
    },
    build: {
      emptyOutDir: true,
      target: "baseline-widely-available",
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      ...options,
    },
  });
  return (Array.isArray(built) ? built : [built]).flatMap((one) => ("output" in one ? one.output : []));
}
