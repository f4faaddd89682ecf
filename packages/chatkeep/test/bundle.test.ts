import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { createDatabase } from "@chatkeep/testing";
import { build } from "vite";
import { expect, it } from "vitest";

const ENTRY = fileURLToPath(new URL("fixtures/mounted.ts", import.meta.url));

it("a host that was bundled, and moved to a machine without our packages, migrates, answers and serves its pages", async () => {
  await using database = await createDatabase({ contents: "empty" });
  const folder = mkdtempSync(join(tmpdir(), "ck-bundle-"));
  try {
    await build({
      configFile: false,
      logLevel: "silent",
      build: { ssr: ENTRY, outDir: folder, emptyOutDir: true },
      ssr: { noExternal: true, resolve: { conditions: ["@chatkeep/source", "node"] } },
    });
    const file = readdirSync(folder).find((name) => name.startsWith("mounted."))!;
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, file)], {
      cwd: folder,
      env: { PATH: process.env["PATH"], DATABASE_URL: database.url },
    });
    expect(JSON.parse(stdout)).toEqual({ reply: "Hello.", statuses: [200, 200, 200, 200] });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
