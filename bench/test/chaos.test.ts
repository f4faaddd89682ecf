import { expect, it } from "vitest";

import { createDice } from "../src/chaos/dice.ts";
import { makePlan } from "../src/chaos/plan.ts";
import { disturb } from "./disturb.ts";

/** A seed under which few kills bring a disturbance of every kind. */
const SEED = "133";
const KILLS = 8;

it("keeps every promise while servers and their database are killed, paused and restarted", async () => {
  const plan = makePlan(createDice(SEED).fork("plan"), { kills: KILLS, nodes: 2, lease: 4000 });
  expect(new Set(plan.map(({ kind }) => kind)).size).toBe(11);
  const found = await disturb(SEED, KILLS);
  expect(found).toEqual({ violations: "", isEventful: true });
});
