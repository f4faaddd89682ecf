import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { AstroIntegration } from "astro";

import { SITE } from "./settings.ts";

/** Fails the build when a link within the site leads to a page or a heading that is not there. */
export const checkLinks: AstroIntegration = {
  name: "check-links",
  hooks: {
    "astro:build:done": ({ dir, logger }) => {
      const broken = brokenLinks(fileURLToPath(dir));
      if (broken.length > 0) throw new Error(`Links that lead nowhere:\n${broken.join("\n")}`);
      logger.info("No link of the site is broken.");
    },
  },
};

function brokenLinks(folder: string): string[] {
  const pages = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith("index.html"),
  );
  const htmls = new Map(pages.map((name) => [join(folder, name), readFileSync(join(folder, name), "utf8")]));
  const anchors = new Map<string, Set<string>>();
  for (const [file, html] of htmls)
    anchors.set(file, new Set([...html.matchAll(/\sid="([^"]*)"/g)].map(([, id = ""]) => id)));

  const site = new URL(SITE);
  const found: string[] = [];
  for (const [file, html] of htmls) {
    const here = new URL(file.slice(folder.length).replace(/index\.html$/, ""), site);
    for (const [, link = ""] of html.matchAll(/\s(?:href|src)="([^"]*)"/g)) {
      const target = new URL(link.replaceAll("&amp;", "&").replaceAll("&#38;", "&"), here);
      if (target.origin !== site.origin) continue;
      const path = decodeURIComponent(target.pathname);
      const at = join(folder, path.slice(site.pathname.length), path.endsWith("/") ? "index.html" : "");
      const anchor = decodeURIComponent(target.hash.slice(1));
      const isThere = path.startsWith(site.pathname) && existsSync(at);
      if (!isThere || (anchor !== "" && anchors.get(at)?.has(anchor) !== true))
        found.push(`${here.pathname}: ${link}`);
    }
  }
  return [...new Set(found)];
}
