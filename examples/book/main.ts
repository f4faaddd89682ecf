import { fileURLToPath } from "node:url";

import { createBook, createBookResponder } from "@chatkeep/agent";
import { createBookStore, createPool } from "@chatkeep/core";
import { authenticateSession, createChatkeep, createFiles, createLog, listen } from "@chatkeep/server";

import { createBookPages } from "./pages.ts";

/** A running book site. */
export interface BookSite {
  readonly url: string;
  close(): Promise<void>;
}

/** What {@link startBookSite} takes. */
export interface BookSiteOptions {
  readonly databaseUrl: string;
  /** The folder of Markdown. Default: the small book beside this file. */
  readonly chapters?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default `info`. */
  readonly logLevel?: string;
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Starts the site: a plain page a chapter, each with the widget, and a conversation a chapter for each reader. */
export async function startBookSite(options: BookSiteOptions): Promise<BookSite> {
  const pool = createPool(options.databaseUrl);
  const log = createLog({ level: options.logLevel ?? "info" });
  const store = createBookStore({ pool });
  const book = createBook({ store, folder: options.chapters ?? here("chapters") });
  const pages = createBookPages(book);
  const site = createFiles({ folder: here("site") });
  const widget = createFiles({
    folder: fileURLToPath(new URL(".", import.meta.resolve("@chatkeep/widget"))),
  });
  const chatkeep = createChatkeep({
    pool,
    authenticate: authenticateSession,
    responder: createBookResponder({ book }),
    fallback: async (request) => (await pages(request)) ?? (await site(request)) ?? widget(request),
    log,
  });
  await chatkeep.migrate();
  await book.ingest();
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
  const site = await startBookSite({ databaseUrl: DATABASE_URL, port: Number(PORT ?? 3000) });
  console.log(`The book is at ${site.url}`);
  process.once("SIGTERM", () => void site.close());
  process.once("SIGINT", () => void site.close());
}
