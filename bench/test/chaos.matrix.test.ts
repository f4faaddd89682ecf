import { randomInt } from "node:crypto";

import { expect, it } from "vitest";

import { disturb } from "./disturb.ts";

it("keeps every promise under disturbances that no run has seen before", async () => {
  const found = await disturb(String(randomInt(1_000_000)), 20);
  expect(found).toEqual({ violations: "", isEventful: true });
});
