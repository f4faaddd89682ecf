import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";

import { PAGE_POLICY } from "./page.ts";

/** Options of {@link createFiles}. */
export interface FilesOptions {
  /** The folder of a built page; only what is in it when the page was last asked for is served. */
  readonly folder: string;
  /** Files that are answered under a path of another name, besides `/index.html` under `/`: `{ "/admin": "/admin.html" }`. Default none. */
  readonly pages?: Readonly<Record<string, string>>;
  /** Whose pages may load the files: `any site` for scripts that other sites embed. Default `this site`. */
  readonly readers?: "this site" | "any site";
}

/** Media types by extension; a file of another kind is not served. */
const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
};

/** Vite puts eight characters of a content hash behind a dash: such a file never changes under its name. */
const HASHED = /-[\w-]{8}\.\w+$/;

/** Answers requests for the files of a page; `undefined` for what is none of them. */
export function createFiles({
  folder,
  pages = {},
  readers = "this site",
}: FilesOptions): (request: Request) => Promise<Response | undefined> {
  const sharing = readers === "any site" ? OPEN_HEADERS : {};
  const pageFiles = new Map(Object.entries({ "/": "/index.html", ...pages }));
  let names: Promise<ReadonlyMap<string, string>> | undefined;

  return async (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") return undefined;
    const path = new URL(request.url).pathname;
    const page = pageFiles.get(path);
    // Only listed names are opened: no path of a request ever reaches the file system. Another build has other names.
    if (page !== undefined || names === undefined) names = listFiles(folder);
    const file = (await names).get(page ?? path);
    return file === undefined ? undefined : fileResponse(file, sharing, request);
  };
}

async function listFiles(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return new Map(
    entries
      .filter((entry) => entry.isFile() && extname(entry.name) in TYPES)
      .map((entry) => {
        const file = join(entry.parentPath, entry.name);
        return [`/${relative(folder, file).split(sep).join("/")}`, file];
      }),
  );
}

/** A page of another site may load it, also one that isolates itself (Cross-Origin-Embedder-Policy). */
const OPEN_HEADERS: Readonly<Record<string, string>> = {
  "access-control-allow-origin": "*",
  "cross-origin-resource-policy": "cross-origin",
};

async function fileResponse(
  file: string,
  sharing: Readonly<Record<string, string>>,
  request: Request,
): Promise<Response> {
  const bytes = await readFile(file);
  const etag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
  const headers: Record<string, string> = {
    ...sharing,
    "content-type": TYPES[extname(file)] ?? "application/octet-stream",
    "cache-control": HASHED.test(file) ? "public, max-age=31536000, immutable" : "no-cache",
    "content-security-policy": PAGE_POLICY,
    etag,
  };
  if (request.headers.get("if-none-match")?.includes(etag) === true)
    return new Response(null, { status: 304, headers });
  return new Response(new Uint8Array(bytes), { headers });
}
