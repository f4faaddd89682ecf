import { fc } from "@chatkeep/testing/properties";
import { anyJson, anyString } from "@chatkeep/testing/values";
import { describe, expect, it } from "vitest";

import type { Json } from "./json.ts";
import { type Part, citationsOf, contentOf, toolCallIdOf, toolCallParts, toolCallsOf } from "./part.ts";

const anyToolCall: fc.Arbitrary<Json> = fc.record(
  {
    id: anyString,
    type: fc.constant("function"),
    function: fc.record({ name: anyString, arguments: anyString }, { noNullPrototype: true }),
  },
  { noNullPrototype: true },
);

describe("tool calls as parts", () => {
  it("gives OpenAI's array back, key by key", () => {
    fc.assert(
      fc.property(fc.array(anyToolCall, { minLength: 1, maxLength: 4 }), (calls) => {
        const parts = toolCallParts(calls);
        expect(parts.map((part) => part.type)).toEqual(calls.map(() => "tool-call"));
        expect(JSON.stringify(toolCallsOf(parts))).toBe(JSON.stringify(calls));
      }),
    );
  });

  it("gives any other JSON value back, key by key", () => {
    const nearlyCalls = fc.array(fc.oneof(anyToolCall, anyJson), { maxLength: 3 });
    fc.assert(
      fc.property(fc.oneof(anyJson, anyToolCall, nearlyCalls), (value) => {
        expect(JSON.stringify(toolCallsOf(toolCallParts(value)))).toBe(JSON.stringify(value));
      }),
    );
  });

  it.each<[string, Json]>([
    ["a single object", { id: "c1", type: "function", function: { name: "add", arguments: "{}" } }],
    [
      "arguments that are no string",
      [{ id: "c1", type: "function", function: { name: "a", arguments: {} } }],
    ],
    [
      "a field of a provider",
      [{ id: "c1", type: "function", function: { name: "a", arguments: "" }, index: 0 }],
    ],
    ["an empty array", []],
  ])("keeps %s as it was", (_what, value) => {
    expect(JSON.stringify(toolCallsOf(toolCallParts(value)))).toBe(JSON.stringify(value));
  });

  it("has no tool calls without a call", () => {
    expect(toolCallsOf([{ type: "text", text: "hello" }])).toBeNull();
  });
});

describe("what the APIs derive from parts", () => {
  const citation = {
    path: "docs/intro.md",
    chapter: "Introduction",
    section: null,
    anchor: null,
    quote: null,
    score: null,
    url: null,
  };
  const parts: Part[] = [
    { type: "reasoning", text: "not shown" },
    { type: "text", text: "Hello" },
    { type: "citation", citation },
    { type: "text", text: ", world" },
  ];

  it("joins the text parts to the content and leaves reasoning out", () => {
    expect(contentOf(parts)).toBe("Hello, world");
  });

  it("takes a tool's result for the content when there is no text", () => {
    expect(contentOf([{ type: "tool-result", id: "c1", result: "done" }])).toBe("done");
    expect(contentOf([{ type: "tool-result", id: "c1", result: { ok: true } }])).toBe('{"ok":true}');
    expect(contentOf([{ type: "tool-result", id: "c1", result: null }])).toBe("null");
  });

  it("lists citations in order, and null for none", () => {
    expect(citationsOf(parts)).toEqual([citation]);
    expect(citationsOf([])).toBeNull();
  });

  it("names the call that a tool's message answers", () => {
    expect(toolCallIdOf([{ type: "tool-result", id: "c1", result: 1 }])).toBe("c1");
    expect(toolCallIdOf(parts)).toBeNull();
  });
});
