import { type Part, contentOf } from "@chatkeep/protocol";

/** The title made from a first question: its first words, at most 60 code points; `null` when it has none. */
export function titleOf(parts: readonly Part[]): string | null {
  return beginningOf(contentOf(parts), 60);
}

/** The beginning of a message for a list: at most 200 code points; `null` when it has no text. */
export function previewOf(parts: readonly Part[]): string | null {
  return beginningOf(contentOf(parts), 200);
}

function beginningOf(text: string, most: number): string | null {
  // Twice as many units hold as many code points, whatever they are.
  const line = text
    .slice(0, most * 4)
    .replace(/\s+/gu, " ")
    .trim();
  if (line === "") return null;
  // A string has at least as many UTF-16 units as code points, and at most twice as many.
  if (line.length <= most) return line;
  const points = Array.from(line.slice(0, most * 2 + 1));
  if (points.length <= most) return line;
  const cut = points.slice(0, most - 1).join("");
  const word = cut.lastIndexOf(" ");
  return `${(word > most / 2 ? cut.slice(0, word) : cut).trimEnd()}…`;
}
