import { SITE } from "./settings.ts";
import type { SourcePage } from "./source-page.ts";

const HEAD = `# Chatkeep

> Conversation memory for AI chat, on PostgreSQL, in TypeScript. Mount Chatkeep in front of the function that calls your model: it stores every conversation per person and per page, survives crashes and deploys, and gives the model the context it needs.
`;

/** `llms.txt`: each page with its address and first sentence, in the form of llmstxt.org. */
export function llmsIndex(guide: readonly SourcePage[], decisions: readonly SourcePage[]): string {
  const groups = Object.entries(Object.groupBy(guide, ({ group }) => group));
  const sections = groups.map(([group, pages = []]) => sectionOf(group, pages, ".md"));
  const reference = `## Reference

- [HTTP API](${SITE}openapi.json): OpenAPI 3.1 of every route.
- [TypeScript](${SITE}reference/): every exported function and type of the packages.
- [The guide in one file](${SITE}llms-full.txt)
`;
  return [HEAD, ...sections, reference, sectionOf("Optional", decisions, "/")].join("\n");
}

/** `llms-full.txt`: the whole guide as one file. */
export function llmsFull(pages: readonly string[]): string {
  // The headings of a page move one down, below the site's own.
  return [HEAD, ...pages.map((page) => page.replace(/^(?=#+ )/gm, "#"))].join("\n");
}

function sectionOf(title: string, pages: readonly SourcePage[], ending: string): string {
  const lines = pages.map((page) => `- [${page.title}](${SITE}${page.id}${ending}): ${page.description}`);
  return `## ${title}\n\n${lines.join("\n")}\n`;
}
