import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

import { createPool } from "@chatkeep/core";
import { authenticateSession, createChatkeep, createFiles, createLog, listen } from "@chatkeep/server";
import { createScriptedResponder } from "@chatkeep/testing";

import { said } from "./history.ts";

/** A served page. */
export interface Site extends AsyncDisposable {
  readonly url: string;
}

/** Our page, on a real Chatkeep whose database holds the conversation of {@link Site}'s `session`. */
export interface OurSite extends Site {
  /** The session whose conversation about the page it is. */
  readonly session: string;
}

export interface OurSiteOptions {
  readonly folder: string;
  readonly databaseUrl: string;
}

/** Serves our built page and, at the same origin, the history from PostgreSQL. */
export async function serveOurs({ folder, databaseUrl }: OurSiteOptions): Promise<OurSite> {
  const pool = createPool(databaseUrl);
  const log = createLog({ level: "fatal" });
  const chatkeep = createChatkeep({
    pool,
    authenticate: authenticateSession,
    // Nobody asks anything here.
    responder: createScriptedResponder().responder,
    fallback: createFiles({ folder }),
    log,
  });
  await chatkeep.migrate();
  const session = randomUUID();
  const owner = { kind: "session", id: session } as const;
  const { conversation } = await chatkeep.history.createConversation(owner, {
    scope: "sensors",
    scopeLabel: "Sensors",
  });
  await chatkeep.history.appendMessages(owner, conversation.id, said);
  const listener = await listen({ server: { fetch: chatkeep.fetch }, port: 0, log });
  return {
    url: listener.url,
    session,
    async [Symbol.asyncDispose]() {
      await listener.close({ grace: 0 });
      await chatkeep.close();
      await pool.end();
    },
  };
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
};

/** Serves a peer's built page, and the same history as ready-made JSON: it costs them no database. */
export async function servePeer(folder: string): Promise<Site> {
  const plain = JSON.stringify(said);
  const n8n = JSON.stringify({
    data: said.map(({ role, content }) => ({
      id: [role === "user" ? "HumanMessage" : "AIMessage"],
      kwargs: { content },
    })),
  });
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const json = { "/history": plain, "/history/n8n": n8n }[pathname];
    if (json !== undefined) return void response.setHeader("content-type", "application/json").end(json);
    const file = join(folder, normalize(pathname === "/" ? "/index.html" : pathname));
    readFile(file).then(
      (bytes) =>
        response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream").end(bytes),
      () => response.writeHead(404).end(),
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
