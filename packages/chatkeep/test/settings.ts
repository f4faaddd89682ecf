import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { SETTINGS, type Setting } from "../src/settings.ts";

const settings = Object.entries<Setting>(SETTINGS);

/** The code in a meaning. */
const CODE =
  /postgres:\/\/\S+\w|[a-z-]+\/<name>|https:\/\/[^\s,]*\w|async function.*\}|[A-Z]+(?:_[A-Z]+)+|chatkeep key|openssl .* 48/g;

const sentence = ({ meaning, choices }: Setting): string =>
  choices === undefined ? meaning : `${meaning} One of ${choices.join(", ")}.`;

const example = `# Copy to .env and change what you need. Every setting has a default. Variables of the process override the file.
${settings
  .map(([name, setting]) => {
    const otherwise = setting.otherwise === undefined ? "" : ` Default: ${setting.otherwise}.`;
    return `\n# ${sentence(setting)}${otherwise}\n${name}=${setting.default ?? ""}\n`;
  })
  .join("")}`;

const table = settings
  .map(([name, setting]) => {
    const value = setting.default === undefined ? (setting.otherwise ?? "none") : `\`${setting.default}\``;
    return `| \`${name}\` | ${value} | ${sentence(setting).replaceAll(CODE, "`$&`")} |\n`;
  })
  .join("");

const file = (name: string): string => fileURLToPath(new URL(`../../../${name}`, import.meta.url));
const GUIDE = file("docs/guide/operating.md");
const TABLE = /(?<=\n\| variable \| default \| meaning \|\n\| --- \| --- \| --- \|\n)(\|.*\n)+/;

/** The files that list every setting, each as it is and as the table of settings makes it. */
export function settingFiles(): readonly {
  readonly path: string;
  readonly is: string;
  readonly made: string;
}[] {
  const guide = readFileSync(GUIDE, "utf8");
  const path = file(".env.example");
  return [
    { path, is: readFileSync(path, "utf8"), made: example },
    { path: GUIDE, is: guide, made: guide.replace(TABLE, () => table) },
  ];
}

if (import.meta.main) for (const { path, made } of settingFiles()) writeFileSync(path, made);
