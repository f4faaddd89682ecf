import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const PACKAGES = fileURLToPath(new URL("../../", import.meta.url));

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** An app outside the repository. */
export interface App extends AsyncDisposable {
  readonly folder: string;
}

/**
 * Copies an app into a temporary folder and installs its dependencies with npm: our packages as `npm run build` left
 * them, packed as for the registry, everything else from the registry.
 */
export async function installApp(from: string): Promise<App> {
  const folder = mkdtempSync(join(tmpdir(), "ck-app-"));
  const remove = (): void => rmSync(folder, { recursive: true, maxRetries: 10, retryDelay: 50 });
  try {
    const isOwn = (path: string): boolean => !["node_modules", ".next"].includes(basename(path));
    cpSync(from, folder, { recursive: true, filter: isOwn });
    const manifest = readManifest(folder);
    const packed = await pack(manifest, folder);
    // Those that ours depend on too: the registry has none of them.
    const dependencies = { ...manifest.dependencies, ...packed };
    writeFileSync(join(folder, "package.json"), JSON.stringify({ ...manifest, dependencies }, null, 2));
    const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
    await run("npm", ["install", ...flags], { cwd: folder });
  } catch (error) {
    remove();
    throw error;
  }
  return { folder, [Symbol.asyncDispose]: async () => remove() };
}

/** Packs our packages that a manifest needs, and gives the address of each tarball by name. */
async function pack(app: Manifest, folder: string): Promise<Record<string, string>> {
  const ours = new Map(
    readdirSync(PACKAGES)
      .map((name) => join(PACKAGES, name))
      .filter((path) => existsSync(join(path, "package.json")))
      .map((path) => [readManifest(path).name, path]),
  );
  const needed = new Set<string>();
  const need = ({ dependencies = {} }: Manifest): void => {
    for (const name of Object.keys(dependencies)) {
      const path = ours.get(name);
      if (path === undefined || needed.has(name)) continue;
      needed.add(name);
      need(readManifest(path));
    }
  };
  need(app);
  const packed: Record<string, string> = {};
  for (const name of needed) {
    const how = { cwd: ours.get(name)! };
    const { stdout } = await run("npm", ["pack", "--silent", "--pack-destination", folder], how);
    packed[name] = `file:${stdout.trim().split("\n").at(-1)}`;
  }
  return packed;
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}
