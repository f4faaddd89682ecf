import { readFileSync } from "node:fs";

import { expect, it } from "vitest";

import { VERSION } from "../src/pages/version.ts";

it("the version that the API tells is the package's", () => {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  expect(VERSION).toBe((JSON.parse(manifest) as { version: string }).version);
});
