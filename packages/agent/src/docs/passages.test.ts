import { describe, expect, test } from "vitest";

import { readDocument } from "./document.ts";
import { cutPassages } from "./passages.ts";

const cut = (markdown: string): ReturnType<typeof cutPassages> => cutPassages(readDocument("b.md", markdown));

describe("passages", () => {
  test("never reach across a heading, and know the headings above theirs", () => {
    expect(cut("# Docs\n\nIntro.\n\n## One\n\n### Two\n\nText of two.\n")).toEqual([
      { section: null, anchor: null, context: "Docs", text: "Intro." },
      { section: "Two", anchor: "two", context: "Docs · One", text: "Text of two." },
    ]);
  });

  test("hold Markdown as a reader sees it: code and emphasis stay, links give their words, lines are joined", () => {
    const [passage] = cut(
      "Run `npm start`,\nthen *open* [the **page**](page.md 'Page') <br>or ![a picture](p.png).<!-- no -->",
    );
    expect(passage?.text).toBe("Run `npm start`, then *open* the **page** or a picture.");
  });

  test("keep lists, quotes, tables and code", () => {
    const [passage] = cut(
      "Intro:\n\n1. one\n   wrapped\n2. two\n   - deep\n\n> quoted\n\n| a | b |\n|:--|--|\n| [x](y) | `z` |\n\n```sh\nls\n```\n",
    );
    expect(passage?.text).toBe(
      "Intro:\n\n1. one wrapped\n2. two\n   - deep\n\nquoted\n\n| a | b |\n| --- | --- |\n| x | `z` |\n\n```sh\nls\n```",
    );
  });

  test("are cut between blocks at about 900 characters, and what a colon introduces stays with it", () => {
    const paragraph = "word ".repeat(100).trim();
    const texts = cut(`${paragraph}\n\n${paragraph}:\n\n\`\`\`\ncode\n\`\`\`\n`).map(
      (passage) => passage.text,
    );
    expect(texts).toEqual([paragraph, `${paragraph}:\n\n\`\`\`\ncode\n\`\`\``]);
  });

  test("a block that is too long by itself is cut at its lines, rows or words, and nothing of it is lost", () => {
    const lines = Array.from({ length: 400 }, (_, index) => `line ${index}`);
    const code = cut(`\`\`\`ts\n${lines.join("\n")}\n\`\`\``).map((passage) => passage.text);
    expect(code.length).toBeGreaterThan(1);
    expect(code.flatMap((text) => text.split("\n").slice(1, -1))).toEqual(lines);

    const rows = lines.map((line) => `| ${line} | x |`);
    const table = cut(`| a | b |\n|---|---|\n${rows.join("\n")}`).map((passage) => passage.text);
    expect(table.every((text) => text.startsWith("| a | b |\n| --- | --- |\n"))).toBe(true);
    expect(table.flatMap((text) => text.split("\n").slice(2))).toEqual(rows);

    const words = cut(lines.join(" ")).map((passage) => passage.text);
    expect(words.join(" ")).toBe(lines.join(" "));

    const blob = cut("😀".repeat(2000)).map((passage) => passage.text);
    expect(blob.join("")).toBe("😀".repeat(2000));
    expect(blob.every((text) => text.isWellFormed())).toBe(true);
  });

  test("there are none of an empty document", () => {
    expect(cut("")).toEqual([]);
    expect(cut("# Only a title\n\n---\n\n<!-- a comment -->\n")).toEqual([]);
  });
});
