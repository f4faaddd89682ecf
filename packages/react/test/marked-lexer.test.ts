import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import fc from "fast-check";
import { Lexer } from "marked";
import { expect, test } from "vitest";

import { cutLexer } from "../marked-lexer.ts";

/** What the components read of a token. */
const READ =
  "type raw text tokens depth ordered start items task checked header rows align lang href autolink".split(
    " ",
  );
// oxfmt-ignore
const PIECES = [
  "\n", "\n\n", " ", "    ", "a", "b c", "- ", "1. ", "# ", "> ", "```", "| a | b |\n|-|:-:|\n| c | d |\n", "---", "===", "*", "**", "_",
  "`", "!", "[a]", "[a]: b", "(b)", "<b>", "<!--", "-->", "\\", "&amp;", "https://a.b", "d@e.f", "~~", "- [x] ", ".", "é",
];

const MARKED = readFileSync(fileURLToPath(import.meta.resolve("marked")), "utf8");

test("what is left of marked reads every text as all of marked does, however many it has read before", async () => {
  const cut = cutLexer(MARKED);
  const { Lexer: Cut } = (await import(`data:text/javascript,${encodeURIComponent(cut)}`)) as {
    Lexer: typeof Lexer;
  };
  const read = (Reader: typeof Lexer, text: string): string => JSON.stringify(new Reader().lex(text), READ);
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 24 }), (pieces) => {
      const text = pieces.join("");
      expect(read(Cut, text)).toBe(read(Lexer, text));
    }),
    { numRuns: 2_000, examples: [[["**b c**", "\n\n", "**b c**"]]] },
  );
});

test("marked's notice stays in what is left of it", () => {
  expect(cutLexer(MARKED)).toMatch(/^\/\*!\n \* marked v[\d.]+ [^]*MIT License/);
});
