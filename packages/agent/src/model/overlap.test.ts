import { fc } from "@chatkeep/testing/properties";
import { describe, expect, test } from "vitest";

import { LEAST, anchorOf, createOverlapCutter } from "./overlap.ts";

function cut(text: string, pieces: readonly string[], asked = true): string {
  const cutter = createOverlapCutter(text, asked);
  return pieces.map((piece) => cutter.push(piece)).join("") + cutter.end();
}

/** `text` in pieces of the given lengths. */
function piecesOf(text: string, lengths: readonly number[]): string[] {
  const pieces: string[] = [];
  for (let at = 0, turn = 0; at < text.length; turn += 1) {
    const length = lengths[turn % lengths.length] ?? 1;
    pieces.push(text.slice(at, at + length));
    at += length;
  }
  return pieces;
}

const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
/** Words that are all different, so that nothing in them repeats by chance. */
const words = (name: string): fc.Arbitrary<string> =>
  fc
    .integer({ min: 0, max: 40 })
    .map((count) => Array.from({ length: count }, (_, index) => `${name}${1000 + index}`).join(" "));
/** A beginning that may end anywhere, in a word, a space or an empty line. */
const beginning = fc
  .tuple(words("word"), fc.integer({ min: 0, max: 6 }), fc.constantFrom("", " ", "\n\n"))
  .map(([text, less, space]) => text.slice(0, text.length - less).trimEnd() + space);

describe("the continuation of a text", () => {
  test("that repeats any end of it is cut to what is new", () => {
    fc.assert(
      fc.property(beginning, words("new"), fc.nat(), lengths, (text, rest, place, sizes) => {
        const end = text.trimEnd();
        fc.pre(end.length >= LEAST);
        const repeated = end.slice(place % (end.length - LEAST + 1));
        const space = text.slice(end.length);
        expect(cut(text, piecesOf(repeated + space + rest, sizes))).toBe(rest);
      }),
    );
  });

  test.each([true, false])(
    "that starts anew from the beginning is cut to what is new (asked: %s)",
    (asked) => {
      fc.assert(
        fc.property(beginning, words("new"), lengths, (text, rest, sizes) => {
          fc.pre(asked || text.trimEnd().length >= LEAST);
          expect(cut(text, piecesOf(text + rest, sizes), asked)).toBe(rest);
        }),
      );
    },
  );

  test.each([true, false])("that starts anew and ends early says nothing new (asked: %s)", (asked) => {
    fc.assert(
      fc.property(beginning, fc.nat(), lengths, (text, place, sizes) => {
        const end = text.trimEnd();
        fc.pre(end.length >= LEAST);
        const length = LEAST + (place % (end.length - LEAST + 1));
        expect(cut(text, piecesOf(end.slice(0, length), sizes), asked)).toBe("");
      }),
    );
  });

  test.each([true, false])("that repeats nothing is kept as it is (asked: %s)", (asked) => {
    fc.assert(
      fc.property(beginning, words("new"), lengths, (text, rest, sizes) => {
        expect(cut(text, piecesOf(rest, sizes), asked)).toBe(rest);
      }),
    );
  });

  test("is the same in whatever pieces it comes, and is cut only by what the text holds", () => {
    const any = fc
      .array(fc.constantFrom("a", "b", " ", "\n", "😀"), { maxLength: 60 })
      .map((all) => all.join(""));
    fc.assert(
      fc.property(any, any, lengths, fc.boolean(), (text, rest, sizes, asked) => {
        const whole = cut(text, [rest], asked);
        expect(cut(text, piecesOf(rest, sizes), asked)).toBe(whole);
        expect(rest.endsWith(whole)).toBe(true);
        const removed = rest.slice(0, rest.length - whole.length);
        const known = text.trimEnd();
        expect(removed.trim() === "" || known.includes(removed.trimEnd())).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test("that goes on in the rows of a table is not taken for a repetition, unless one was asked for", () => {
    const text = "| a | b | c | d | e |\n|---|---|---|---|---|";
    expect(cut(`x\n${text}`, ["---|---|---|---|\n| 1 |"], false)).toBe("---|---|---|---|\n| 1 |");
  });

  test("that begins with the anchor is cut there, though more of it looks repeated", () => {
    const text = `<div>\n${"</div>\n".repeat(40)}`;
    expect(cut(text, [`${anchorOf(text)}\n</div>\n</div>`])).toBe("</div>\n</div>");
  });

  test("does not double the white space that the model was not given", () => {
    expect(cut("One. ", [" Two."], false)).toBe("Two.");
    expect(cut("One.\n", ["\n\nTwo."], false)).toBe("\nTwo.");
    expect(cut("One.\n\n", ["\nTwo."], false)).toBe("Two.");
    expect(cut("One", [" Two."], false)).toBe(" Two.");
  });
});

test("the anchor is the last words of a text, from the beginning of a word", () => {
  expect(anchorOf("One two.")).toBe("One two.");
  const text = Array.from({ length: 40 }, (_, index) => `word${index}`).join(" ");
  expect(anchorOf(`${text} \n`)).toMatch(/^word\d+ .* word39$/);
  expect(text.endsWith(anchorOf(text))).toBe(true);
});
