import { expect, test } from "vitest";

import { whole } from "./whole.ts";

test.each([
  // Emphasis and code are closed.
  ["It is **bo", "It is **bo**"],
  ["It is *it", "It is *it*"],
  ["Run `npm i", "Run `npm i`"],
  ["Run ``a ` b", "Run ``a ` b``"],
  ["~~gone", "~~gone~~"],
  ["Press <kbd>Ct", "Press <kbd>Ct</kbd>"],
  // What would be read otherwise in a moment waits.
  ["Run `", "Run "],
  ["See [the guide](https://exam", "See the guide"],
  ["See [the guide]", "See "],
  ["It keeps [", "It keeps "],
  ["It keeps [1", "It keeps "],
  ["It keeps [^n", "It keeps "],
  ["A ![picture](https://e", "A "],
  ["Tom &am", "Tom "],
  ["Let $x^2", "Let "],
  ["Let \\(x", "Let "],
  ["So:\n\n\\[\na\n+ b", "So:\n\n"],
  ["So:\n\n$$\na", "So:\n\n"],
  ["Before\n-", "Before"],
  ["Before\n\n##", "Before\n"],
  ["Before\n\n``", "Before\n"],
  ["Before\n\n```py", "Before\n"],
  ["Before\n\n| a | b |", "Before\n"],
  ["Before\n\n| a | b |\n|--", "Before\n"],
  // What is whole stays.
  ["It keeps [1]", "It keeps [1]"],
  ["It costs $5 and more", "It costs $5 and more"],
  ["Let $x^{2}$. And more", "Let $x^{2}$. And more"],
  ["a `$` b `c` \\(x\\) d", "a `$` b `c` \\(x\\) d"],
  ["| a | b |\n|--|--|\n| 1", "| a | b |\n|--|--|\n| 1"],
  ["```py\na = [\n# $x **b", "```py\na = [\n# $x **b"],
  ["```py\na = 1\n``", "```py\na = 1"],
  ["2 * 3 * 4", "2 * 3 * 4"],
])("%j, while it grows, is %j", (text, shown) => {
  expect(whole(text).trimEnd()).toBe(shown.trimEnd());
});
