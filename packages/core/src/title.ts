import { type Part, contentOf } from "@chatkeep/protocol";

/** The title from a first question: its first words, at most 60 code points; `null` without text. */
export function titleOf(parts: readonly Part[]): string | null {
  return beginningOf(contentOf(parts), 60);
}

/** The preview of a message: its first 200 code points at most; `null` without text. */
export function previewOf(parts: readonly Part[]): string | null {
  return beginningOf(contentOf(parts), 200);
}

function beginningOf(text: string, most: number): string | null {
  // A code point has at most two UTF-16 units.
  const line = text
    .slice(0, most * 4)
    .replace(/\s+/gu, " ")
    .trim();
  if (line === "") return null;
  let end = 0;
  let beforeLast = 0;
  for (let points = 0; points < most && end < line.length; points += 1) {
    beforeLast = end;
    end += line.codePointAt(end)! > 0xffff ? 2 : 1;
  }
  if (end === line.length) return line;
  const cut = line.slice(0, beforeLast);
  const word = cut.lastIndexOf(" ");
  return `${(word > most / 2 ? cut.slice(0, word) : cut).trimEnd()}…`;
}
