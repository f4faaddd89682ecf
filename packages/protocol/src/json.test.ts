import { fc } from "@chatkeep/testing/properties";
import { expect, it } from "vitest";

import { type Json, parseJson } from "./json.ts";

// What V8 mixes up, beside what the mending might.
const key = fc.oneof(
  fc.constantFrom(
    "\\",
    '"',
    "\n",
    "\0",
    "/",
    "\u2028",
    "\ud800",
    "\ufdd1",
    "\ufdd1\n",
    "a\\",
    'a"\\',
    "-0",
    "__proto__",
    "",
  ),
  fc.string({ unit: "binary", maxLength: 3 }),
);
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    key,
    fc.constantFrom(null, true, 0, 1.5),
    fc.array(tie("json"), { maxLength: 3 }),
    fc.dictionary(key, tie("json"), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

it("any JSON text is read as it was written, whatever was read before", () => {
  fc.assert(
    fc.property(json, fc.constantFrom(undefined, 1), fc.boolean(), (value, indent, isEscaped) => {
      const text = JSON.stringify(value, undefined, indent);
      const written = isEscaped ? text.replaceAll("\ufdd1", "\\uFDD1") : text;
      expect(JSON.stringify(parseJson(written), undefined, indent)).toBe(text);
    }),
    { numRuns: 5000 },
  );
});

it("a key of one escape is itself, after an object of its shape with a backslash", () => {
  expect(parseJson('{"shape":1,"\\\\":2}')).toEqual({ shape: 1, "\\": 2 });
  expect(parseJson('{"shape":1,"\\n":2}')).toEqual({ shape: 1, "\n": 2 });
  expect(parseJson('[{"shape":1, "\\u2028" : 2}]')).toEqual([{ shape: 1, "\u2028": 2 }]);
});

it("what is no JSON is refused as JSON.parse does", () => {
  for (const text of ["", "{", '{"\\n":}', "undefined"]) expect(() => parseJson(text)).toThrow(SyntaxError);
});
