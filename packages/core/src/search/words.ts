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

/** Words of a message that are indexed: positions in a tsvector end at 16,383 (PostgreSQL, "tsvector limits"). */
const MOST_WORDS = 16_000;
/** Code points of a word that count: encoded they stay below the 2,046 bytes of a lexeme. */
const LONGEST = 64;

/** Scripts that are written without spaces, and Hangul, whose endings hang on its words. */
const UNSEGMENTED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Hangul}ー]/u;
const PLAIN = /^[A-Za-z]+$/;
const RUNS = /[\p{L}\p{N}][\p{L}\p{M}\p{N}]*(?:['’][\p{L}\p{M}]+)*/gu;

/**
 * The words of a text in order. Case, width and accents are folded. A run of a script that is written
 * without spaces is cut into overlapping pairs of its characters and its last one, so that any part of it is
 * found without a dictionary. Letters beyond ASCII are written as their numbers, for what a server takes
 * for a letter depends on its locale.
 */
export function wordsOf(text: string, most: number = MOST_WORDS): Word[] {
  const words: Word[] = [];
  for (const match of text.matchAll(RUNS)) {
    if (words.length >= most) break;
    // Most words are plain, and need none of the rest.
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

/** The words of a text as they are stored; empty when there are none. */
export function wordText(text: string): string {
  return wordsOf(text)
    .map((word) => word.form)
    .join(" ");
}

interface Run {
  readonly text: string;
  readonly at: number;
  readonly unsegmented: boolean;
}

/** Cuts a run where a script that is written without spaces begins or ends. */
function splitRun(text: string, at: number): Run[] {
  if (!UNSEGMENTED.test(text)) return [{ text, at, unsegmented: false }];
  const runs: Run[] = [];
  let from = 0;
  let place = 0;
  let kind: boolean | undefined;
  for (const point of text) {
    // Marks belong to what they stand on.
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

/** As ASCII; what holds more than plain letters begins with a sign of its own, so that it is not folded as English. */
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
