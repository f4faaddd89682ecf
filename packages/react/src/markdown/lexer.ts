import { Lexer, type MarkedOptions, type MarkedToken, Tokenizer } from "marked";

/** Splits a Markdown text into blocks. */
export type Lex = (text: string) => readonly MarkedToken[];

/** Syntax beyond GitHub's Markdown. */
export type Extensions = NonNullable<MarkedOptions["extensions"]>;

/** Tokens that can nest. */
const NESTING = ["blockquote", "list", "emStrong", "del", "link", "reflink"] as const;
/**
 * How deep blocks, and in them emphasis, may nest; deeper signs stay text. Without a limit an answer of 2,000 `>`
 * overflows the stack, and 1,500 nested list items take 87 seconds instead of 2.
 */
const DEEPEST = 24;

/** Makes a lexer of GitHub's Markdown with `extensions`. */
export function createLex(extensions: Extensions | null): Lex {
  return (text) =>
    new Lexer({ gfm: true, tokenizer: limitedTokenizer(), extensions }).lex(text) as MarkedToken[];
}
function limitedTokenizer(): Tokenizer {
  const tokenizer = new Tokenizer({ gfm: true });
  let depth = 0;
  for (const name of NESTING) {
    const read = tokenizer[name].bind(tokenizer) as (...source: unknown[]) => undefined;
    tokenizer[name] = (...source: unknown[]) => {
      if (depth >= DEEPEST) return undefined;
      depth += 1;
      try {
        return read(...source);
      } finally {
        depth -= 1;
      }
    };
  }
  return tokenizer;
}
