import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { expect, test } from "vitest";

import { buildWidget } from "./stage.ts";

/** What may be loaded before any click, with the panel, and with the first answer: bytes of `gzip -9`. */
const LOADER = 3 * 1024;
const PANEL = 36 * 1024;
const LEXER = 15 * 1024;
const RENDERING = 10 * 1024;
/** What a first visit loads in all. */
const FIRST_VISIT = 41 * 1024;

test("the launcher and the panel weigh no more than their budgets, and nothing else is loaded with them", async () => {
  using built = await buildWidget();
  const names = readdirSync(built.folder, { recursive: true, encoding: "utf8" });
  const weigh = (name: string): number =>
    gzipSync(readFileSync(join(built.folder, name)), { level: 9 }).length;
  const named = (pattern: RegExp): string => names.find((name) => pattern.test(name)) ?? "";
  const panel = named(/panel-[^/]+\.js$/);
  expect(weigh("widget.js")).toBeLessThanOrEqual(LOADER);
  expect(weigh(panel)).toBeLessThanOrEqual(PANEL);
  expect(weigh(named(/lexer-[^/]+\.js$/))).toBeLessThanOrEqual(LEXER);
  expect(weigh(named(/MarkdownBlocks-[^/]+\.js$/))).toBeLessThanOrEqual(RENDERING);
  const answers = named(/answer-sheet-[^/]+\.js$/);
  expect(weigh(answers)).toBeGreaterThan(0);
  expect(weigh("widget.js") + weigh(panel) + weigh(answers)).toBeLessThanOrEqual(FIRST_VISIT);
  // No file is loaded because another is: only import() asks for one, when it is needed.
  const imported = /\bimport\s*[\w{"'*]/;
  expect(readFileSync(join(built.folder, "widget.js"), "utf8")).not.toMatch(imported);
  const [, ...others] =
    readFileSync(join(built.folder, panel), "utf8").match(/\bimport\s*[{"'*][^;]*?["'][^"']+["']/g) ?? [];
  expect(others).toEqual([]);
});
