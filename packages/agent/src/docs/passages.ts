import type { PassageInput } from "@chatkeep/core";
import type { Token, Tokens } from "marked";

import type { Document } from "./document.ts";
import { inlineMarkdown } from "./inline.ts";

/** Characters that a passage is filled up to: about a screen. */
const FULL = 900;
/** Maximum characters of a block. A longer one is cut. */
const MOST = 1800;

/**
 * Cuts a document into passages of about 900 characters, never across a heading. Cuts within a paragraph, list item,
 * table row or line of code only where it is longer than 1,800. Their text is Markdown; see {@link inlineMarkdown}.
 */
export function cutPassages(document: Document): PassageInput[] {
  return document.sections.flatMap((section) => {
    const context = [document.title, ...section.above].join(" · ");
    const texts = join(section.blocks.flatMap((block) => blockTexts(block)));
    // A heading that holds only other headings is found by their context.
    return texts.map((text) => ({ section: section.title, anchor: section.anchor, context, text }));
  });
}

function join(blocks: readonly string[]): string[] {
  const passages: string[] = [];
  let open = "";
  for (const block of blocks) {
    // A block that ends in a colon introduces the next one, so they stay together.
    const fits = open.length + block.length <= FULL || (open.endsWith(":") && open.length < FULL);
    if (open !== "" && !fits) {
      passages.push(open);
      open = "";
    }
    open = open === "" ? block : `${open}\n\n${block}`;
  }
  return open === "" ? passages : [...passages, open];
}

function blockTexts(token: Token): string[] {
  switch (token.type) {
    case "paragraph":
    case "text":
      return cutText(inlineMarkdown(token.tokens ?? [token]).trim(), " ");
    case "list":
      return cutText(listText(token as Tokens.List, ""), "\n");
    case "code":
      return cutCode(token as Tokens.Code);
    case "table":
      return cutTable(token as Tokens.Table);
    case "blockquote":
      return (token.tokens ?? []).flatMap((inner) => blockTexts(inner));
    case "html":
      return cutText(htmlText(token.raw), " ");
    default:
      return [];
  }
}

function listText(list: Tokens.List, indent: string): string {
  return list.items
    .map((item, index) => {
      const mark = list.ordered ? `${(list.start === "" ? 1 : list.start) + index}. ` : "- ";
      const deeper = indent + " ".repeat(mark.length);
      const lines = item.tokens.flatMap((token) =>
        token.type === "list"
          ? [listText(token as Tokens.List, deeper).slice(deeper.length)]
          : blockTexts(token).map((text) => text.replaceAll("\n", `\n${deeper}`)),
      );
      return indent + mark + lines.filter((line) => line !== "").join(`\n${deeper}`);
    })
    .join("\n");
}

function cutCode(code: Tokens.Code): string[] {
  const fence = code.text.includes("```") ? "~~~~" : "```";
  return cutText(code.text, "\n")
    .filter((text) => text.trim() !== "")
    .map((text) => `${fence}${code.lang ?? ""}\n${text}\n${fence}`);
}

/** Each piece of a table repeats its head. */
function cutTable(table: Tokens.Table): string[] {
  const row = (cells: readonly Tokens.TableCell[]): string =>
    `| ${cells.map((cell) => inlineMarkdown(cell.tokens)).join(" | ")} |`;
  const head = `${row(table.header)}\n|${" --- |".repeat(table.header.length)}`;
  return cutText(table.rows.map(row).join("\n"), "\n").map((rows) => `${head}\n${rows}`);
}

/** Removes tags and comments. */
function htmlText(html: string): string {
  return html
    .replaceAll(/<!--[\s\S]*?-->/g, "")
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
}

/** Cuts a text into pieces of at most {@link MOST} characters, at `separator` where possible. */
function cutText(text: string, separator: string): string[] {
  const pieces: string[] = [];
  let rest = text;
  while (rest.length > MOST) {
    const at = rest.lastIndexOf(separator, MOST);
    // Not within a surrogate pair.
    const hard = /[\ud800-\udbff]/.test(rest.charAt(MOST - 1)) ? MOST - 1 : MOST;
    const end = at > 0 ? at : hard;
    pieces.push(rest.slice(0, end));
    rest = rest.slice(at > 0 ? end + separator.length : end);
  }
  return rest === "" ? pieces : [...pieces, rest];
}
