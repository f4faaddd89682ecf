import type { Json, JsonObject } from "@chatkeep/protocol";
import fc from "fast-check";

/**
 * Pieces that storage and transports are known to lose or change: NUL, halves of surrogate pairs, text that
 * looks like an escape of either, right-to-left marks, joined emoji, quotes, backslashes, line ends of every kind,
 * a byte order mark, private-use and control characters.
 */
const PIECES = [
  "\0",
  "\ud800",
  "\udfff",
  "\udc00\ud800",
  "\\u0000",
  "\\ud800",
  "\\\\",
  "\\",
  "\\0",
  '"',
  "'",
  "''",
  "$1",
  "%s",
  "😀",
  "👩‍👩‍👧‍👦",
  "e\u0301",
  "שלום עולם",
  "\u202e",
  "\u200f",
  "\u2028",
  "\u2029",
  "\r\n",
  "\n",
  "\r",
  "\t",
  "\ufeff",
  "\ufffd",
  "\uffff",
  "\ue000",
  "\uf8ff",
  "\u{f0000}",
  "\u{10ffff}",
  "\u0001",
  "\u001a",
  "\ufdd0",
  "\ufdd00000",
  "\u001b",
  "\u007f",
  "\u0085",
  "<script>alert(1)</script>",
  "&amp;",
  "data: x\n\n",
] as const;

const NAMES = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "then",
  "toJSON",
  "length",
  "",
  "0",
  "-0",
  "10",
  "2",
] as const;

const NUMBERS = [
  -0,
  0.1,
  1e21,
  1e-7,
  -1e-7,
  5e-324,
  1.797_693_134_862_315_7e308,
  2 ** 53,
  -(2 ** 53) - 2,
  123_456_789.123_456_78,
] as const;

/** Any JavaScript string, with a leaning to those that storage loses. */
export const anyString: fc.Arbitrary<string> = fc.string({
  unit: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...PIECES) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) },
    { weight: 1, arbitrary: fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }) },
    { weight: 3, arbitrary: fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 3 }) },
  ),
  maxLength: 12,
});

/** Any JavaScript string that is not blank. */
export const anyText: fc.Arbitrary<string> = anyString.map((text) => `a${text}z`);

const anyKey: fc.Arbitrary<string> = fc.oneof(fc.constantFrom(...NAMES), anyString);

const anyNumber: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(...NUMBERS),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

/** An object of these fields as its own ones, `__proto__` included, in this order as far as JavaScript keeps it. */
function objectOf(value: fc.Arbitrary<Json>): fc.Arbitrary<JsonObject> {
  return fc
    .array(fc.tuple(anyKey, value), { maxLength: 5 })
    .map((entries) => Object.fromEntries<Json>(entries));
}

/** Any JSON value, nested, with such strings as values and as keys. */
export const anyJson: fc.Arbitrary<Json> = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.constantFrom<Json[]>(null, true, false),
    anyNumber,
    anyString,
    fc.array(tie("json"), { maxLength: 4 }),
    objectOf(tie("json")),
  ),
})).json;

/** Any JSON object. */
export const anyJsonObject: fc.Arbitrary<JsonObject> = objectOf(anyJson);
