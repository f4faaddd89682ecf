import type { Citation } from "@chatkeep/protocol";
import { fc } from "@chatkeep/testing/properties";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";

import { createBlocks } from "./blocks.ts";
import { loadLexer } from "./load-lexer.ts";
import { loadMarkdown } from "./load-markdown.ts";
import { Markdown } from "./Markdown.tsx";
import { plainText } from "./plain.ts";

await loadMarkdown();
const lex = await loadLexer();

const citation: Citation = {
  path: "docs/intro.md",
  chapter: "Introduction",
  section: "What it is",
  anchor: "what-it-is",
  quote: "It keeps.",
  score: 0.9,
  url: "/book/docs/intro.md#what-it-is",
};

const html = (text: string, citations: readonly Citation[] = []): string =>
  renderToStaticMarkup(<Markdown text={text} citations={citations} state="finished" />).replace(
    /^<div class="ck-markdown">(.*)<\/div>$/s,
    "$1",
  );

/** Texts in which a later line changes how an earlier one is read. */
const TEXTS = [
  "# Title\n\nA paragraph with **bold**, *slanted*, ~~gone~~ and `code`.\nA second line.\n\n- one\n- two\n\n  still two\n- three\n\n1. a\n2. b\n   - nested\n\n> quoted\nlazy\n\n```ts\nconst a = 1;\n\n# no title\n```\n\n| a | b |\n|:-:|--:|\n| 1 | 2 |\n\n---\n\nThe end.",
  "Setext\n===\n\nAnother\n---\ntext\n- item\n\n\n\nafter\n    indented after a paragraph\n\n    code\n\n    more code\n",
  'Before [a link][ref] and ![an image](https://example.org/i.png).\n\n[ref]: https://example.org/x "t"\n\nAfter.',
  "> [q]: https://example.org/q\n\nsee [q]\n",
  "<div>\n\n**bold**\n</div>\n\n<!-- a comment\n\n# with a title\n-->\n\n<pre>\n\nx\n</pre> tail\n",
  "* * *\n- - -\n* a\n\n* b\n+ c\n\n  ```\n  in a list\n  ```\n\nend\r\nwith\r\n\r\ncarriage returns\r",
  "1) one\n2) two\n\n- [ ] open\n- [x] done\n\nauto https://example.org/a_b?c=d&e and <https://example.org> www.example.org\n\n| not a table\n",
  "```\nnever closed\n\n- not a list\n",
  "So $x$ and \\(y\\)[^1]:\n$$\n+ b\n$$\n\n\\[\na\n\\]\n\n[^1]: A note\n  that goes on.\n[^2]: Another.\n\nAfter.",
];

test("every way of growing to a text gives the tree of the whole text", () => {
  for (const text of TEXTS) {
    const whole = createBlocks(lex)(text).map((block) => block.token);
    for (let step = 1; step <= 7; step++) {
      const grow = createBlocks(lex);
      for (let end = 0; end < text.length; end += step) grow(text.slice(0, end));
      expect(grow(text).map((block) => block.token)).toEqual(whole);
    }
  }
});

// oxfmt-ignore
const PIECES = [
  "\n", "\n\n", " ", "    ", "a", "- ", "1. ", "# ", "> ", "```", "|", "|-|\n", "---", "===", "*", "**", "`", "+ ", "!",
  "$", "$$", "\\[", "\\]", "\\(", "\\)", "[^a]", "[^a]: ", "[a]", "[a]: b", "(b)", "<b>", "</b>", "<!--", "-->", "\\", "&amp;", "https://a.b", "\t", "~~", "<pre>", "</pre>",
];

test("texts put together from any pieces grow to the tree of the whole", () => {
  const piece = fc.constantFrom(...PIECES);
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
      const grow = createBlocks(lex);
      let text = "";
      for (const each of pieces) grow((text += each));
      const whole = createBlocks(lex)(text);
      expect(grow(text).map((block) => block.token)).toEqual(whole.map((block) => block.token));
    }),
    { numRuns: 3_000 },
  );
});

test("finished blocks stay the same objects while the text grows", () => {
  const grow = createBlocks(lex);
  const first = grow("# Title\n\nA paragraph.\n\nThe la")[1];
  const later = grow("# Title\n\nA paragraph.\n\nThe last one grows.\n\nAnother.");
  expect(later[1]).toBe(first);
  expect(later.map((block) => block.key)).toEqual([0, 1, 2, 3]);
});

test("Markdown becomes elements", () => {
  expect(html("## A &amp; B\n\n*x* **y** ~~z~~ `&lt;`  \n\\*")).toBe(
    "<h3>A &amp; B</h3><p><em>x</em> <strong>y</strong> <del>z</del> <code>&amp;lt;</code><br/>*</p>",
  );
  expect(html("### A\n\n# B\n\n> # C")).toBe(
    '<h4>A</h4><h3>B</h3><blockquote dir="auto"><p><strong>C</strong></p></blockquote>',
  );
  expect(html("3. a\n4. b")).toBe('<ol dir="auto" start="3"><li>a</li><li>b</li></ol>');
  expect(html("a < b && c > `d`")).toBe("<p>a &lt; b &amp;&amp; c &gt; <code>d</code></p>");
});

test("a formula is one token, whatever signs it holds; money and code are none", () => {
  const formulas = (text: string): string[] =>
    [...html(text).matchAll(/<span class="ck-raw">(.*?)<\/span>/gs)].map(([, tex]) => tex!);
  expect(formulas("Let $a_b*c*d_e$, \\(x\\) and $$y$$.")).toEqual(["$a_b*c*d_e$", "\\(x\\)", "$$y$$"]);
  expect(formulas("So:\n$$\n+ a\n- b\n$$\nand\n\n\\[\n= c\n\\]")).toEqual([
    "$$\n+ a\n- b\n$$\n",
    "\\[\n= c\n\\]",
  ]);
  expect(formulas("It costs $5 to $10, US$3, \\$4 and $HOME:$PATH, `$x$`.\n\n```\n$$x$$\n```")).toEqual([]);
  expect(html("\\(never closed *a*")).toBe("<p>(never closed <em>a</em></p>");
});

