import type { Token } from "marked";

/**
 * The Markdown of a line for quoting: code, emphasis and escapes as written, links and images as their words, because
 * their addresses are relative to the file; no tags, and a space for a line break.
 */
export function inlineMarkdown(tokens: readonly Token[]): string {
  return tokens.map(inlineToken).join("");
}

function inlineToken(token: Token): string {
  const inner = innerOf(token);
  switch (token.type) {
    case "link":
      return inner === undefined ? token.text : inlineMarkdown(inner);
    case "image":
      return token.text;
    case "strong":
    case "em":
    case "del": {
      const mark = /^(\*+|_+|~+)/.exec(token.raw)?.[0].slice(0, token.type === "em" ? 1 : 2) ?? "";
      return inner === undefined ? token.raw : `${mark}${inlineMarkdown(inner)}${mark}`;
    }
    case "html":
      return "";
    case "br":
      return " ";
    case "text":
      return inner === undefined ? oneLine(token.raw) : inlineMarkdown(inner);
    default:
      return oneLine(token.raw);
  }
}

/** A heading's words without marks, as github-slugger takes them. */
export function headingText(tokens: readonly Token[]): string {
  return tokens
    .map((token) => {
      if (token.type === "html") return "";
      const inner = innerOf(token);
      if (inner !== undefined) return headingText(inner);
      return unescapeHtml("text" in token ? String(token.text) : token.raw);
    })
    .join("")
    .trim();
}

function innerOf(token: Token): readonly Token[] | undefined {
  return "tokens" in token ? token.tokens : undefined;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ");
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
}
