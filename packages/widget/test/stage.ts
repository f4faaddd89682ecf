import { createHmac } from "node:crypto";
import { fileURLToPath } from "node:url";

import { type CoreHistory, createHistory, createPool } from "@chatkeep/core";
import {
  type Fetch,
  type Listener,
  authenticatePeople,
  createFiles,
  createLog,
  createServer,
  createTokenCheck,
  listen,
} from "@chatkeep/server";
import { UNHURRIED, type ScriptedResponder, createScriptedResponder, openBrowser } from "@chatkeep/testing";
import { type Built, buildPackage } from "@chatkeep/testing/page";
import type { BrowserContext, BrowserContextOptions } from "playwright-core";

import { site } from "./site.ts";

/** A site that embeds the widget, and the server that answers it. */
export interface Stage extends AsyncDisposable {
  /** The server's own origin, which also serves a site. */
  readonly url: string;
  /** The same site on another origin. */
  readonly elsewhere: string;
  readonly history: CoreHistory;
  readonly script: ScriptedResponder;
  /** A browser of a person of their own. */
  person(options?: BrowserContextOptions): Promise<BrowserContext>;
}

/** Builds the widget as it is in the sources. */
export function buildWidget(): Promise<Built> {
  return buildPackage(fileURLToPath(new URL("..", import.meta.url)));
}

/** Opens a stage over the database of this URL. */
export async function openStage(url: string): Promise<Stage> {
  const built = await buildWidget();
  const pool = createPool(url, UNHURRIED.pool);
  const script = createScriptedResponder();
  const history = createHistory({ pool, ...UNHURRIED.history, responder: script.responder });
  const log = createLog({ level: "silent" });
  const widget = createFiles({ folder: built.folder, readers: "any site" });
  const server = createServer({
    history,
    health: () => history.health(),
    log,
    origins: ["*"],
    authenticate: authenticatePeople(createTokenCheck({ key: { secret: SECRET } })),
    fallback: async (request) => site(request, "") ?? (await widget(request)),
  });
  const listener = await listen({ server, port: 0, log });
  const other = await serveElsewhere((request) => Promise.resolve(site(request, listener.url) ?? NOTHING()));
  const browser = await openBrowser();
  return {
    url: listener.url,
    elsewhere: other.url,
    history,
    script,
    person: (options) => browser.newContext({ viewport: { width: 1280, height: 800 }, ...options }),
    async [Symbol.asyncDispose]() {
      await browser.close();
      await other.close({ grace: 0 });
      await listener.close({ grace: 0 });
      await history.close();
      await pool.end();
      built[Symbol.dispose]();
    },
  };
}

const SECRET = "the secret of the tests, which is long enough";

/** A token of this user, valid for an hour. */
export function tokenOf(user: string): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const body = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: user, exp: Math.floor(Date.now() / 1000) + 3600 })}`;
  return `${body}.${createHmac("sha256", SECRET).update(body).digest("base64url")}`;
}

const NOTHING = (): Response => new Response(null, { status: 404 });

function serveElsewhere(fetch: Fetch): Promise<Listener> {
  return listen({ server: { fetch }, port: 0, log: createLog({ level: "silent" }) });
}
