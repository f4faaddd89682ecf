import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";

import { inject } from "vitest";

import { publicPackages, run } from "./packed.ts";

/** A registry of npm's that has our packages, and sends for all others to the configured one. */
export interface Registry extends AsyncDisposable {
  /** What npm is started with. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starts one. `folder` is for npm's cache, in which `npx` keeps what it ran. */
export async function startRegistry(folder: string): Promise<Registry> {
  const [upstream, cache] = await Promise.all(["registry", "cache"].map(setting));
  mkdirSync(folder);
  symlinkSync(join(cache!, "_cacache"), join(folder, "_cacache"));
  const tarballs = inject("tarballs");
  let url = "";
  const packuments = new Map(
    publicPackages.map(({ name, manifest }) => {
      const bytes = readFileSync(tarballs[name]!);
      const version = manifest["version"] as string;
      const dist = () => ({
        tarball: `${url}/${basename(tarballs[name]!)}`,
        integrity: `sha512-${createHash("sha512").update(bytes).digest("base64")}`,
      });
      return [
        name,
        () => ({
          name,
          "dist-tags": { latest: version },
          versions: { [version]: { ...manifest, dist: dist() } },
        }),
      ] as const;
    }),
  );
  const files = new Map(Object.values(tarballs).map((path) => [`/${basename(path)}`, path]));
  const server = createServer(({ url: path = "" }, response) => {
    const packument = packuments.get(decodeURIComponent(path.slice(1)));
    const file = files.get(path);
    if (packument !== undefined)
      response.setHeader("content-type", "application/json").end(JSON.stringify(packument()));
    else if (file === undefined) response.writeHead(302, { location: new URL(path, upstream).href }).end();
    else response.end(readFileSync(file));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    env: { npm_config_registry: url, npm_config_cache: folder, npm_config_yes: "true" },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function setting(name: string): Promise<string> {
  return (await run("npm", ["config", "get", name])).stdout.trim();
}
