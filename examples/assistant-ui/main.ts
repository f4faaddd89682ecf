/** A page of assistant-ui on Chatkeep: `DATABASE_URL=… PORT=3000 npm start`. */
import { fileURLToPath } from "node:url";

import { createPool } from "@chatkeep/core";
import type { Responder } from "@chatkeep/protocol";
import { authenticateSession, createChatkeep, createLog, listen } from "@chatkeep/server";
import { type Rolldown, build, defaultClientConditions } from "vite";

/** A running site. */
export interface Site {
  readonly url: string;
  close(): Promise<void>;
}

export interface SiteOptions {
  readonly databaseUrl: string;
  /** Default: one that says how much was said before. */
  readonly responder?: Responder;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default `info`. */
  readonly logLevel?: string;
}

const count: Responder = async function* ({ question, history }) {
  yield `You said “${question.content}”, `;
  yield `after ${history.length} messages.`;
};

/** Starts the site: the page, and the API that it speaks to. */
export async function startSite(options: SiteOptions): Promise<Site> {
  const files = await buildPage();
  const pool = createPool(options.databaseUrl);
  const log = createLog({ level: options.logLevel ?? "info" });
  const chatkeep = createChatkeep({
    pool,
    authenticate: authenticateSession,
    responder: options.responder ?? count,
    fallback: async (request) => {
      const path = new URL(request.url).pathname.slice(1);
      const file = files.get(path === "" ? "index.html" : path);
      return file === undefined ? undefined : new Response(file.body, { headers: file.headers });
    },
    log,
  });
  await chatkeep.migrate();
  const listener = await listen({
    server: { fetch: chatkeep.fetch, routes: [] },
    port: options.port ?? 0,
    log,
  });
  return {
    url: listener.url,
    async close() {
      await listener.close({ grace: 0 });
      await chatkeep.close();
      await pool.end();
    },
  };
}

interface File {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The page's files by their paths; a host would build them once, when it is deployed. */
async function buildPage(): Promise<Map<string, File>> {
  const { output } = (await build({
    root: fileURLToPath(new URL("page", import.meta.url)),
    configFile: false,
    logLevel: "error",
    resolve: { conditions: ["@chatkeep/source", ...defaultClientConditions] },
    build: { write: false, modulePreload: { polyfill: false } },
  })) as Rolldown.RolldownOutput;
  return new Map(
    output.map((file) => {
      const body = file.type === "chunk" ? file.code : String(file.source);
      const type = file.fileName.endsWith(".html") ? "text/html" : "text/javascript";
      const headers = {
        "content-type": `${type}; charset=utf-8`,
        "content-security-policy": "default-src 'self'; img-src data:; style-src 'unsafe-inline'",
      };
      return [file.fileName, { body, headers }];
    }),
  );
}

if (import.meta.main) {
  const { DATABASE_URL, PORT } = process.env;
  if (DATABASE_URL === undefined) {
    console.error("Set DATABASE_URL to a PostgreSQL 15 to 18.");
    process.exit(2);
  }
  const site = await startSite({ databaseUrl: DATABASE_URL, port: Number(PORT ?? 3000) });
  console.log(`The page is at ${site.url}`);
  process.once("SIGTERM", () => void site.close());
  process.once("SIGINT", () => void site.close());
}
