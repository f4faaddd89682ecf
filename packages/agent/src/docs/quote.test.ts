import { describe, expect, test } from "vitest";

import { chooseQuote, cutUnits } from "./quote.ts";

const PASSAGE = `Start it with \`npm start. Now\`. It listens on port 3000, e.g. on your machine. Then open it:

\`\`\`sh
open http://127.0.0.1:3000
\`\`\`

- one
- two
  wrapped

| name | value |
| --- | --- |
| PORT | 3000 |
| HOST | 127.0.0.1 |`;

const units = cutUnits(PASSAGE);
const choose = (scored: Record<number, number>, first?: number): ReturnType<typeof chooseQuote> =>
  chooseQuote({
    passage: PASSAGE,
    units,
    scores: units.map((_, index) => scored[index] ?? 0),
    first,
    most: 3,
  });

describe("units", () => {
  test("are sentences, code, items and rows, each verbatim at its place", () => {
    expect(units.map(({ kind, text }) => [kind, text])).toEqual([
      ["sentence", "Start it with `npm start. Now`."],
      ["sentence", "It listens on port 3000, e.g. on your machine."],
      ["sentence", "Then open it:"],
      ["code", "```sh\nopen http://127.0.0.1:3000\n```"],
      ["item", "- one"],
      ["item", "- two\n  wrapped"],
      ["row", "| PORT | 3000 |"],
      ["row", "| HOST | 127.0.0.1 |"],
    ]);
    for (const { start, end, text } of units) expect(PASSAGE.slice(start, end)).toBe(text);
  });
});

describe("a quote", () => {
  test("is the stretch that holds most of the question", () => {
    expect(choose({ 1: 0.5 }).text).toBe("It listens on port 3000, e.g. on your machine.");
    expect(choose({ 0: 0.5, 1: 0.5 }).text).toBe(
      "Start it with `npm start. Now`. It listens on port 3000, e.g. on your machine.",
    );
  });

  test("brings what a colon introduces", () => {
    expect(choose({ 2: 1 }).text).toBe("Then open it:\n\n```sh\nopen http://127.0.0.1:3000\n```");
  });

  test("of one item is without its mark, and of one row is shown under the table's head", () => {
    expect(choose({ 5: 1 }).text).toBe("two\n  wrapped");
    expect(choose({ 6: 1, 7: 0.3 })).toEqual({
      text: "| PORT | 3000 |",
      markdown: "| name | value |\n| --- | --- |\n| PORT | 3000 |",
    });
  });

  test("is the beginning when no unit holds any of the question", () => {
    expect(choose({}).text.startsWith("Start it with")).toBe(true);
  });

  test("begins where it is told to", () => {
    expect(choose({ 0: 1 }, 4).text).toBe("one");
  });
});
