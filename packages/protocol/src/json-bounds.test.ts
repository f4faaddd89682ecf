import { fc } from "@chatkeep/testing/properties";
import { describe, expect, it } from "vitest";

import { type Json, boundJson } from "./json.ts";

const bounds = { depth: 3, values: 5, length: 20 };
const faultOf = (value: unknown): string | undefined => boundJson(value, bounds).fault;

it("a value within the bounds is copied as JSON.stringify writes it", () => {
  const anything = fc.anything({
    withDate: true,
    withSparseArray: true,
    withNullPrototype: true,
    withTypedArray: true,
    withMap: true,
  });
  fc.assert(
    fc.property(anything, (value) => {
      const { json, fault } = boundJson(value);
      const text = JSON.stringify(value) as string | undefined;
      expect([JSON.stringify(json), fault]).toEqual([text, text === undefined ? "is not JSON" : undefined]);
    }),
    { numRuns: 2000 },
  );
});

it("keys of the prototype chain are kept as keys", () => {
  const value = JSON.parse('{"__proto__":{"constructor":1}}') as Json;
  expect(JSON.stringify(boundJson(value).json)).toBe('{"__proto__":{"constructor":1}}');
});

describe("a value is refused with a sentence", () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  const throws = {
    get key(): never {
      throw new Error("no");
    },
  };
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();

  it.each([
    ["depth", [[[[]]]], "is nested deeper than 3 levels"],
    ["a cycle", cycle, "is nested deeper than 3 levels"],
    ["values", { a: [1, 2, 3, 4, 5] }, "holds more than 5 values"],
    ["an array of 4 billion holes", Object.assign([], { length: 2 ** 32 - 1 }), "holds more than 5 values"],
    ["a long string", ["x".repeat(21)], "holds more than 20 characters"],
    ["long keys", { ["x".repeat(21)]: 1 }, "holds more than 20 characters"],
    ["a BigInt", [1n], "holds a BigInt, which JSON cannot hold: give it as a string"],
    ["a getter that throws", throws, "throws when it is read"],
    ["a revoked proxy", proxy, "throws when it is read"],
    ["nothing", undefined, "is not JSON"],
    ["a function", () => 1, "is not JSON"],
  ])("for %s", (_, value, fault) => expect(faultOf(value)).toBe(fault));
});

it("a property is read once, so that nothing else is stored than what was checked", () => {
  let reads = 0;
  const value = {
    get key() {
      return "x".repeat(reads++);
    },
  };
  expect(boundJson(value).json).toEqual({ key: "" });
  expect(reads).toBe(1);
});

it("depth is counted before the stack ends", () => {
  const deep = JSON.parse(`${"[".repeat(5000)}${"]".repeat(5000)}`) as Json;
  expect(boundJson(deep).fault).toBe("is nested deeper than 500 levels");
});
