import { execFile } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const REPOSITORY: string = fileURLToPath(new URL("../../../", import.meta.url));

/** A package that npm publishes. */
export interface PublicPackage {
  readonly name: string;
  readonly folder: string;
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** The packages that npm publishes. */
export const publicPackages: readonly PublicPackage[] = readdirSync(join(REPOSITORY, "packages"))
  .map((name) => join(REPOSITORY, "packages", name))
  .map((folder) => ({
    folder,
    manifest: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<string, unknown>,
  }))
  .filter(({ manifest }) => manifest["private"] !== true)
  .map(({ folder, manifest }) => ({ folder, manifest, name: manifest["name"] as string }));

/** A program that ended with code 0. Rejects with what it wrote when it did not. */
export async function run(
  file: string,
  args: readonly string[],
  { cwd = REPOSITORY, env = {} }: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  // npm sets variables for the scripts it runs, which would configure the npm that runs here.
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|DATABASE_URL)/i.test(name));
  try {
    return await promisify(execFile)(file, args, {
      cwd,
      env: { ...Object.fromEntries(own), ...env },
      maxBuffer: 2 ** 26,
    });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${file} ${args.join(" ")} failed:\n${stdout}\n${stderr}`, { cause: error });
  }
}

/** A folder outside the repository, gone with {@link TemporaryFolder.remove}. */
export interface TemporaryFolder {
  readonly path: string;
  remove(): void;
}

/** Makes one. */
export function temporaryFolder(): TemporaryFolder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "ck-packed-")));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Packs every public package into `folder`, as npm publishes it; gives the tarballs by the packages' names. */
export async function packPackages(folder: string): Promise<ReadonlyMap<string, string>> {
  mkdirSync(folder, { recursive: true });
  const workspaces = publicPackages.flatMap(({ name }) => ["--workspace", name]);
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder, ...workspaces]);
  // The output of prepack scripts comes before; npm 11 gives a list, npm 12 an object by name.
  const packed = JSON.parse(stdout.slice(stdout.search(/^[[{]/m))) as Record<
    string,
    { name: string; filename: string }
  >;
  return new Map(Object.values(packed).map(({ name, filename }) => [name, join(folder, filename)]));
}

/**
 * Installs `names` from their tarballs into `folder`, and of ours only what these depend on; `others` are packages of
 * the registry, as in a package.json.
 */
export async function installPacked(
  folder: string,
  tarballs: ReadonlyMap<string, string>,
  names: readonly string[],
  { others = {} }: { readonly others?: Record<string, string> } = {},
): Promise<void> {
  const files = [...tarballs].map(([name, path]) => [name, `file:${path}`] as const);
  const own = Object.fromEntries(files.filter(([name]) => names.includes(name)));
  const overrides = Object.fromEntries(files.filter(([name]) => !names.includes(name)));
  const manifest = { private: true, type: "module", dependencies: { ...own, ...others }, overrides };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"], { cwd: folder });
}
