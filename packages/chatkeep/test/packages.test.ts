import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { expect, onTestFinished, test } from "vitest";

const run = promisify(execFile);
const PACKAGES = fileURLToPath(new URL("../../", import.meta.url));

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly engines: { readonly node: string };
}

const manifests = readdirSync(PACKAGES)
  .filter((name) => existsSync(join(PACKAGES, name, "package.json")))
  .map((name) => JSON.parse(readFileSync(join(PACKAGES, name, "package.json"), "utf8")) as Manifest)
  .filter((manifest) => manifest.private !== true);

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ck-packages-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("every entry of every package is found by `require` too, and tells its types before its code", async () => {
  const entries = manifests.flatMap(({ name, exports }) =>
    Object.keys(exports)
      .filter((entry) => !entry.includes("*"))
      .map((entry) => name + entry.slice(1)),
  );
  expect(entries).toContain("@chatkeep/core");
  // Whether the file was built says nothing about the way to it.
  const program = `
    const codes = {};
    for (const entry of ${JSON.stringify(entries)})
      try { require.resolve(entry); } catch (error) { if (error.code !== "MODULE_NOT_FOUND") codes[entry] = error.code; }
    console.log(JSON.stringify(codes));`;
  const { stdout } = await run(process.execPath, ["--input-type=commonjs", "--eval", program], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    env: { PATH: process.env["PATH"] },
  });
  expect(JSON.parse(stdout)).toEqual({});
  for (const { name, exports } of manifests) {
    for (const [entry, conditions] of Object.entries(exports)) {
      if (typeof conditions === "string") continue;
      const told = Object.keys(conditions).filter((condition) => condition !== "@chatkeep/source");
      expect(told, `${name} ${entry}`).toEqual(["types", "default"]);
    }
  }
});

/** The command's first file, alone, as an older Node is given it. */
function alone(): string {
  const file = join(temporaryFolder(), "bin.mjs");
  const source = readFileSync(new URL("../src/bin.ts", import.meta.url), "utf8");
  writeFileSync(file, stripTypeScriptTypes(source));
  return file;
}

test("the command says in one sentence which Node it needs", async () => {
  const needed = manifests.find(({ name }) => name === "chatkeep")?.engines.node.slice(2);
  const file = alone();
  const older = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "22.17.1" } });`;
  const preload = join(temporaryFolder(), "older.cjs");
  writeFileSync(preload, older);
  await expect(run(process.execPath, ["--require", preload, file, "--version"])).rejects.toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(
      new RegExp(`^Chatkeep needs Node ${needed} or newer, and this is v[^\n]+\\.\n$`),
    ) as string,
  });
  // An import of a name that an older Node does not have is refused before the first line runs.
  expect(readFileSync(file, "utf8")).not.toMatch(/^import /m);
});
