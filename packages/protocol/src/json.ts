/** Any JSON value (RFC 8259). Strings may hold NUL and lone surrogates. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON object. */
export type JsonObject = { [key: string]: Json };

/** Noncharacters: the prefix of a key with escapes, and its substitutes for `\` and `"`. */
const [MARK, BACKSLASH, QUOTE] = ["\ufdd1", "\ufdd2", "\ufdd3"];
/** Matches a text that may have such a key: a backslash in a string that follows `{` or `,`. */
const SUSPECT = /[{,]\s*"[^"\\]*\\|\ufdd1/;

/**
 * `JSON.parse` for text with any keys. V8 of Node 24 confuses a key that holds an escape with a key of an earlier object
 * of the same shape: after `{"\\":0}` it reads `{"\n":0}` as equal. So keys with escapes are parsed without the escapes.
 * Errors: `SyntaxError`, as with `JSON.parse`.
 */
export function parseJson(text: string): Json {
  // This test first: it takes a hundredth of the time, 0.1 of 12 us for a page of messages.
  if (!text.includes("\\") || !SUSPECT.test(text)) return JSON.parse(text) as Json;
  return unmask(JSON.parse(maskKeys(text)) as Json);
}

/** Walks from quote to quote: a regular expression for strings overflows the stack at 8 MB. */
function maskKeys(text: string): string {
  let masked = "";
  let from = 0;
  for (let open = text.indexOf('"'); open !== -1;) {
    const close = closingQuote(text, open);
    if (close === -1) break;
    const key = text.slice(open + 1, close);
    if ((key.includes("\\") || key.startsWith(MARK)) && isKey(text, close + 1)) {
      masked += `${text.slice(from, open + 1)}${MARK}${mask(key)}`;
      from = close;
    }
    open = text.indexOf('"', close + 1);
  }
  return masked + text.slice(from);
}

/** The index of the quote that ends the string at `open`; -1 if there is none. */
function closingQuote(text: string, open: number): number {
  let close = text.indexOf('"', open + 1);
  while (close !== -1) {
    let backslash = close;
    while (text[backslash - 1] === "\\") backslash--;
    if ((close - backslash) % 2 === 0) return close;
    close = text.indexOf('"', close + 1);
  }
  return -1;
}

function isKey(text: string, after: number): boolean {
  let at = after;
  while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at++;
  return text[at] === ":";
}

function mask(key: string): string {
  return key
    .replace(/[\ufdd1-\ufdd3]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16)}`)
    .replaceAll("\\", BACKSLASH)
    .replaceAll('"', QUOTE);
}

function unmask(value: Json): Json {
  if (Array.isArray(value)) return value.map(unmask);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [keyOf(key), unmask(one)]));
}

function keyOf(key: string): string {
  if (!key.startsWith(MARK)) return key;
  return JSON.parse(`"${key.slice(1).replaceAll(BACKSLASH, "\\").replaceAll(QUOTE, '"')}"`) as string;
}
