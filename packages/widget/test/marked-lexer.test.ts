import { fileURLToPath } from "node:url";

import fc from "fast-check";
import { Lexer } from "marked";
import { type Rolldown, build } from "vite";
import { expect, test } from "vitest";

import { markedLexer } from "../marked-lexer.ts";

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

/** The lexer as it is left in the widget. */
async function cutLexer(): Promise<typeof Lexer> {
  const built = await build({
    configFile: false,
    logLevel: "error",
    plugins: [markedLexer()],
    build: {
      write: false,
      lib: { entry: fileURLToPath(import.meta.resolve("marked")), formats: ["es"] },
    },
  });
  const [{ code }] = (built as Rolldown.RolldownOutput[])[0]!.output;
  const module = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
    Lexer: typeof Lexer;
  };
  return module.Lexer;
}

test("what is left of marked reads every text as all of marked does, however many it has read before", async () => {
  const Cut = await cutLexer();
  const read = (Reader: typeof Lexer, text: string): string => JSON.stringify(new Reader().lex(text), READ);
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 24 }), (pieces) => {
      const text = pieces.join("");
      expect(read(Cut, text)).toBe(read(Lexer, text));
    }),
    { numRuns: 2_000, examples: [[["**b c**", "\n\n", "**b c**"]]] },
  );
});
