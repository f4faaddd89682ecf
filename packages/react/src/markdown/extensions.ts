import type { MarkedToken, TokenizerThis, Tokens } from "marked";

import type { Extensions } from "./lexer.ts";

/** A formula in TeX: `$…$`, `\(…\)`, and on lines of its own `$$…$$`, `\[…\]`. */
export interface FormulaToken {
  readonly type: "formula";
  readonly raw: string;
  readonly text: string;
  readonly display: boolean;
}

/** The text of a footnote: `[^label]: …`. */
export interface FootnoteToken {
  readonly type: "footnote";
  readonly raw: string;
  readonly label: string;
  readonly tokens: readonly MarkedToken[];
}

/** The mark of a footnote: `[^label]`. */
interface FootnoteMarkToken {
  readonly type: "footnoteMark";
  readonly raw: string;
  readonly label: string;
}

/** A token of an answer. */
export type AnswerToken = MarkedToken | FormulaToken | FootnoteToken | FootnoteMarkToken;

/** A formula has no blank line, so that text before one never changes. A longer formula would be read in quadratic time. */
const TEX = "((?:(?!\\n[ \\t]*\\n)[^]){1,2000}?)";
const LINES = `\\$\\$${TEX}\\$\\$|\\\\\\[${TEX}\\\\\\]`;
const PARENTHESES = `\\\\\\(${TEX}\\\\\\)`;
/** By pandoc's rule, "from $5 to $10" and `$HOME` are no formulas. */
const DOLLARS = "\\$(?![\\s$])((?:\\\\[^\\n]|[^\\\\$`\\n]){1,500})(?<!\\s)\\$(?!\\w)";
/** A formula, as the source of a regular expression. The second or third group holds a formula on lines of its own. */
export const FORMULA: string = `${PARENTHESES}|${LINES}|${DOLLARS}`;

const BLOCK = new RegExp(`^ {0,3}(?:${LINES})[ \\t]*(?:\\n|$)`);
const INLINE = new RegExp(`^(?:${FORMULA})`);
const FOOTNOTE = /^ {0,3}\[\^([^\]\s]{1,40})\]:[ \t]*([^\n]*(?:\n(?![ \t]*(?:\n|\[\^))[^\n]+)*)(?:\n|$)/;
const FOOTNOTE_MARK = /^\[\^([^\]\s]{1,40})\]/;

function readBlock(this: TokenizerThis, source: string): Tokens.Generic | undefined {
  const formula = BLOCK.exec(source);
  if (formula !== null) return formulaOf(formula[0], formula[1] ?? formula[2], true);
  const note = FOOTNOTE.exec(source);
  if (note === null) return undefined;
  const [raw, label, text = ""] = note;
  return { type: "footnote", raw, label, tokens: this.lexer.inline(text) };
}

function readInline(source: string): Tokens.Generic | undefined {
  const formula = INLINE.exec(source);
  if (formula !== null) {
    const [raw, inParentheses, ...onLines] = formula;
    const display = onLines[0] ?? onLines[1];
    return formulaOf(raw, display ?? inParentheses ?? onLines[2], display !== undefined);
  }
  const mark = FOOTNOTE_MARK.exec(source);
  return mark === null ? undefined : { type: "footnoteMark", raw: mark[0], label: mark[1] };
}

function formulaOf(raw: string, text = "", display: boolean): Tokens.Generic | undefined {
  return text.trim() === "" ? undefined : { type: "formula", raw, text, display };
}

/** Where a block of these interrupts a paragraph, which ends at a blank line. */
function startOfBlock(source: string): number | undefined {
  const blank = source.search(/\n[ \t]*\n/);
  const paragraph = blank === -1 ? source : source.slice(0, blank);
  const start = paragraph.search(/\n {0,3}(?:\$\$|\\\[|\[\^[^\]\s]{1,40}\]:)/);
  return start === -1 ? undefined : start + 1;
}

function startOfInline(source: string): number | undefined {
  const start = source.search(/(?<![\w\\])\$|\\[[(]|\[\^/);
  return start === -1 ? undefined : start;
}

/** Formulas and footnotes. */
export const EXTENSIONS: Extensions = {
  renderers: {},
  childTokens: {},
  block: [readBlock],
  startBlock: [startOfBlock],
  inline: [readInline],
  startInline: [startOfInline],
};
