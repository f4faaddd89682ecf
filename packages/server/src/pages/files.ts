import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";

import { getMimeType } from "hono/utils/mime";

import { PAGE_POLICY } from "./page.ts";

/** Options of {@link createFiles}. */
export interface FilesOptions {
  /**
   * The folder of a built page. Only files of known types that were in it at the last request of the page are served.
   * A Brotli copy, `index.html.br` of `index.html`, goes to clients that read it.
   */
  readonly folder: string;
  /** Files by other paths, besides `/index.html` at `/`: `{ "/admin": "/admin.html" }`. Default none. */
  readonly pages?: Readonly<Record<string, string>>;
  /** The sites whose pages may load the files: `any site` for scripts that other sites embed. Default `this site`. */
  readonly readers?: "this site" | "any site";
}

/** Vite's names end with eight characters of a content hash. Such a file never changes. */
const HASHED = /-[\w-]{8}\.\w+$/;

/** Serves the files of a page. Returns `undefined` for other requests. */
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
    // Only listed names are opened, so no request's path reaches the file system. A new build has new names.
    if (page !== undefined || names === undefined) names = listFiles(folder);
    const file = (await names).get(page ?? path);
    return file === undefined ? undefined : fileResponse(file, sharing, request);
  };
}

async function listFiles(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return new Map(
    entries
      .filter((entry) => entry.isFile() && getMimeType(entry.name) !== undefined)
      .map((entry) => {
        const file = join(entry.parentPath, entry.name);
        return [`/${relative(folder, file).split(sep).join("/")}`, file];
      }),
  );
}

/** For pages of other sites, also those with a Cross-Origin-Embedder-Policy. */
const OPEN_HEADERS: Readonly<Record<string, string>> = {
  "access-control-allow-origin": "*",
  "cross-origin-resource-policy": "cross-origin",
};

async function fileResponse(
  file: string,
  sharing: Readonly<Record<string, string>>,
  request: Request,
): Promise<Response> {
  const copy = readsBrotli(request) ? await readFile(`${file}.br`).catch(() => undefined) : undefined;
  const bytes = copy ?? (await readFile(file));
  const etag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
  const headers: Record<string, string> = {
    ...sharing,
    "content-type": getMimeType(file) ?? "application/octet-stream",
    "cache-control": HASHED.test(file) ? "public, max-age=31536000, immutable" : "no-cache",
    "content-security-policy": PAGE_POLICY,
    etag,
    // A shared cache keeps both forms.
    vary: "accept-encoding",
    ...(copy && { "content-encoding": "br" }),
  };
  if (request.headers.get("if-none-match")?.includes(etag) === true)
    return new Response(null, { status: 304, headers });
  return new Response(new Uint8Array(bytes), { headers });
}

function readsBrotli(request: Request): boolean {
  const accepted = request.headers.get("accept-encoding")?.split(",") ?? [];
  return accepted.some((encoding) => /^\s*br\s*(?:;(?!\s*q=0(?:\.0*)?\s*$).*)?$/i.test(encoding));
}
