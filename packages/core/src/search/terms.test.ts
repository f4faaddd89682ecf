import { expect, it } from "vitest";

import { recallTerms } from "./terms.ts";

it("looks up a word with its other forms, each once, and leaves out words of asking", () => {
  expect(recallTerms("What did Ada buy, and when was it bought?")).toEqual(["ada", "buy | bought"]);
  expect(recallTerms("Who went to Zürich?")).toEqual(["went | go | gone", "zurich"]);
  expect(recallTerms("children riding")).toEqual(["children | child", "riding | ride | rode | ridden"]);
  expect(recallTerms("What was that?")).toEqual(["what", "was", "that"]);
});
