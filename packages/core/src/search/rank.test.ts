import { expect, it } from "vitest";

import { rankMessages } from "./rank.ts";

/** As many messages of ten words as this, of which some hold a word once. */
const ranked = (total: number, words: readonly (readonly [weight: number, places: readonly number[]])[]) =>
  rankMessages({
    average: 10,
    weights: words.map(([weight]) => weight),
    postings: words.map(([, places]) => [places, places.map(() => 10), places.map(() => 6079)] as const),
    first: 1,
    last: total,
    leaf: total,
  }).map(({ place }) => place);

it("an answer that repeats none of its question's words comes before what stands before that question", () => {
  const places = ranked(50, [[3, [20]]]);
  expect(places[0]).toBe(20);
  expect(places.indexOf(21)).toBeLessThan(places.indexOf(19));
  expect(places.indexOf(19)).toBeLessThan(places.indexOf(17));
  expect(places).not.toContain(24);
});

it("words of a question that stand in neighbours count together", () => {
  expect(
    ranked(50, [
      [3, [10, 30]],
      [3, [31]],
    ])[0],
  ).toBe(31);
});

it("a word of most messages finds none of them, and tells those apart that another word finds", () => {
  const most = Array.from({ length: 150 }, (_, index) => index + 1).filter((place) => place !== 80);
  expect(ranked(200, [[0.5, most]])).toEqual([]);
  expect(
    ranked(200, [
      [3, [40, 80]],
      [0.5, most],
    ])[0],
  ).toBe(40);
  expect(ranked(200, [[3, [40, 80]]])[0]).toBe(80);
});
