import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, brotliDecompressSync } from "node:zlib";

import { createFiles } from "@chatkeep/server";
import { afterAll, expect, test } from "vitest";

const root = mkdtempSync(join(tmpdir(), "chatkeep-files-"));
const folder = join(root, "app");
mkdirSync(join(folder, "assets"), { recursive: true });
writeFileSync(join(folder, "index.html"), "<!doctype html>page");
writeFileSync(join(folder, "assets", "index-DX3k9_aZ.js"), "script()");
writeFileSync(join(folder, "assets", "index-DX3k9_aZ.js.br"), brotliCompressSync("script()"));
writeFileSync(join(folder, "icon.svg"), "<svg/>");
writeFileSync(join(folder, "notes.exe"), "no");
writeFileSync(join(root, "secret.txt"), "secret");
afterAll(() => rmSync(root, { recursive: true }));

const files = createFiles({ folder, pages: { "/admin": "/index.html" } });
const get = (path: string, init: RequestInit = {}): Promise<Response | undefined> =>
  files(new Request(`http://localhost${path}`, init));

test("the page is answered at / and under its other names, asked for anew each time, under its policy", async () => {
  for (const path of ["/", "/admin", "/?c=1"]) {
    const response = await get(path);
    expect(response?.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response?.headers.get("cache-control")).toBe("no-cache");
    expect(response?.headers.get("content-security-policy")).toContain("require-trusted-types-for 'script'");
    expect(await response?.text()).toBe("<!doctype html>page");
  }
});

test("a file with a hash in its name is kept for a year, others are asked for anew", async () => {
  const script = await get("/assets/index-DX3k9_aZ.js");
  expect(script?.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  expect(script?.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  const icon = await get("/icon.svg");
  expect(icon?.headers.get("content-type")).toBe("image/svg+xml; charset=utf-8");
  expect(icon?.headers.get("cache-control")).toBe("no-cache");
});

test("what the browser has already is not sent again", async () => {
  const etag = (await get("/"))?.headers.get("etag") ?? "";
  const again = await get("/", { headers: { "if-none-match": etag } });
  expect(again?.status).toBe(304);
  expect(await again?.text()).toBe("");
});

test("a Brotli copy beside a file goes to clients that read it, under its own tag; others get the file", async () => {
  const ask = async (
    accepted: string,
  ): Promise<{ encoding: string | null; etag: string | null; bytes: Buffer }> => {
    const response = (await get("/assets/index-DX3k9_aZ.js", { headers: { "accept-encoding": accepted } }))!;
    expect(response.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect(response.headers.get("vary")).toBe("accept-encoding");
    const { headers } = response;
    const bytes = Buffer.from(await response.arrayBuffer());
    return { encoding: headers.get("content-encoding"), etag: headers.get("etag"), bytes };
  };
  const plain = await ask("gzip, deflate");
  expect({ encoding: plain.encoding, text: plain.bytes.toString() }).toEqual({
    encoding: null,
    text: "script()",
  });
  for (const refused of ["br;q=0", "br; q=0.000", "brotli", ""]) expect(await ask(refused)).toEqual(plain);
  for (const accepted of ["br", "gzip, deflate, br, zstd", "gzip;q=0.5,BR;q=0.9"]) {
    const small = await ask(accepted);
    expect(small.encoding).toBe("br");
    expect(small.etag).not.toBe(plain.etag);
    expect(brotliDecompressSync(small.bytes).toString()).toBe("script()");
  }
  // Without a copy the file itself is sent.
  const icon = await get("/icon.svg", { headers: { "accept-encoding": "br" } });
  expect(icon?.headers.get("content-encoding")).toBeNull();
  expect(await icon?.text()).toBe("<svg/>");
});

test.each([
  "/assets/index-DX3k9_aZ.js.br",
  "/nothing.js",
  "/notes.exe",
  "/../secret.txt",
  "/%2e%2e/secret.txt",
  "/..%2fsecret.txt",
  "/assets",
  "/assets/..%5c..%5csecret.txt",
  "//etc/passwd",
])("%s is not served", async (path) => {
  expect(await get(path)).toBeUndefined();
});

test("nothing but GET and HEAD is answered", async () => {
  expect(await get("/", { method: "POST" })).toBeUndefined();
});

test("a build that comes later is served without a restart, and so are the names of the next one", async () => {
  const later = join(root, "later");
  const serve = createFiles({ folder: later });
  const ask = (path: string): Promise<Response | undefined> => serve(new Request(`http://localhost${path}`));
  expect(await ask("/")).toBeUndefined();
  mkdirSync(later);
  writeFileSync(join(later, "index.html"), "one");
  expect(await (await ask("/"))?.text()).toBe("one");
  writeFileSync(join(later, "next-12345678.js"), "two");
  await ask("/");
  expect(await (await ask("/next-12345678.js"))?.text()).toBe("two");
});
