import { existsSync } from "node:fs";
import { posix } from "node:path";

import { REPOSITORY, ROOT, SITE } from "./settings.ts";

const CODE = /^(```[\s\S]*?^```)|(`[^`\n]+`)/gm;
const LINK = /\]\(([^)\s]+)\)/g;

/**
 * Leads a file's relative links to pages of the site, and those to other files to the repository. Errors: a file that
 * is not there.
 */
export function withLinks(file: string, markdown: string): string {
  const parts = markdown.split(CODE).filter((part) => part !== undefined);
  return parts
    .map((part) =>
      part.startsWith("`") ? part : part.replace(LINK, (_, target: string) => `](${lead(file, target)})`),
    )
    .join("");
}

function lead(from: string, target: string): string {
  if (/^(?:[a-z]+:|#)/i.test(target)) return target;
  const [path = "", anchor] = target.split("#");
  const file = posix.join(posix.dirname(from), path);
  if (!existsSync(ROOT + file)) throw new Error(`${from} links to ${target}, which is not there.`);
  const hash = anchor === undefined ? "" : `#${anchor}`;
  const page = /^docs\/((?:guide|decisions)\/[^/]+)\.md$/.exec(file)?.[1];
  if (page !== undefined) return `${SITE}${page}/${hash}`;
  return `${REPOSITORY}/blob/main/${file}${hash}`;
}
