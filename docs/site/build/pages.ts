import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { llmsFull, llmsIndex } from "./llms.ts";
import { withLinks } from "./markdown-links.ts";
import { REPOSITORY, ROOT, SITE } from "./settings.ts";
import { type SourcePage, readDecision, readGuidePage } from "./source-page.ts";

/** A group of the sidebar. */
interface Group {
  readonly label: string;
  readonly items: { readonly label: string; readonly slug: string }[];
}

const CONTENT = fileURLToPath(new URL("../src/content/docs/", import.meta.url));
const PUBLIC = fileURLToPath(new URL("../public/", import.meta.url));

/**
 * Writes the guide and the decisions as pages of the site, and the files beside them: Markdown for machines, llms.txt,
 * pictures. Returns the guide's part of the sidebar: `order` is the order of the pages, `group` their heading.
 */
export function writePages(): Group[] {
  for (const folder of ["guide", "decisions"])
    rmSync(join(CONTENT, folder), { recursive: true, force: true });
  rmSync(PUBLIC, { recursive: true, force: true });

  const guide = read("docs/guide", readGuidePage).sort((a, b) => a.order - b.order);
  const decisions = read("docs/decisions", readDecision);
  for (const page of [...guide, ...decisions]) write(join(CONTENT, `${page.id}.md`), toStarlight(page));
  for (const page of guide) write(join(PUBLIC, `${page.id}.md`), toMarkdown(page));
  write(join(PUBLIC, "llms.txt"), llmsIndex(guide, decisions));
  write(join(PUBLIC, "llms-full.txt"), llmsFull(guide.map(toMarkdown)));
  write(join(PUBLIC, "robots.txt"), `User-agent: *\nAllow: /\nSitemap: ${SITE}sitemap-index.xml\n`);
  cpSync(join(ROOT, "packages/chatkeep/app/public/favicon.svg"), join(PUBLIC, "icon.svg"));

  const groups: Group[] = [];
  for (const { group, title, id } of guide) {
    const last = groups.at(-1);
    const item = { label: title, slug: id };
    if (last?.label === group) last.items.push(item);
    else if (groups.some(({ label }) => label === group))
      throw new Error(
        `docs/${id}.md: its \`order\` puts it outside of the other pages of the group "${group}".`,
      );
    else groups.push({ label: group, items: [item] });
  }
  return groups;
}

function read(folder: string, page: (file: string, text: string) => SourcePage): SourcePage[] {
  const names = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith(".md"));
  return names
    .sort()
    .map((name) => page(`${folder}/${name}`, readFileSync(join(ROOT, folder, name), "utf8")));
}

/** A page with the front matter that Starlight takes. JSON is YAML. */
function toStarlight({ file, title, description, body }: SourcePage): string {
  const fields = { title, description, editUrl: `${REPOSITORY}/edit/main/${file}` };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return `---\n${lines.join("\n")}\n---\n\n${withLinks(file, body)}`;
}

function toMarkdown({ file, title, body }: SourcePage): string {
  return `# ${title}\n\n${withLinks(file, body).trim()}\n`;
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
