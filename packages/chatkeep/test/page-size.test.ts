import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { expect, test } from "vitest";

import { buildPage } from "./page-view.ts";

/** What a first load of the page may weigh, in bytes of `gzip -9`. */
const BUDGET = 160 * 1024;

test("a first load weighs no more than its budget, and asks for nothing elsewhere or inline", async () => {
  using built = await buildPage();
  const names = readdirSync(built.folder, { recursive: true, encoding: "utf8" });
  const files = names
    .filter((name) => /\.(html|js|css|svg)$/.test(name))
    .map((name) => join(built.folder, name));
  const weight = files.reduce((sum, file) => sum + gzipSync(readFileSync(file), { level: 9 }).length, 0);
  expect(files.length).toBeGreaterThan(3);
  expect(weight).toBeLessThanOrEqual(BUDGET);
  const html = readFileSync(join(built.folder, "index.html"), "utf8");
  expect(html).not.toMatch(/https?:|<style|<script(?![^>]* src="\.\/assets\/)| style=| on\w+=/);
});
