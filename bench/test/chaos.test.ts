import { expect, it } from "vitest";

import { runChaos } from "../src/chaos/run.ts";

// A8, with 20 of the 200 faults of `npm run chaos`; its seed is told when it fails, to be run again.
it(
  "loses nothing, stores nothing twice and settles every turn while servers and database are killed",
  {
    timeout: 300_000,
  },
  async () => {
    const { seed, violations, counts } = await runChaos({ kills: 20, lease: 4, people: 6 });
    expect({ seed, violations }).toEqual({ seed, violations: [] });
    expect(counts.get("asks")).toBeGreaterThan(20);
    expect(counts.get("resumes")).toBeGreaterThan(0);
  },
);
