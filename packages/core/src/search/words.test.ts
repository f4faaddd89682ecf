import { fc } from "@chatkeep/testing/properties";
import { describe, expect, it } from "vitest";

import { searchQueryOf } from "./query.ts";
import { snippetOf } from "./snippet.ts";
import { wordText, wordsOf } from "./words.ts";

describe("words", () => {
  it.each([
    ["Don't stop John's café", "dont stop john cafe"],
    ["ÜBER Größe", "uber n0grou223ze"],
    ["R2-D2 in 2026", "n0r2 n0d2 in n02026"],
    ["日本", "n0u26085zu26412z n0u26412z"],
  ])("of %s", (text, words) => {
    expect(wordText(text)).toBe(words);
  });

  it("of a million characters without a space end at the most that are indexed", () => {
    expect(wordsOf("字".repeat(1_000_000))).toHaveLength(16_000);
  });

  it("are small ASCII letters and digits, each where it stands, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        for (const { form, start, end } of wordsOf(text)) {
          expect(form).toMatch(/^[a-z0-9]+$/);
          expect(text.slice(start, end)).not.toBe("");
          expect(end).toBeLessThanOrEqual(text.length);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("end where positions of an index end", () => {
    expect(wordsOf("word ".repeat(20_000))).toHaveLength(16_000);
  });
});

describe("a query", () => {
  it.each([
    ["one two", "one & two"],
    ['"one two" three', "(one <-> two) & three"],
    ["begin* -not", "(begin:* | begi) & !not"],
    ["日本語", "(n0u26085zu26412z <-> n0u26412zu35486z)"],
    ["本", "n0u26412z:*"],
  ])("%s", (text, query) => {
    expect(searchQueryOf(text)).toBe(query);
  });

  it("holds nothing but words and our own signs, whatever is asked", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        let query = "a";
        try {
          query = searchQueryOf(text);
        } catch {
          // There is no word to look for.
        }
        expect(query).toMatch(/^[a-z0-9:*!&|()<> -]+$/);
      }),
    );
  });
});

describe("a snippet", () => {
  it("is cut at words and never within a character", () => {
    const content = `${"😀 ".repeat(60)}needle ${"😀".repeat(120)}`;
    const place = wordsOf(content).findIndex(({ form }) => form === "needle") + 1;
    const { text, start, marks } = snippetOf(content, [place]);
    expect(text.isWellFormed()).toBe(true);
    expect(content.slice(start, start + text.length)).toBe(text);
    expect(marks.map((mark) => text.slice(mark.start, mark.end))).toEqual(["needle"]);
  });
});
