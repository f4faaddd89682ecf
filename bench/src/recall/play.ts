import { readFileSync } from "node:fs";

/**
 * Makes a set for `bench -- recall` of a play, on standard output: its spoken lines without stage directions, numbered
 * by act, and questions of ours that name the line which answers them, a tab between. What is measured with it is
 * never tuned on it.
 *
 * `npm run -s play -w bench -- PLAY.txt QUESTIONS.tsv > SET.json`, where the play is Project Gutenberg's plain text of
 * Bernard Shaw's Pygmalion (https://www.gutenberg.org/ebooks/3825).
 */
const [play = "", questions = ""] = process.argv.slice(2);

const SOURCE =
  "Bernard Shaw, Pygmalion (1913), in the public domain: its spoken lines, without stage directions, from Project Gutenberg's ebook 3825. The questions are ours, under the licence of this repository.";
const BEGIN = "ACT I\n";
const END = "The rest of the story need not be shown";
/** `HIGGINS. …`, `THE MOTHER [on her daughter's right] …`. */
const LINE = /^((?:THE |MRS\.? |MISS |A )?[A-Z][A-Z'. ]+?)(?: (?=\[))?(?:\.|(?= ?[[(]))\s*(.*)$/;

interface Line {
  readonly id: string;
  readonly role: "user" | "assistant";
  readonly text: string;
}

function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  let act = 0;
  let number = 0;
  for (const piece of text.slice(text.indexOf(BEGIN), text.indexOf(END)).split("\n\n")) {
    const paragraph = piece.replaceAll(/\s+/g, " ").trim();
    if (/^ACT [IV]/.test(paragraph)) {
      act += 1;
      number = 0;
      continue;
    }
    const [, speaker, speech = ""] = LINE.exec(paragraph) ?? [];
    const said = speech
      .replaceAll(/\[[^\]]*\]|\([^)]*\)/g, "")
      .replaceAll(/\s+/g, " ")
      .trim();
    if (speaker === undefined || !/[A-Za-z]/.test(said)) continue;
    number += 1;
    lines.push({
      id: `${act}.${number}`,
      role: lines.length % 2 === 0 ? "user" : "assistant",
      // A stage direction within a sentence leaves its full stop behind.
      text: `${nameOf(speaker)}: ${said.replaceAll(/^\. | \.(?= |$)/g, "")}`,
    });
  }
  return lines;
}

/** `MRS. HIGGINS.` as Mrs. Higgins. */
function nameOf(speaker: string): string {
  return speaker
    .replaceAll(/^[. ]+|[. ]+$/g, "")
    .toLowerCase()
    .replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase());
}

const messages = linesOf(readFileSync(play, "latin1").replaceAll("\r", ""));
const ids = new Set(messages.map(({ id }) => id));
const asked = readFileSync(questions, "utf8")
  .trim()
  .split("\n")
  .map((row) => {
    const [id = "", text = ""] = row.split("\t");
    if (!ids.has(id) || text === "") throw new Error(`There is no line "${id}", or no question to it.`);
    return { conversation: "pygmalion", text, evidence: [id] };
  });
const rows = (values: readonly object[]): string => values.map((value) => JSON.stringify(value)).join(",\n");
process.stdout.write(`{"source":${JSON.stringify(SOURCE)},
"conversations":[{"id":"pygmalion","messages":[
${rows(messages)}
]}],
"questions":[
${rows(asked)}
]}
`);
