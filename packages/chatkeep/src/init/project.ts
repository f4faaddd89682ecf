import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { StartError } from "../start-error.ts";

/** An app as it is found. */
export interface Project {
  readonly folder: string;
  readonly framework: "next" | "express" | "vite";
  readonly isTypeScript: boolean;
  /** Whether its `.js` files are ES modules. */
  readonly isModule: boolean;
  /** Its packages with their ranges of versions. */
  readonly packages: Readonly<Record<string, string>>;
  readonly manager: Manager;
  readonly lineEnd: "\n" | "\r\n";
}

/** A package manager, and its command that adds packages. */
type Manager = keyof typeof ADD;

export const ADD = { npm: "install", pnpm: "add", yarn: "add", bun: "add" } as const;

const LOCKFILES: readonly (readonly [file: string, manager: Manager])[] = [
  ["package-lock.json", "npm"],
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
];

/** Frameworks whose apps have Vite or Express too, and are neither's. */
const OTHERS: Readonly<Record<string, string>> = {
  "@sveltejs/kit": "SvelteKit",
  nuxt: "Nuxt",
  astro: "Astro",
  "@react-router/dev": "React Router",
  "@remix-run/dev": "Remix",
  "@tanstack/react-start": "TanStack Start",
  "@nestjs/core": "NestJS",
};

const FRAMEWORKS = ["next", "express", "vite"] as const;

interface Manifest {
  readonly type?: unknown;
  readonly workspaces?: unknown;
  readonly packageManager?: unknown;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Reads the app in a folder. Throws a {@link StartError} with one sentence where it is none that is known. */
export function readProject(folder: string): Project {
  const text = readText(join(folder, "package.json"));
  if (text === undefined)
    throw new StartError(
      "There is no package.json here: run chatkeep init in the folder of a Next.js, Vite or Express app.",
    );
  const manifest = parseManifest(text);
  const packages = { ...manifest.devDependencies, ...manifest.dependencies };
  const other = Object.keys(OTHERS).find((name) => Object.hasOwn(packages, name));
  const framework = FRAMEWORKS.find((name) => Object.hasOwn(packages, name));
  if (isWorkspaceRoot(folder, manifest) && !hasSources(folder))
    throw new StartError(
      "This is the root of a workspace: run chatkeep init in the folder of the app, where its own package.json is.",
    );
  if (other !== undefined || framework === undefined)
    throw new StartError(
      `chatkeep init knows Next.js, Vite and Express, and this package.json names ${other === undefined ? "none of them" : OTHERS[other]}: see docs/guide/frameworks.md for others.`,
    );
  return {
    folder,
    framework,
    isTypeScript: existsSync(join(folder, "tsconfig.json")),
    isModule: manifest.type === "module",
    packages,
    manager: managerOf(folder, manifest),
    lineEnd: text.includes("\r\n") ? "\r\n" : "\n",
  };
}

/** A file's text; `undefined` if there is none. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new StartError(`${path} cannot be read: ${(error as Error).message}.`, { cause: error });
  }
}

function parseManifest(text: string): Manifest {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
    throw new TypeError("it is no object");
  } catch (cause) {
    throw new StartError(`package.json is not valid JSON: ${(cause as Error).message}.`, { cause });
  }
}

function isWorkspaceRoot(folder: string, { workspaces }: Manifest): boolean {
  // `create-next-app` writes a pnpm-workspace.yaml without packages.
  return workspaces !== undefined || /^packages:/m.test(readText(join(folder, "pnpm-workspace.yaml")) ?? "");
}

function hasSources(folder: string): boolean {
  return ["app", "src", "pages", "index.html"].some((name) => existsSync(join(folder, name)));
}

/** The manager whose lockfile is nearest, as in a workspace; else the one that package.json names, else the one that runs us. */
function managerOf(folder: string, { packageManager }: Manifest): Manager {
  for (let place = folder; ; place = dirname(place)) {
    const found = LOCKFILES.find(([file]) => existsSync(join(place, file)));
    if (found !== undefined) return found[1];
    if (existsSync(join(place, ".git")) || dirname(place) === place) break;
  }
  const names = [packageManager, process.env["npm_config_user_agent"]].map(
    (text) => /^(npm|pnpm|yarn|bun)\b/.exec(typeof text === "string" ? text : "")?.[0] as Manager | undefined,
  );
  return names.find((name) => name !== undefined) ?? "npm";
}
