/** Fenced code, which is left as it is, or what stands between. */
const FENCES = /(^ {0,3}(`{3,}|~{3,})[^\n]*\n[\s\S]*?(?:^ {0,3}\2[`~]*[ \t]*$|(?![\s\S])))/m;

/** Code within a line, which is left as it is, or the tag of a component. */
const TAGS = /(`+[^`]+`+)|<\/?[A-Z][\w.]*(?:\s(?:"[^"]*"|'[^']*'|\{[^{}]*\}|[^<>])*)?\/?>/g;

/**
 * The Markdown within MDX: without imports, exports, comments and the tags of components, whose children
 * stay. Code stays as it is. It reads what documentation holds, not every program that MDX could.
 */
export function withoutMdx(text: string): string {
  // `split` with two groups gives text, fence, fence's mark, text, …
  return text
    .split(FENCES)
    .map((piece, index) => {
      if (index % 3 === 1) return piece;
      if (index % 3 === 2) return "";
      return piece
        .replaceAll(/^(?:import|export)\s[^\n]*(?:\n(?!\s*\n)[^\n]+)*\n?/gm, "")
        .replaceAll(/\{\/\*[\s\S]*?\*\/\}/g, "")
        .replaceAll(TAGS, (_, code: string | undefined) => code ?? "");
    })
    .join("");
}
