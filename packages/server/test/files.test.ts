import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createFiles } from "@chatkeep/server";
import { afterAll, expect, test } from "vitest";

const root = mkdtempSync(join(tmpdir(), "chatkeep-files-"));
const folder = join(root, "app");
mkdirSync(join(folder, "assets"), { recursive: true });
writeFileSync(join(folder, "index.html"), "<!doctype html>page");
writeFileSync(join(folder, "assets", "index-DX3k9_aZ.js"), "script()");
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

test.each([
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
