import { fc } from "@chatkeep/testing/properties";
import { anyString } from "@chatkeep/testing/values";
import { describe, expect, it } from "vitest";

import { queryTextFromWire, queryTextToWire } from "./query.ts";

describe("text in a query string", () => {
  it("comes across whatever it is", () => {
    fc.assert(
      fc.property(anyString, (text) => {
        const search = new URLSearchParams({ scope: queryTextToWire(text) }).toString();
        expect(queryTextFromWire(new URLSearchParams(search).get("scope") ?? "")).toBe(text);
      }),
    );
  });

  it("is left alone where it is what people write", () => {
    const text = "docs/intro.md#what-it-is 😀 שלום";
    expect(queryTextToWire(text)).toBe(text);
    expect(queryTextFromWire(text)).toBe(text);
  });
});
