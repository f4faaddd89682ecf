import remend from "remend";

import { FORMULA } from "./extensions.ts";

/** Code and formulas, whole or open at the end of the text. A dollar before a digit is money until it is closed. */
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
/** Unfinished pictures, markers of sources and footnotes, links, and character references. */
const OPEN_MARK =
  /(?:!\[[^\]\n]*(?:\](?:\([^)\n]*)?)?|\[(?:\d*|\^[^\]\s]*)|\[(?!\d+\]|\^)[^[\]\n]*\]|&#?\w{0,8}|\\)$/;
/** A line of signs only: it may begin a list, a heading, a horizontal line or a fence. */
const SIGNS = /(?:^|\n)[ \t>]*(?:[-*+=>#_|~.)\d]*|`+[^`\n]*|~~~+[^\n]*)[ \t]*$/;
const OPEN_TAG = /<(kbd|sub|sup)>[^<]*$/;

/**
 * Makes whole Markdown of a text that still grows. Closes emphasis and code that are open at its end. Holds back an
 * unfinished link, formula, marker or table head. Without this, signs appear and vanish while an answer is written.
 * `text` begins with a block.
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

/** Whether the text ends in a fenced block of code whose first line is whole. */
function endsInFence(text: string): boolean {
  let open = "";
  for (const [, signs = "", info = ""] of text.matchAll(FENCE)) {
    if (open === "") open = signs.startsWith("`") && info.includes("`") ? "" : signs;
    else if (signs.startsWith(open) && info.trim() === "") open = "";
  }
  return open !== "";
}

const FENCE = /^(?:[ \t>]|[-*+][ \t]|\d{1,9}[.)][ \t])*(`{3,}|~{3,})(.*)\n/gm;

/** The text without an unfinished table head, whose columns only the line below it tells. */
function withoutHead(text: string): string {
  const lines = text.split("\n");
  const isRow = (at: number): boolean => /^[ \t>]*\|/.test(lines[at] ?? "");
  let head = lines.length - 1;
  if (/^[ \t|:-]*$/.test(lines[head] ?? "")) head -= 1;
  return isRow(head) && !isRow(head - 1) ? lines.slice(0, head).join("\n") : text;
}
