import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { StartError } from "../start-error.ts";
import { version } from "../version.ts";

const SKIPPED = new Set(["node_modules", "dist", "build", "out", "coverage"]);
const IMPORT = /^\s*import\s*\{[^}]*\buseChat\b[^}]*\}\s*from\s*["']@ai-sdk\/react["']/m;

/** What to change in each file that uses the AI SDK's `useChat`. */
export function findUseChat(folder: string): string[] {
  return sourcesIn(folder, "").flatMap((path) => {
    const text = readFileSync(join(folder, path), "utf8");
    const match = IMPORT.exec(text);
    if (match === null) return [];
    const line = text.slice(0, match.index + match[0].length).split("\n").length;
    return [
      `${path}:${line} uses useChat. It keeps its messages with one line changed; leave out id, messages and transport:

- import { useChat } from "@ai-sdk/react";
+ import { useChat } from "@chatkeep/react/ai-sdk";`,
    ];
  });
}

function sourcesIn(folder: string, below: string): string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory())
      return SKIPPED.has(entry.name) || entry.name.startsWith(".") ? [] : sourcesIn(folder, path);
    return entry.isFile() && /\.[jt]sx?$/.test(entry.name) ? [path] : [];
  });
}

/** The packages of a page on `useChat` that an app lacks, in versions that go together. */
export function chatPackages(packages: Readonly<Record<string, string>>): string[] {
  const major = Number(/\d+/.exec(packages["ai"] ?? "")?.[0] ?? Number.POSITIVE_INFINITY);
  if (major < 5)
    throw new StartError(
      `This app has version ${major} of the AI SDK (ai), and Chatkeep's useChat needs 5 or newer: upgrade it first.`,
    );
  // 2 goes with ai 5, 3 with 6, and so on.
  const hook = Number.isFinite(major) ? `@ai-sdk/react@^${major - 3}` : "@ai-sdk/react";
  return lacking(packages, [
    ["chatkeep", `chatkeep@^${version()}`],
    ["@chatkeep/react", `@chatkeep/react@^${version()}`],
    ["@ai-sdk/react", hook],
    ["ai", "ai"],
  ]);
}

/** The packages that an app does not have yet. */
export function lacking(
  packages: Readonly<Record<string, string>>,
  needed: readonly (readonly [name: string, spec: string])[],
): string[] {
  return needed.filter(([name]) => !Object.hasOwn(packages, name)).map(([, spec]) => spec);
}
