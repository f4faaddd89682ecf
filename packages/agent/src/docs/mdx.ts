/** Fenced code, which is kept. */
const FENCES = /(^ {0,3}(`{3,}|~{3,})[^\n]*\n[\s\S]*?(?:^ {0,3}\2[`~]*[ \t]*$|(?![\s\S])))/m;

/** Inline code, which is kept, or the tag of a component. */
const TAGS = /(`+[^`]+`+)|<\/?[A-Z][\w.]*(?:\s(?:"[^"]*"|'[^']*'|\{[^{}]*\}|[^<>])*)?\/?>/g;

/**
 * The Markdown of MDX, without imports, exports, comments and the tags of components. Keeps code and the components'
 * children. Covers what documentation uses, not every program that MDX allows.
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
