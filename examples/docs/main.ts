import { fileURLToPath } from "node:url";

import { createDocs, createDocsResponder } from "@chatkeep/agent";
import { createDocsStore, createPool } from "@chatkeep/core";
import { authenticateSession, createChatkeep, createFiles, createLog, listen } from "@chatkeep/server";

import { createDocsPages } from "./pages.ts";

/** A running docs site. */
export interface DocsSite {
  readonly url: string;
  close(): Promise<void>;
}

export interface DocsSiteOptions {
  readonly databaseUrl: string;
  /** The folder of Markdown. Default: the small book beside this file. */
  readonly documents?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default `info`. */
  readonly logLevel?: string;
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Starts the site: a plain page a document, each with the widget, and a conversation a document for each reader. */
export async function startDocsSite(options: DocsSiteOptions): Promise<DocsSite> {
  const pool = createPool(options.databaseUrl);
  const log = createLog({ level: options.logLevel ?? "info" });
  const store = createDocsStore({ pool });
  const docs = createDocs({ store, folder: options.documents ?? here("documents") });
  const pages = createDocsPages(docs);
  const site = createFiles({ folder: here("site") });
  const widget = createFiles({
    folder: fileURLToPath(new URL(".", import.meta.resolve("@chatkeep/widget"))),
  });
  const chatkeep = createChatkeep({
    pool,
    authenticate: authenticateSession,
    responder: createDocsResponder({ docs }),
    fallback: async (request) => (await pages(request)) ?? (await site(request)) ?? widget(request),
    log,
  });
  await chatkeep.migrate();
  await docs.ingest();
  const listener = await listen({
    server: { fetch: chatkeep.fetch, routes: [] },
    port: options.port ?? 0,
    log,
  });
  return {
    url: listener.url,
    async close() {
      await listener.close({ grace: 1000 });
      await chatkeep.close({ grace: 1000 });
      store.close();
      await pool.end();
    },
  };
}

if (import.meta.main) {
  const { DATABASE_URL, PORT } = process.env;
  if (DATABASE_URL === undefined) {
    console.error("Set DATABASE_URL to a PostgreSQL 15 to 18.");
    process.exit(2);
  }
  const site = await startDocsSite({ databaseUrl: DATABASE_URL, port: Number(PORT ?? 3000) });
  console.log(`The docs are at ${site.url}`);
  process.once("SIGTERM", () => void site.close());
  process.once("SIGINT", () => void site.close());
}
