import type { MarkedToken, Token } from "marked";

import type { Lex } from "./lexer.ts";
import { decodeReferences } from "./reference.ts";

/**
 * The words of a Markdown text without its signs, in one line: for a quotation that is shown small. With its signs
 * while the lexer is not loaded.
 */
export function plainText(markdown: string, lex: Lex | null): string {
  const words = lex === null ? markdown : wordsOf(lex(markdown));
  return words.replace(/\s+/g, " ").trim();
}

/** The words of these tokens; blocks of them end in a space. */
export function wordsOf(tokens: readonly Token[]): string {
  return tokens.map((token) => wordOf(token as MarkedToken)).join("");
}

function wordOf(token: MarkedToken): string {
  switch (token.type) {
    case "list":
      return token.items.map((item) => `${wordsOf(item.tokens)} `).join("");
    case "table":
      return [token.header, ...token.rows]
        .flat()
        .map((cell) => `${wordsOf(cell.tokens)} `)
        .join("");
    case "code":
    case "codespan":
      return `${token.text}${token.type === "code" ? " " : ""}`;
    case "space":
    case "br":
    case "hr":
    case "checkbox":
    case "def":
      return " ";
    case "text":
      return token.tokens === undefined ? decodeReferences(token.text) : wordsOf(token.tokens);
    case "escape":
      return token.text;
    case "paragraph":
    case "heading":
    case "blockquote":
      return `${wordsOf(token.tokens)} `;
    case "image":
      return token.text;
    case "html":
      return token.raw;
    default:
      return "tokens" in token && token.tokens !== undefined ? wordsOf(token.tokens) : token.raw;
  }
}
