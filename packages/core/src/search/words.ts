import { type Part, contentOf } from "@chatkeep/protocol";

/** A word of a text, and where it stands in it. */
export interface Word {
  /** The form in which it is stored and looked for: small ASCII letters and digits. */
  readonly form: string;
  /** UTF-16 units of the text, as `String.slice` takes them. */
  readonly start: number;
  readonly end: number;
  /** Of a run without spaces: two of its characters, its last one, or all of it where it is but one. */
  readonly run?: "pair" | "last" | "alone";
}

/** Maximum indexed words of a message: positions in a tsvector end at 16,383 (PostgreSQL, "Limitations" of text search). */
const MOST_WORDS = 16_000;
/** Maximum bytes of all words: a tsvector ends at 1 MiB, with four bytes for each position. */
const MOST_BYTES = 900_000;
/** Maximum code points of a word: encoded they stay below the 2,046 bytes of a lexeme. */
const LONGEST = 64;

/** Scripts without spaces, and Hangul, which attaches endings to words. */
const UNSEGMENTED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Hangul}ー]/u;
const PLAIN = /^[A-Za-z]+$/;
const RUNS = /[\p{L}\p{N}][\p{L}\p{M}\p{N}]*(?:['’][\p{L}\p{M}]+)*/gu;

/**
 * Splits a text into words, in order. Folds case, width and accents. Splits a run of a script without spaces into
 * overlapping character pairs and its last character, so that any part matches without a dictionary. Writes letters
 * beyond ASCII as numbers, because PostgreSQL's notion of a letter depends on the locale.
 */
export function wordsOf(text: string, most: number = MOST_WORDS): Word[] {
  const words: Word[] = [];
  for (const match of text.matchAll(RUNS)) {
    if (words.length >= most) break;
    // Most words are plain ASCII.
    if (PLAIN.test(match[0])) {
      const form = match[0].slice(0, LONGEST).toLowerCase();
      words.push({ form, start: match.index, end: match.index + match[0].length });
      continue;
    }
    for (const run of splitRun(match[0].slice(0, 2 * most), match.index)) {
      if (run.unsegmented) for (const pair of pairsOf(run.text, run.at)) words.push(pair);
      else {
        const form = formOf(run.text);
        if (form !== "") words.push({ form, start: run.at, end: run.at + run.text.length });
      }
    }
  }
  return words.length > most ? words.slice(0, most) : words;
}

/** The words of a text as stored, up to {@link MOST_BYTES}; empty if there are none. */
export function wordText(text: string): string {
  let bytes = 0;
  const forms = wordsOf(text).map(({ form }) => form);
  const end = forms.findIndex((form) => (bytes += form.length) > MOST_BYTES);
  return forms.slice(0, end === -1 ? undefined : end).join(" ");
}

/** The words by which a message is found: those of its content; reasoning and what stands in calls is not searched. */
export function wordTextOf(parts: readonly Part[]): string {
  return wordText(contentOf(parts));
}

interface Run {
  readonly text: string;
  readonly at: number;
  readonly unsegmented: boolean;
}

/** Splits a run where a script without spaces begins or ends. */
function splitRun(text: string, at: number): Run[] {
  if (!UNSEGMENTED.test(text)) return [{ text, at, unsegmented: false }];
  const runs: Run[] = [];
  let from = 0;
  let place = 0;
  let kind: boolean | undefined;
  for (const point of text) {
    // A combining mark belongs to its base character.
    const own = /\p{M}/u.test(point) ? (kind ?? false) : UNSEGMENTED.test(point);
    if (kind !== undefined && own !== kind) {
      runs.push({ text: text.slice(from, place), at: at + from, unsegmented: kind });
      from = place;
    }
    kind = own;
    place += point.length;
  }
  runs.push({ text: text.slice(from), at: at + from, unsegmented: kind ?? false });
  return runs;
}

function pairsOf(run: string, at: number): Word[] {
  const points = Array.from(run);
  let place = at;
  return points.map((point, index) => {
    const pair = point + (points[index + 1] ?? "");
    const start = place;
    place += point.length;
    const kind = points.length === 1 ? "alone" : index === points.length - 1 ? "last" : "pair";
    return { form: encode(pair.normalize("NFKC").toLowerCase()), start, end: start + pair.length, run: kind };
  });
}

function formOf(text: string): string {
  const folded = text
    .slice(0, 4 * LONGEST)
    .replace(/['’]s$/iu, "")
    .replaceAll(/['’]/gu, "")
    .normalize("NFKD")
    .replaceAll(/[\u0300-\u036f]/gu, "")
    .toLowerCase()
    .normalize("NFC");
  return encode(folded);
}

/** Encodes a word as ASCII. A word with other letters gets a prefix, so that it is not stemmed as English. */
function encode(text: string): string {
  let form = "";
  let isPlain = true;
  let count = 0;
  for (const point of text) {
    if ((count += 1) > LONGEST) break;
    const code = point.codePointAt(0) ?? 0;
    const isLetter = code >= 97 && code <= 122;
    const isDigit = code >= 48 && code <= 57;
    if (!isLetter) isPlain = false;
    form += isLetter || isDigit ? point : `u${code}z`;
  }
  return isPlain ? form : `n0${form}`;
}
