import { Marked, type Tokens, type TokensList } from "marked";

import { escapeHtml as h } from "./page.ts";

/** A heading and its anchor, which citations name. */
export interface Heading {
  readonly title: string;
  readonly anchor: string;
}

/** Addresses that become links: of the web, of mail, and within the docs. */
const LINKED = /^(https?:|mailto:|#|[^:]*$)/i;

/**
 * Renders Markdown as HTML. Raw HTML is shown as text, images become links, and addresses that could run a script are
 * not linked. `headings` are those below the title, in order; with them the title is left out, because the page shows it. Without,
 * headings are shown without anchors.
 */
export function renderMarkdown(markdown: string, headings?: readonly Heading[]): string {
  const marked = new Marked({
    renderer: {
      html: (token) => ("block" in token && token.block ? `<p>${h(token.text)}</p>\n` : h(token.text)),
      link({ href, tokens }) {
        return linkHtml(href, this.parser.parseInline(tokens));
      },
      image: ({ href, text }) => linkHtml(href, h(text === "" ? href : text)),
      heading({ depth, tokens }) {
        const level = Math.min(6, Math.max(2, depth));
        if (headings === undefined) return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>\n`;
        const heading = rest.shift();
        if (heading === undefined) return "";
        const { title, anchor } = heading;
        const inside = this.parser.parseInline(tokens).replace(/\s*\{#[\w-]+\}$/, "");
        return `<h${level} id="${h(anchor)}"><a href="#${h(encodeURIComponent(anchor))}">${inside === "" ? h(title) : inside}</a></h${level}>\n`;
      },
    },
  });
  const rest = [...(headings ?? [])];
  let tokens: TokensList;
  try {
    tokens = marked.lexer(markdown);
  } catch {
    // 2,000 quotations in each other overflow the stack: the text as it is written.
    return `<pre>${h(markdown)}</pre>`;
  }
  if (headings === undefined) return marked.parser(tokens);
  const own = tokens.filter((token): token is Tokens.Heading => token.type === "heading");
  // The title is the one heading that is no section.
  const title = own.length > headings.length ? own[0] : undefined;
  return marked.parser(tokens.filter((token) => token !== title));
}

function linkHtml(href: string, inside: string): string {
  return LINKED.test(href) ? `<a href="${h(href)}">${inside}</a>` : inside;
}
