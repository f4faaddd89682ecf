import fc from "fast-check";
import { expect, test } from "vitest";

import { createOutline, outlineOf } from "./outline.ts";

/** The outline of a text that arrives in pieces of `size` bytes. */
function outline(text: string, size: number, most = 1_000_000): string | undefined {
  const cut = createOutline("list", most);
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; from += size) cut.push(bytes.subarray(from, from + size));
  const rest = cut.text();
  return rest && Buffer.from(rest).toString();
}

test.each([
  [
    `{"list":[{"id":"a","parts":[1,{"x":[2]}]},{"id":"b","parts":[3]}]}`,
    `{"list":[{"id":"a","parts":[]},{"id":"b","parts":[3]}]}`,
  ],
  [
    `{"list":[{"parts":[{"t":"\\"]}"}],"id":"a"},{}],"x":{"list":[[1],[2]]}}`,
    `{"list":[{"parts":[],"id":"a"},{}],"x":{"list":[[1],[2]]}}`,
  ],
  [`{"a":"list", "list" : [ 1, "two" , {"b":{}} ] }`, `{"a":"list", "list" : [ 1, "two" , {"b":{}} ] }`],
  [`{"list":[],"other":[[1,2],[3]]}`, `{"list":[],"other":[[1,2],[3]]}`],
  [`[{"list":[[1],[2]]}]`, `[{"list":[[1],[2]]}]`],
  [`{"list":[{"a":[1`, `{"list":[{"a":[1`],
])("%s", (text, expected) => {
  for (const size of [1, 2, 3, 7, 1000]) expect(outline(text, size)).toBe(expected);
});

test("of any JSON it reads what is read of a parsed object", () => {
  const list = fc.array(
    fc.oneof(
      fc.json({ maxDepth: 4 }).map((text) => JSON.parse(text) as unknown),
      fc.dictionary(fc.string(), fc.jsonValue()),
    ),
  );
  const rest = fc.dictionary(fc.string(), fc.jsonValue());
  fc.assert(
    fc.property(list, rest, rest, fc.integer({ min: 1, max: 50 }), (values, before, after, size) => {
      const value = { ...before, list: values, ...after };
      const text = JSON.stringify(value, null, size % 3);
      expect(JSON.parse(outline(text, size)!)).toEqual(JSON.parse(JSON.stringify(outlineOf(value, "list"))));
    }),
  );
});

test("only what is read counts", () => {
  const long = "x".repeat(1000);
  const chat = (last: unknown, ...before: unknown[]): string => JSON.stringify({ list: [...before, last] });
  const picture = { id: "a", parts: [long] };
  expect(outline(chat({ id: "b" }, picture, picture, picture), 10, 200)).toBe(
    chat({ id: "b" }, ...[1, 2, 3].map(() => ({ id: "a", parts: [] }))),
  );
  expect(outline(chat({ id: "b", parts: [long] }, picture), 10, 1100)).toContain(long);
  for (const text of [
    chat(picture, { id: "b" }),
    chat({ id: "b" }, { id: long }),
    chat({ id: "b" }, long),
    `{"x":"${long}","list":[1,2]}`,
    `{"list":[1,2],"x":"${long}"}`,
  ])
    expect(outline(text, 10, 200)).toBeUndefined();
});
