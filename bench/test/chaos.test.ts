import { expect, it } from "vitest";

import { createDice } from "../src/chaos/dice.ts";
import { makePlan } from "../src/chaos/plan.ts";
import { NODES } from "../src/chaos/run.ts";
import { disturb } from "./disturb.ts";

/** A seed under which few kills bring a disturbance of every kind. */
const SEED = "6854";
const KILLS = 9;

it("keeps every promise while servers and their database are killed, paused and restarted", async () => {
  const plan = makePlan(createDice(SEED).fork("plan"), { kills: KILLS, nodes: NODES, lease: 4000 });
  expect(new Set(plan.map(({ kind }) => kind)).size).toBe(13);
  const found = await disturb(SEED, KILLS);
  expect(found).toEqual({ violations: "", isEventful: true });
});
