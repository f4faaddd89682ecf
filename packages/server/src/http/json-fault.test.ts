import { fc } from "@chatkeep/testing/properties";
import { expect, test } from "vitest";

import { findJsonFault } from "./json-fault.ts";

test.each([
  ["", 1, 1],
  ["{", 1, 2],
  ['{"a":}', 1, 6],
  ['{"a":1,}', 1, 8],
  ['{"a" 1}', 1, 6],
  ["[1 2]", 1, 4],
  ["[1,2", 1, 5],
  ["[1,]", 1, 4],
  ["nul", 1, 1],
  ["01", 1, 2],
  ['{\n  "a": tru\n}', 2, 8],
  ['"a\\x"', 1, 3],
  ['"a\u0001"', 1, 3],
  ['"open', 1, 6],
  ["{} {}", 1, 4],
  ["{'a': 1}", 1, 2],
  ["[1]]", 1, 4],
  ["[}", 1, 2],
])("%j stops being JSON at line %i, column %i", (text, line, column) => {
  expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
  expect(findJsonFault(text)).toEqual({ line, column });
});

test("whole JSON has no fault, and a cut one has it at or before the cut", () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(), (text, cut) => {
      expect(findJsonFault(text)).toEqual({ line: 1, column: text.length + 1 });
      const part = text.slice(0, cut % (text.length + 1));
      expect(findJsonFault(part).column).toBeLessThanOrEqual(part.length + 1);
    }),
  );
});
