import Slugger from "github-slugger";
import { type Token, marked } from "marked";
import { parse } from "yaml";

import { headingText } from "./inline.ts";
import { withoutMdx } from "./mdx.ts";

/** A parsed document. */
export interface Document {
  readonly title: string;
  /** The front matter's `order` (or Docusaurus's `sidebar_position`); {@link LAST_POSITION} without one. */
  readonly position: number;
  /** Markdown, without front matter and the code of MDX. */
  readonly markdown: string;
  /** In order. The first is the text below the title, and may be empty. */
  readonly sections: readonly Section[];
}

/** The text under one heading. */
export interface Section {
  /** The heading without marks; `null` for the text below the document's title. */
  readonly title: string | null;
  /** GitHub's slug of the heading, unique in the document, or its own id (`## Title {#id}`). */
  readonly anchor: string | null;
  /** The heading's depth, 1 to 6. */
  readonly depth: number;
  /** The headings above it, outermost first. */
  readonly above: readonly string[];
  /** Its blocks, without the heading. */
  readonly blocks: readonly Token[];
}

/** The position of a document without an order: after all others. */
export const LAST_POSITION = 2_147_483_647;

/**
 * Parses a Markdown or MDX file. The title is the front matter's `title`, else the first heading of depth 1, else the
 * file's name. Invalid front matter is ignored and reported to `warn`.
 */
export function readDocument(
  path: string,
  text: string,
  warn: (message: string) => void = () => undefined,
): Document {
  const { fields, body } = splitFrontMatter(path, text, warn);
  const markdown = path.toLowerCase().endsWith(".mdx") ? withoutMdx(body) : body;
  const { heading, sections } = readSections(markdown);
  const own = fields["title"];
  const title = typeof own === "string" || typeof own === "number" ? String(own) : (heading ?? nameOf(path));
  const order = Number(fields["order"] ?? fields["sidebar_position"] ?? Number.NaN);
  return {
    title: title.toWellFormed().replaceAll("\0", "\uFFFD"),
    position: Number.isFinite(order) ? Math.round(Math.min(order, LAST_POSITION)) : LAST_POSITION,
    markdown,
    sections,
  };
}

const FRONT_MATTER = /^---[ \t]*\n([\s\S]*?)(?:^|\n)---[ \t]*(?:\n|$)/;

function splitFrontMatter(
  path: string,
  text: string,
  warn: (message: string) => void,
): { fields: Record<string, unknown>; body: string } {
  const found = FRONT_MATTER.exec(text);
  if (found === null) return { fields: {}, body: text };
  const body = text.slice(found[0].length);
  try {
    const fields: unknown = parse(found[1] ?? "");
    if (typeof fields === "object" && fields !== null && !Array.isArray(fields)) {
      return { fields: fields as Record<string, unknown>, body };
    }
  } catch {
    warn(`The front matter of ${path} is not valid YAML; its title and order are not used.`);
  }
  return { fields: {}, body };
}

function readSections(markdown: string): { heading: string | null; sections: Section[] } {
  const slugger = new Slugger();
  const first = { title: null, anchor: null, depth: 1, above: [], blocks: [] as Token[] };
  const sections: Section[] = [first];
  let { blocks } = first;
  let heading: string | null = null;
  let open: { title: string; depth: number }[] = [];

  for (const token of marked.lexer(markdown)) {
    if (token.type !== "heading") {
      blocks.push(token);
      continue;
    }
    const depth = Number(token["depth"]);
    const { title, anchor } = readHeading(headingText(token.tokens ?? []), slugger);
    if (depth === 1 && heading === null && sections.length === 1 && blocks.every(isSpace)) {
      heading = title;
      continue;
    }
    open = open.filter((other) => other.depth < depth);
    blocks = [];
    sections.push({ title, anchor, depth, above: open.map((other) => other.title), blocks });
    open.push({ title, depth });
  }
  return { heading, sections };
}

function readHeading(text: string, slugger: Slugger): { title: string; anchor: string } {
  const own = /^(.*?)\s*\{#([\w-]+)\}$/.exec(text);
  if (own !== null) return { title: own[1] ?? "", anchor: own[2] ?? "" };
  return { title: text, anchor: slugger.slug(text) };
}

function isSpace(token: Token): boolean {
  return token.type === "space" || token.type === "html";
}

function nameOf(path: string): string {
  const name = (path.split("/").at(-1) ?? path).replace(/\.\w+$/, "").replace(/^\d+[-_. ]+/, "");
  const words = name.replaceAll(/[-_]+/g, " ").trim();
  return words === "" ? path : words.charAt(0).toUpperCase() + words.slice(1);
}
