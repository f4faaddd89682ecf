import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { expect, test } from "vitest";

import { buildPage } from "./page-view.ts";

/** What a first load of the app may weigh, in bytes of `gzip -9`. */
const BUDGET = 160 * 1024;
/** What the operator's page may: it shares React and the components' look. */
const ADMIN_BUDGET = 90 * 1024;

test("a first load weighs no more than its budget, and asks for nothing elsewhere or inline", async () => {
  using built = await buildPage();
  const read = (name: string): string => readFileSync(join(built.folder, name), "utf8");
  for (const [name, budget] of [
    ["index.html", BUDGET],
    ["admin.html", ADMIN_BUDGET],
  ] as const) {
    const html = read(name);
    // What the page names is all that it loads at first: scripts, what they import, style sheets, its icon.
    const named = [...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, file]) => file!);
    expect(named.length).toBeGreaterThan(2);
    const weight = [name, ...named].reduce((sum, file) => sum + gzipSync(read(file), { level: 9 }).length, 0);
    expect(weight).toBeLessThanOrEqual(budget);
    expect(html).not.toMatch(/https?:|<style|<script(?![^>]* src="\.\/assets\/)| style=| on\w+=/);
  }
});
