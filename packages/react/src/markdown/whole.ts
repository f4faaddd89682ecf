import remend from "remend";

import { FORMULA } from "./extensions.ts";

/** Code and formulas, and the one of them that the text ends in: a dollar before a digit is money until it is closed. */
const SPANS = new RegExp(
  [
    "\\\\[^([]",
    "(`+)(?!`)(?:(?!\\n[ \\t]*\\n)[^])*?(?<!`)\\1(?!`)",
    FORMULA,
    "(?<formula>(?:\\\\[([]|\\$\\$)(?:(?!\\n[ \\t]*\\n)[^]){0,2000}$|(?<![\\w\\\\])\\$(?![\\s\\d$])[^$`\\n]{0,200}$)",
    "(?<signs>`+)(?<code>(?:(?!\\n[ \\t]*\\n)[^`])*)$",
  ].join("|"),
  "g",
);
/** Pictures, markers of sources and footnotes that are being written, what may become a link, character references. */
const OPEN_MARK =
  /(?:!\[[^\]\n]*(?:\](?:\([^)\n]*)?)?|\[(?:\d*|\^[^\]\s]*)|\[(?!\d+\]|\^)[^[\]\n]*\]|&#?\w{0,8}|\\)$/;
/** A line of signs alone: the beginning of a list, a title, a line across the page, a fence. */
const SIGNS = /(?:^|\n)[ \t>]*(?:[-*+=>#_|~.)\d]*|`+[^`\n]*|~~~+[^\n]*)[ \t]*$/;
const OPEN_TAG = /<(kbd|sub|sup)>[^<]*$/;

/**
 * A text that still grows, as whole Markdown: emphasis and code that are open at its end are closed, and what would be
 * read as something else in a moment (a link, a formula, a marker, the head of a table) waits until it is whole. Without
 * it, signs appear and vanish while an answer is written. `text` begins with a block.
 */
export function whole(text: string): string {
  if (endsInFence(text)) return text.replace(/\n[ \t>]*[`~]+$/, "");
  const held = withoutHead(text.replace(SIGNS, ""));
  for (const { index, groups } of held.matchAll(SPANS)) {
    const { formula, signs = "", code } = groups ?? {};
    if (formula !== undefined) return closed(held.slice(0, index));
    if (code !== undefined) return code === "" ? closed(held.slice(0, index)) : held + signs;
  }
  return closed(held.replace(OPEN_MARK, ""));
}

function closed(text: string): string {
  return remend(text.replace(OPEN_TAG, "$&</$1>"), {
    linkMode: "text-only",
    katex: false,
    singleTilde: false,
  });
}

/** Whether it ends in a fenced block of code, whose first line is whole. */
function endsInFence(text: string): boolean {
  let open = "";
  for (const [, signs = "", info = ""] of text.matchAll(FENCE)) {
    if (open === "") open = signs.startsWith("`") && info.includes("`") ? "" : signs;
    else if (signs.startsWith(open) && info.trim() === "") open = "";
  }
  return open !== "";
}

const FENCE = /^(?:[ \t>]|[-*+][ \t]|\d{1,9}[.)][ \t])*(`{3,}|~{3,})(.*)\n/gm;

/** Without the head of a table, whose columns are known with the line below it. */
function withoutHead(text: string): string {
  const lines = text.split("\n");
  const isRow = (at: number): boolean => /^[ \t>]*\|/.test(lines[at] ?? "");
  let head = lines.length - 1;
  if (/^[ \t|:-]*$/.test(lines[head] ?? "")) head -= 1;
  return isRow(head) && !isRow(head - 1) ? lines.slice(0, head).join("\n") : text;
}
