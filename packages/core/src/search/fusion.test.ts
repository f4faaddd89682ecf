import { expect, it } from "vitest";

import { fuse } from "./fusion.ts";

it("an entry of both rankings comes before the best of one, and each entry comes once", () => {
  const fused = fuse(
    [
      ["a", "b", "c"],
      ["d", "b", "e"],
    ],
    (entry) => entry,
  );
  expect(fused.map(({ entry }) => entry)).toEqual(["b", "a", "d", "c", "e"]);
  expect(fused[0]?.score).toBeCloseTo(2 / 62, 10);
});

it("one ranking alone keeps its order", () => {
  expect(fuse([[3, 1, 2], []], (entry) => entry).map(({ entry }) => entry)).toEqual([3, 1, 2]);
});
