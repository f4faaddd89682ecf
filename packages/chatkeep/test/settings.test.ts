import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { SETTINGS } from "../src/settings.ts";
import { settingFiles } from "./settings.ts";

test(".env.example and the guide list every setting as it is: npm run settings -w chatkeep", () => {
  for (const { is, made } of settingFiles()) expect(is).toBe(made);
});

test("every setting that is described is read, and the guide names no other", () => {
  const source = fileURLToPath(new URL("../src/", import.meta.url));
  const readers = [
    "environment.ts",
    ...readdirSync(join(source, "environment")).map((name) => `environment/${name}`),
  ];
  const read = readers.map((name) => readFileSync(join(source, name), "utf8")).join("\n");
  expect(Object.keys(SETTINGS).filter((name) => !read.includes(name))).toEqual([]);
  const guide = fileURLToPath(new URL("../../../docs/guide/", import.meta.url));
  const named = readdirSync(guide).flatMap((name) => [
    ...readFileSync(join(guide, name), "utf8").matchAll(/\bCHATKEEP_[A-Z_]+\b/g),
  ]);
  expect(named.map(([name]) => name).filter((name) => !Object.hasOwn(SETTINGS, name))).toEqual([]);
});