test("footnotes stand below the text, with their marks in it", () => {
  const made = html("It keeps[^why].\n\n[^why]: Because of *laws*.\n\nMore.");
  expect(made).toMatch(
    /^<p>It keeps<sup><button[^>]* aria-label="Footnote why">why<\/button><\/sup>\.<\/p><p>More\.<\/p>/,
  );
  expect(made).toMatch(/<ul class="ck-footnotes".*<\/button> Because of <em>laws<\/em>\.<\/li><\/ul>$/);
});

test("keys, what is set lower or higher, and line breaks are elements; other tags and open ones are text", () => {
  expect(html("<kbd>Ctrl</kbd> H<sub>2</sub>O m<SUP>2</SUP><br>a")).toBe(
    "<p><kbd>Ctrl</kbd> H<sub>2</sub>O m<sup>2</sup><br/>a</p>",
  );
  expect(html("<kbd>a <kbd onclick=x>b</kbd> <sub>c")).toBe(
    "<p><kbd>a &lt;kbd onclick=x&gt;b</kbd> &lt;sub&gt;c</p>",
  );
});

test("raw HTML is shown as the text that it is", () => {
  expect(html("<b>x</b> SELECT <T> FROM t")).toBe("<p>&lt;b&gt;x&lt;/b&gt; SELECT &lt;T&gt; FROM t</p>");
  expect(html("<script>alert(1)</script>")).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
});

test("a marker with a citation is a link to it, without one it is text", () => {
  expect(html("It keeps [1], does it not [2]?", [citation])).toBe(
    '<p>It keeps\u00a0<span><a href="/book/docs/intro.md#what-it-is" target="_blank" rel="noopener" class="ck-mark" ' +
      'aria-label="Source 1: Introduction › What it is">1</a></span>, does it not\u00a0[2]?</p>',
  );
  expect(html("[1]", [{ ...citation, url: "javascript:alert(1)" }])).not.toContain("href");
  expect(html("`[1]`", [citation])).toBe("<p><code>[1]</code></p>");
});

test("a marker that is still being written does not flicker", () => {
  const growing = (text: string): string =>
    renderToStaticMarkup(<Markdown text={text} citations={[citation]} state="growing" />);
  expect(growing("It keeps [")).not.toContain("[");
  expect(growing("It keeps [1")).not.toContain("[");
});

const ATTACKS = [
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](java\tscript:alert(1))",
  "[x](&#106;avascript:alert(1))",
  "[x](&#x6A;avascript&#58;alert(1))",
  "[x](javascript&colon;alert(1))",
  "[x](\u0001javascript:alert(1))",
  "[x](<javascript:alert(1)>)",
  "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
  "[x](vbscript:msgbox(1))",
  "[x](blob:https://example.org/1)",
  "[x](file:///etc/passwd)",
  "[x][r]\n\n[r]: javascript:alert(1)",
  "<javascript:alert(1)>",
  "![x](javascript:alert(1))",
  "![x](https://example.org/pixel.gif)",
  '[x](https://example.org "onmouseover=alert(1)")',
  "<img src=x onerror=alert(1)>",
  "<svg onload=alert(1)>",
  "<a href='javascript:alert(1)'>x</a>",
  "<iframe srcdoc='<script>alert(1)</script>'>",
  "```html\n<script>alert(1)</script>\n```",
  "```<img/src=x onerror=alert(1)>\nx\n```",
  "| <script>alert(1)</script> |\n|-|\n| [x](javascript:alert(1)) |",
  "- [ ] <input autofocus onfocus=alert(1)>",
  "<kbd><script>alert(1)</script></kbd>",
  "[^x]: <img src=x onerror=alert(1)> [y](javascript:alert(1))\n\nz[^x]",
  "$\\href{javascript:alert(1)}{x}$",
  "<math><a xlink:href=javascript:alert(1)>x",
];

test.each(ATTACKS)("stays inert: %s", (text) => {
  for (let end = 1; end <= text.length; end++) {
    const made = html(text.slice(0, end)).replaceAll(/<svg class="ck-icon".*?<\/svg>/g, "");
    const addresses = [...made.matchAll(/href="([^"]*)"/g)].map(([, address]) => address ?? "");
    for (const address of addresses) expect(address).toMatch(/^(https?:|mailto:|[^:]*$)/);
    expect(made).not.toMatch(/<(script|img|svg|iframe|math|style|object|embed|form|base|link|meta)\b/i);
    expect(made).not.toMatch(/<[^>]*\son\w+=/i);
  }
});

test("a quotation is shown small without its signs", () => {
  expect(plainText("```sh\nnpm install\nnpm start\n```", lex)).toBe("npm install npm start");
  expect(plainText("**It** keeps `all` &amp; [more](https://example.org):\n\n- one\n- two", lex)).toBe(
    "It keeps all & more: one two",
  );
});

test.each([
  ["quotations", ">".repeat(2_000), "&gt;"],
  ["numbered lists", "1. ".repeat(3_000), "1."],
  ["emphasis", `${"*".repeat(3_000)}a${"*".repeat(3_000)}`, "a"],
])("%s that nest too deep are text from some depth on", (_, text, kept) => {
  const made = html(text);
  expect(made.length).toBeLessThan(20_000);
  expect(made).toContain(kept);
  expect(plainText(text, lex).length).toBeGreaterThan(0);
});
