import type { Token } from "marked";

/** The only elements that an answer may write itself. Their tags have no attributes. */
const TAG = /^<(kbd|sub|sup)>$/i;

/** A stretch between two tags. */
export interface MarkupToken {
  readonly type: "markup";
  readonly tag: "kbd" | "sub" | "sup";
  readonly tokens: readonly Token[];
}

/** Joins the text between `<kbd>`, `<sub>` or `<sup>` and the next end tag. A tag without an end tag stays text. */
export function joinMarkup(tokens: readonly Token[]): readonly (Token | MarkupToken)[] {
  const joined: (Token | MarkupToken)[] = [];
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index] as Token;
    const tag = TAG.exec(token.raw)?.[1]?.toLowerCase() as MarkupToken["tag"] | undefined;
    const end =
      tag === undefined
        ? -1
        : tokens.findIndex(({ raw }, at) => at > index && raw.toLowerCase() === `</${tag}>`);
    if (tag === undefined || end === -1) joined.push(token);
    else {
      joined.push({ type: "markup", tag, tokens: tokens.slice(index + 1, end) });
      index = end;
    }
  }
  return joined;
}

/** Whether a piece of raw HTML is a line break, which models write in the cells of tables. */
export function isBreak(html: string): boolean {
  return /^\s*<br\s*\/?>\s*$/i.test(html);
}
