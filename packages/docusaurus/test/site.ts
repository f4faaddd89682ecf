import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const EXAMPLE = fileURLToPath(new URL("../../../examples/docusaurus", import.meta.url));
const BUILD = join(EXAMPLE, "build");
const BASE = "/manual/";

/** The folder that the site's server takes for its docs. */
export const DOCS: string = join(EXAMPLE, "docs");

/**
 * Builds the example for production with the built plugin, for a Chatkeep server at this address. Docusaurus comes from
 * the example's own lockfile, and is installed when it is not there yet or that has changed: 60 s and 235 MB that nobody
 * else needs.
 */
export async function buildSite(endpoint: string): Promise<void> {
  const env = { ...process.env, NODE_ENV: "production", CHATKEEP_URL: endpoint, NO_UPDATE_NOTIFIER: "1" };
  const installed = join(EXAMPLE, "node_modules/.package-lock.json");
  const lock = join(EXAMPLE, "package-lock.json");
  if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs)
    await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: EXAMPLE, env });
  const docusaurus = join(EXAMPLE, "node_modules/@docusaurus/core/bin/docusaurus.mjs");
  await run(process.execPath, [docusaurus, "build"], { cwd: EXAMPLE, env });
}

/** The built site, served. */
export interface Site extends AsyncDisposable {
  /** Its origin. */
  readonly origin: string;
  /** Its first page. */
  readonly url: string;
}

const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** Serves what {@link buildSite} built, as a host of static files does. */
export async function serveSite(): Promise<Site> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    const name = path.startsWith(BASE) ? path.slice(BASE.length) : "404.html";
    const extension = /\.(\w+)$/.exec(name)?.[1];
    const file = join(BUILD, extension === undefined ? join(name, "index.html") : name);
    readFile(file).then(
      (bytes) =>
        response
          .writeHead(200, { "content-type": TYPES[extension ?? ""] ?? "text/html; charset=utf-8" })
          .end(bytes),
      () => response.writeHead(404).end(),
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    url: origin + BASE,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
