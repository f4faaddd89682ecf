import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync } from "node:fs";
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

/**
 * What npm and Vitest set for the programs that they start, and would configure those that run here. The certificates of
 * the machine (`NODE_EXTRA_CA_CERTS`) stay: without them npm reaches no registry behind a proxy.
 */
const INHERITED = /^(npm_(?!config_(registry|cafile|cache)$)|NODE_(?!EXTRA_CA_CERTS$)|DATABASE_URL|VITEST)/i;

/** A program that ended with code 0. Rejects with what it wrote when it did not. */
export async function run(
  file: string,
  args: readonly string[],
  { cwd = REPOSITORY, env = {} }: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const own = Object.entries(process.env).filter(([name]) => !INHERITED.test(name));
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
export async function packPackages(folder: string): Promise<Readonly<Record<string, string>>> {
  const workspaces = publicPackages.flatMap(({ name }) => ["--workspace", name]);
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder, ...workspaces]);
  // The output of prepack scripts comes before; npm 11 gives a list, npm 12 an object by name.
  const packed = JSON.parse(stdout.slice(stdout.search(/^[[{]/m))) as Record<
    string,
    { name: string; filename: string }
  >;
  return Object.fromEntries(
    Object.values(packed).map(({ name, filename }) => [name, join(folder, filename)]),
  );
}
