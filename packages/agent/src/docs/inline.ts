import type { Token } from "marked";

/**
 * What a reader sees of a line, as Markdown: code, emphasis and escapes stand as they were written, so that
 * a quote of it is verbatim; of a link or an image only its words stand, for their addresses are relative
 * to the file; tags are left out, and a line break is a space.
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

/** A heading's words, without any marks: what github-slugger is given. */
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
